"""Notebooks that answer: real replicas that run the cells tagged ``endpoint``."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from redspot.jobs.endpoint_notebook import EndpointCellError, EndpointNotebook
from redspot.serving.events.event import events_of
from redspot.serving.events.segment import list_segments, read_segment
from redspot.serving.watchdog import HUNG
from tests.serving.conftest import ReplicaProcess, Starting, end, start_with

WORDS = """
    import numpy as np
    counts = {"a": 3}

    def predict(payload):
        if payload == "hang":
            import time
            time.sleep(60)
        if payload == "raise":
            raise RuntimeError("no such luck")
        if not isinstance(payload, dict):
            raise ValueError("send an object of words")
        if "raw" in payload:
            return {1, 2}
        return {"total": np.float64(sum(payload.values())), "known": [counts.get(word, 0) for word in payload]}
"""
EXAMPLE = 'example = {"a": 1, "b": 2}\nexpected = {"total": 3.0, "known": [3, 0]}'


def notebook(file: Path, *cells: str, untagged: tuple[str, ...] = ("raise SystemExit('not for serving')",)) -> Path:
    def cell(source: str, tags: list[str]) -> dict[str, Any]:
        source = textwrap.dedent(source)
        return {
            "cell_type": "code",
            "metadata": {"tags": tags},
            "source": source,
            "outputs": [],
            "id": f"c{id(source)}",
        }

    listed = [cell(source, []) for source in untagged] + [cell(source, ["endpoint"]) for source in cells]
    file.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": listed}))
    return file


def start(start_replica: Starting, file: Path, **more: object) -> ReplicaProcess:
    return start_replica(pipeline=None, notebook=str(file), **more)


def test_a_payload_gets_what_the_function_returns(start_replica: Starting, tmp_path: Path) -> None:
    file = notebook(tmp_path / "words.ipynb", WORDS, EXAMPLE)
    replica = start(start_replica, file, events={"spool": str(tmp_path / "spool")})
    with replica.client() as client:
        answer = client.post("/predict", json={"a": 2, "c": 5})
        assert answer.json() == {"model": "species", "version": "1", "prediction": {"total": 7, "known": [3, 0]}}
        assert client.post("/invocations", json={"a": 2}).json() == {"predictions": {"total": 2, "known": [3]}}
        tensor = {"name": "payload", "shape": [2], "datatype": "BYTES", "data": ['{"a": 1}', '{"b": 4}']}
        inferred = client.post("/v2/models/species/infer", json={"inputs": [tensor]}).json()
        assert list(map(json.loads, inferred["outputs"][0]["data"])) == [
            {"total": 1, "known": [3]},
            {"total": 4, "known": [0]},
        ]
        assert client.get("/v2/models/species").json()["platform"] == "redspot_notebook"
        described = client.get("/openapi.json").json()
        assert described["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"] == {
            "a": 1,
            "b": 2,
        }
        refused = client.post("/predict", json=[1])
        assert (refused.status_code, refused.json()["code"]) == (400, "notebook-refused")
        assert "send an object of words" in refused.json()["detail"]
        failed = client.post("/predict", json="raise")
        assert (failed.status_code, failed.json()["code"]) == (500, "notebook-failed")
        assert "RuntimeError: no such luck" in failed.json()["detail"]
        no_json = client.post("/predict", json={"raw": 1})
        assert "no JSON" in no_json.json()["detail"]
        for body, path in ((b"{", "/predict"), (b'{"inputs": []}', "/v2/models/species/infer")):
            assert client.post(path, content=body).status_code == 400
        bad = client.post("/v2/models/species/infer", json={"inputs": [{**tensor, "data": ["{", "1"]}]})
        assert "Element 0 of tensor 'payload'" in bad.json()["error"]
        # Whatever went wrong, it goes on answering.
        assert client.post("/predict", json={"a": 2}).status_code == 200
    first = next(events_of(record) for record in records(tmp_path / "spool"))[0]
    assert json.loads(first["inputs"]) == {"payload": {"a": 2, "c": 5}}
    assert json.loads(first["outputs"]) == {"prediction": {"total": 7.0, "known": [3, 0]}}


def records(spool: Path) -> list[Any]:
    return [
        record
        for segment in list_segments(spool)
        for _, record in read_segment(segment, 0, chunk_bytes=1 << 30)[0].records
    ]


def test_a_function_that_does_not_come_back_costs_its_caller_only(start_replica: Starting, tmp_path: Path) -> None:
    replica = start(start_replica, notebook(tmp_path / "w.ipynb", WORDS), limits={"seconds": 1}, workers=2)
    with replica.client() as client:
        hung = client.post("/predict", json="hang")
        assert hung.status_code == 503
        assert "has not come back within 1 s" in hung.json()["detail"]
    with replica.client() as client:
        assert client.post("/predict", json={"a": 2}).json()["prediction"]["total"] == 2
    # The worker that hung may still be on its way out.
    assert end(replica.process) in (0, HUNG)


def test_a_coroutine_answers_many_at_once(start_replica: Starting, tmp_path: Path) -> None:
    code = """
        import asyncio
        waiting = []
        async def predict(payload):
            waiting.append(payload)
            while len(waiting) < 3:
                await asyncio.sleep(0.01)
            return payload
    """
    replica = start(start_replica, notebook(tmp_path / "a.ipynb", code))
    from concurrent.futures import ThreadPoolExecutor

    def ask(number: int) -> int:
        with replica.client() as client:
            return int(client.post("/predict", json=number).json()["prediction"])

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(ask, range(3))) == [0, 1, 2]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ((WORDS, 'example = {"a": 1}\nexpected = 4'), "says to expect 4"),
        ((WORDS, 'example = "raise"'), "RuntimeError: no such luck"),
        (("import nowhere_to_be_found\n" + textwrap.dedent(WORDS),), "In cell 2: ModuleNotFoundError"),
        ((WORDS, "predict = 3"), "cannot be called"),
    ],
)
def test_a_replica_says_why_its_notebook_cannot_serve(cells: tuple[str, ...], says: str, tmp_path: Path) -> None:
    names = {"endpoint": "words", "deployment_id": "d", "model": "words", "version": "1"}
    places = {"notebook": str(notebook(tmp_path / "n.ipynb", *cells)), "socket": str(tmp_path / "run" / "r")}
    ended = start_with({**names, **places}, tmp_path)
    assert ended.returncode not in (0, 2)
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ((), "No cell of the notebook is tagged 'endpoint'"),
        (("x = 1",), "define no function predict"),
        (("def predict(): return 1",), "one argument"),
        (("def predict(a, b): return 1",), "one argument"),
        (("def predict(a, *, b): return 1",), "one argument"),
        (("%pip install x\ndef predict(a): return 1",), "'%pip install x' is for IPython"),
        (("def predict(a: return",), "In cell 2: "),
        (("def predict(a): return 1\nexpected = 1",), "no 'example'"),
    ],
)
def test_what_a_notebook_lacks_is_seen_without_running_it(cells: tuple[str, ...], says: str, tmp_path: Path) -> None:
    with pytest.raises(EndpointCellError, match=says):
        EndpointNotebook.read(notebook(tmp_path / "n.ipynb", *cells).read_bytes())


def test_what_a_notebook_needs_is_seen_without_running_it(tmp_path: Path) -> None:
    code = "import numpy.linalg, os\nfrom sklearn.svm import SVC\ndef predict(a, b=1, *c):\n    import torch"
    read = EndpointNotebook.read(notebook(tmp_path / "n.ipynb", code, "example: int = 3").read_bytes())
    assert read.modules == ("numpy", "os", "sklearn", "torch")
    assert (read.has_example, read.has_expected, [cell.name for cell in read.cells]) == (
        True,
        False,
        ["cell 2", "cell 3"],
    )
