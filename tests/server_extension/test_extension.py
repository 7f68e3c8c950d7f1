"""The extension in a real Jupyter server without a hub."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redspot_server.service import running_service

from redspot.config import Config

TOKEN = "only-for-this-test"


@pytest.fixture
def jupyter(config: Config, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    passed = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    with (tmp_path / "jupyter.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", f"--port={port}"],
            env={
                **passed,
                **config.to_environment(),
                "JUPYTER_TOKEN": TOKEN,
                "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
                "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
            },
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while not is_up(url):
        assert process.poll() is None, (tmp_path / "jupyter.log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield url, process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until_ended(config: Config) -> None:
    deadline = time.monotonic() + 20
    while running_service(config) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_service_is_started_asked_and_ended_with_its_server(
    jupyter: tuple[str, subprocess.Popen[bytes]], config: Config
) -> None:
    url, process = jupyter
    api = f"{url}/redspot/api"
    signed_in = {"Authorization": f"token {TOKEN}"}

    assert httpx.get(f"{api}/status").status_code == 403
    status = httpx.get(f"{api}/status", headers=signed_in, timeout=60)
    assert status.status_code == 200, status.text
    assert status.json()["host"] == "embedded"

    refused = httpx.get(f"{api}/models/nix", headers=signed_in, timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (404, "model-not-found")
    preview = httpx.get(f"{api}/schedules/preview", params={"cron": "0 7 * * *"}, headers=signed_in, timeout=30)
    assert len(preview.json()["fires"]) == 3
    made = httpx.post(f"{api}/tokens", json={"name": "t"}, headers=signed_in, timeout=30)
    assert made.status_code == 201

    service = running_service(config)
    assert service is not None
    os.kill(service["pid"], signal.SIGKILL)
    again = httpx.get(f"{api}/status", headers=signed_in, timeout=60)
    assert again.status_code == 200, "a killed service is started again"

    process.kill()
    process.wait()
    wait_until_ended(config)
