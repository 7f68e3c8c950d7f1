"""MLflow's own client against Redspot: the answers are those that MLflow's own server gave to the same script.

``answers.json`` was written by that script with MLflow's server behind it; ``--torture`` asks that server again.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from redspot.config import Config

HERE = Path(__file__).parent
PEERS = Path(os.environ.get("REDSPOT_MLFLOW", HERE.parents[1] / ".peers" / "registry"))
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "PATH": f"{PEERS}/bin:{os.environ['PATH']}",
}

pytestmark = pytest.mark.mlflow


@pytest.fixture
def service(config: Config) -> Iterator[tuple[str, str]]:
    """A service that listens on the loopback: its address and token."""
    with (config.state_dir / "service.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "redspot", "service", "--embedded", "--port", "0"],
            env={**os.environ, **config.to_environment()},
            stdout=log,
            stderr=log,
        )
    facts = config.state_dir / "service.json"
    deadline = time.monotonic() + 60
    while not facts.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    yield json.loads(facts.read_text())["url"], (config.state_dir / "http.token").read_text()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def told(uri: str, token: str, folder: Path) -> dict[str, Any]:
    """Run the script against a server and return what it was told."""
    out = folder / "told.json"
    done = subprocess.run(
        [PEERS / "bin" / "python", HERE / "client_suite.py", uri, out],
        env=ENVIRONMENT | ({"MLFLOW_TRACKING_TOKEN": token} if token else {}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    answers: dict[str, Any] = json.loads(out.read_text().replace("x" * 6000, "LONG"))
    return answers


def test_the_client_is_told_what_mlflows_own_server_tells_it(service: tuple[str, str], tmp_path: Path) -> None:
    answers = told(f"{service[0]}/mlflow", service[1], tmp_path)
    expected = json.loads((HERE / "answers.json").read_text())
    assert {name: answers.get(name) for name in expected} == expected


def test_the_recorded_answers_are_those_of_mlflows_server(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--torture"):
        pytest.skip("asked again with --torture")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [PEERS / "bin" / "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db", "--serve-artifacts"]
    command += ["--artifacts-destination", tmp_path / "artifacts"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=tmp_path, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health")
        assert told(f"http://127.0.0.1:{port}", "", tmp_path) == json.loads((HERE / "answers.json").read_text())
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")
