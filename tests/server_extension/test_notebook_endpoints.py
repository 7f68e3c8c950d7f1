"""A notebook becomes an endpoint: registered without being run, deployed, asked."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import httpx
import pytest

from redspot.client.service import ServiceProblemError
from redspot.images.endpoint import installed_versions
from redspot.images.errors import RecipeError
from tests.server_extension.test_rollouts import token_that_works
from tests.services import ServiceProcess

SHOUT = 'def predict(payload):\n    return payload["text"].upper()\nexample = {"text": "a"}\nexpected = "A"'


def notebook(source: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {"tags": ["endpoint"]}, "source": source, "outputs": []}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**cell, "execution_count": 3}]}


def test_a_notebook_is_registered_deployed_and_asked(shared_service: ServiceProcess, tmp_path: Path) -> None:
    config = shared_service.config
    file = tmp_path / "shout.ipynb"
    file.write_text(json.dumps(notebook(SHOUT)))
    argv = [sys.executable, "-m", "redspot", "models", "shout", "--register", str(file)]
    told = run(argv, env={**os.environ, **config.to_environment()}, capture_output=True, text=True, check=True)
    assert "Registered shout@1" in told.stdout
    with shared_service.client() as client:
        version = client.version("shout@1")
        assert (version.is_notebook, version.parity_rows) == (True, 1)
        client.deploy("shout", "shout@1")
        client.wait(
            lambda: client.endpoint("shout"), lambda seen: seen.serving == "shout@1", timeout_s=60, what="the endpoint"
        )
        assert client.predict("shout", [{"text": "x"}, {"text": "y"}]).predictions == (
            {"prediction": "X"},
            {"prediction": "Y"},
        )
        token = token_that_works(config, client, "shout")
        url = f"http://{config.router_host}:{config.router_port}/endpoints/shout/predict"
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.post(url, json={"text": "loud"}, headers=headers, trust_env=False)
        assert answer.json() == {"model": "shout", "version": "1", "prediction": "LOUD"}
        # What it says to expect is not what it answers: it never becomes live.
        client.register_notebook("shout", notebook(SHOUT.replace('"A"', '"B"')))
        client.deploy("shout", "shout@2")
        failed = client.wait(
            lambda: client.endpoint("shout"),
            lambda seen: seen.rollout is not None and seen.rollout.stage.is_over and bool(seen.rollout.reason),
            timeout_s=60,
            what="the failure",
        )
        assert failed.serving == "shout@1"
        assert failed.rollout is not None
        assert "answers its example" in failed.rollout.reason
        client.set_endpoint_state("shout", "stopped")


@pytest.mark.parametrize(
    ("body", "code"),
    [(notebook("x = 1"), "endpoint-cell"), ({"cells": []}, "invalid-notebook")],
)
def test_a_notebook_that_cannot_answer_is_refused(
    shared_service: ServiceProcess, body: dict[str, Any], code: str
) -> None:
    with shared_service.client() as client:
        with pytest.raises(ServiceProblemError) as caught:
            client.register_notebook("refused", body)
        assert (caught.value.code, caught.value.status) == (code, 400)


def test_what_a_notebook_imports_is_found_as_it_is_installed() -> None:
    import numpy
    import sklearn

    found = installed_versions(["json", "numpy", "sklearn", "redspot"])
    assert found == {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__}
    with pytest.raises(RecipeError, match="'nowhere_at_all'"):
        installed_versions(["nowhere_at_all"])
