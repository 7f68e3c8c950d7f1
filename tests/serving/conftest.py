"""Real processes: replicas of a small pipeline fitted on the penguins, and routers in front of them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket as socketlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from palmerpenguins import load_penguins
from sklearn.linear_model import LogisticRegression

from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, scale
from redspot.registry.endpoint import EndpointState
from redspot.serving.signature import SECRET_HEADER
from redspot.serving.snapshot import (
    CallerEntry,
    EndpointEntry,
    ReplicaEntry,
    Snapshot,
    token_hash,
    write_snapshot,
)

SECRET = "a secret of the replica"
TOKEN = "a token of ada"
NUMBERS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
ADELIE = {
    "bill_length_mm": 39.1,
    "bill_depth_mm": 18.7,
    "flipper_length_mm": 181.0,
    "body_mass_g": 3750.0,
    "island": "Torgersen",
    "sex": "male",
}


def wait_until(condition: Callable[[], bool], within_s: float = 30.0) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    give_up = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up, "what was waited for did not happen in time"
        time.sleep(0.01)


def is_listening(port: int) -> bool:
    with socketlib.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class ReplicaProcess:
    """A running replica."""

    process: subprocess.Popen[bytes]
    entry: ReplicaEntry

    def client(self, secret: str = SECRET) -> httpx.Client:
        transport = httpx.HTTPTransport(uds=self.entry.socket)
        return httpx.Client(transport=transport, base_url="http://replica", headers={SECRET_HEADER: secret}, timeout=30)

    def rows_seen(self) -> float:
        with self.client() as client:
            lines = client.get("/metrics").text.splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith("redspot_rows_total{"))


class UnixConnection(HTTPConnection):
    """One connection to a Unix socket that closes it in every case; httpx leaks one that was refused."""

    def __init__(self, path: str) -> None:
        super().__init__("replica", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socketlib.socket(socketlib.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass
class RouterProcess:
    """A running router, its snapshot and a client that is allowed to call."""

    process: subprocess.Popen[bytes]
    port: int
    snapshot: Path
    log: Path
    client: httpx.Client

    def swap(self, snapshot: Snapshot) -> None:
        """Put a snapshot in place and wait until it is in use."""
        write_snapshot(self.snapshot, snapshot)
        wait_until(lambda: self.health()["generation"] == snapshot.generation)

    def has_problem(self, says: str) -> bool:
        return says in str(self.health()["snapshot_problem"])

    def health(self) -> Mapping[str, object]:
        return dict(self.client.get("/health/ready").json())


def end(process: subprocess.Popen[bytes], within_s: float = 15.0) -> int:
    """Ask a process to end, and return its status."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


@pytest.fixture(scope="session")
def pipeline_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    numbers = branch(*NUMBERS).then(impute("median")).then(scale())
    words = branch("island", "sex").then(impute("most_frequent")).then(one_hot())
    pipeline = Pipeline(numbers=numbers, words=words, model=estimate(LogisticRegression()))
    file = tmp_path_factory.mktemp("pipeline") / "penguins.redspot"
    pipeline.fit(load_penguins(), "species").save(file)
    return file


Starting = Callable[..., ReplicaProcess]


@contextlib.contextmanager
def replicas_in(pipeline_file: Path) -> Iterator[Starting]:
    # Not the test's own folder: the path of a Unix socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="rsp-"))
    started: list[ReplicaProcess] = []

    def start(
        deployment_id: str = "d1",
        version: str | None = "1",
        *,
        port: int | None = None,
        limits: object = None,
        workers: int = 1,
        **more: object,
    ) -> ReplicaProcess:
        socket = folder / "run" / deployment_id
        config = folder / f"{deployment_id}.json"
        content = {
            "endpoint": "penguins",
            "deployment_id": deployment_id,
            "model": "species",
            "version": version,
            "pipeline": str(pipeline_file),
            "secret_env": "REDSPOT_REPLICA_SECRET",
            "limits": limits or {},
            "workers": workers,
            **({"socket": str(socket)} if port is None else {"port": port}),
            **more,
        }
        config.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
        process = subprocess.Popen(
            [sys.executable, "-m", "redspot.serving.replica", str(config)],
            env={**os.environ, "REDSPOT_REPLICA_SECRET": SECRET},
            stderr=subprocess.DEVNULL,
        )
        replica = ReplicaProcess(process, ReplicaEntry(deployment_id, "species", version or "1", str(socket), SECRET))
        started.append(replica)
        is_there = socket.exists if port is None else lambda: is_listening(port)
        wait_until(lambda: is_there() or process.poll() is not None)
        assert process.poll() is None
        return replica

    try:
        yield start
        for replica in started:
            if replica.process.poll() is None:
                assert end(replica.process) == 0
            if replica.process.returncode == 0:
                assert not Path(replica.entry.socket).exists()
    finally:
        for replica in started:
            replica.process.kill()
            replica.process.wait()
        shutil.rmtree(folder)


def start_with(
    config: Mapping[str, Any], folder: Path, secret: str | None = SECRET
) -> subprocess.CompletedProcess[str]:
    """Start a replica that is expected to end by itself, and return how it did."""
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    environment = {**os.environ} | ({} if secret is None else {"REDSPOT_REPLICA_SECRET": secret})
    argv = [sys.executable, "-m", "redspot.serving.replica", str(file)]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def start_replica(pipeline_file: Path) -> Iterator[Starting]:
    with replicas_in(pipeline_file) as start:
        yield start


@pytest.fixture(scope="session")
def replica(pipeline_file: Path) -> Iterator[ReplicaProcess]:
    """One replica for all tests that leave it as it was."""
    with replicas_in(pipeline_file) as start:
        yield start()


def table(generation: int, *replicas: ReplicaProcess, state: EndpointState = EndpointState.LIVE) -> Snapshot:
    callers = {
        token_hash(TOKEN): CallerEntry("ada"),
        token_hash("only others"): CallerEntry("grace", ("others",)),
    }
    endpoints = {
        "penguins": EndpointEntry(state, tuple(replica.entry for replica in replicas)),
        "others": EndpointEntry(EndpointState.LIVE),
    }
    return Snapshot(generation, callers, endpoints)


@pytest.fixture
def start_router(tmp_path: Path) -> Iterator[Callable[..., RouterProcess]]:
    started: list[RouterProcess] = []

    def start(snapshot: Snapshot | None, *options: str) -> RouterProcess:
        file, ready, log = tmp_path / "snapshot.json", tmp_path / "ready.json", tmp_path / "router.log"
        if snapshot is not None:
            write_snapshot(file, snapshot)
        argv = ["-m", "redspot.serving.router", "--snapshot", str(file), "--port", "0", "--ready-file", str(ready)]
        with log.open("wb") as stream:
            process = subprocess.Popen([sys.executable, *argv, *options], stderr=stream)
        wait_until(lambda: ready.exists() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        content = json.loads(ready.read_text())
        assert content["pid"] == process.pid
        url = f"http://127.0.0.1:{content['port']}"
        client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
        router = RouterProcess(process, content["port"], file, log, client)
        started.append(router)
        return router

    yield start
    for router in started:
        router.client.close()
        status = end(router.process)
        assert status == 0, router.log.read_text()
        assert "Traceback" not in router.log.read_text()
    assert not (tmp_path / "ready.json").exists()


@pytest.fixture
def router(start_router: Callable[..., RouterProcess], replica: ReplicaProcess) -> RouterProcess:
    return start_router(table(1, replica))
