"""Models that raise, hang or ask for all memory, and clients that send far too much: one request pays, nobody else."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from redspot.pipeline import Pipeline, branch, estimate
from redspot.serving.signature import SECRET_HEADER
from tests.serving.conftest import ADELIE, SECRET, ReplicaProcess, Starting, replicas_in, wait_until
from tests.serving.test_workers import children

RAISES, SLEEPS, SPINS, HOARDS = 666.0, 777.0, 778.0, 999.0

UNRULY = f"""
import re, time
import numpy as np
from redspot.pipeline import step

@step
def unruly(x):
    if (x == {RAISES}).any():
        raise ZeroDivisionError("a detail that is nobody's business")
    while (x == {SLEEPS}).any():
        time.sleep(0.01)
    if (x == {SPINS}).any():
        re.match("(a+)+$", "a" * 60 + "b")  # a loop in C that lets nothing else of the process run
    if (x == {HOARDS}).any():
        np.ones(1 << 58)
    return x
"""


@pytest.fixture(scope="module")
def unruly_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("unruly")
    (folder / "unruly_steps.py").write_text(UNRULY)
    before = os.environ.get("PYTHONPATH")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), before))))
        import unruly_steps  # type: ignore[import-not-found]

        numbers = branch("x").then(unruly_steps.unruly)
        pipeline = Pipeline(numbers=numbers, model=estimate(LinearRegression()))
        pipeline.fit({"x": np.arange(20.0)}, np.arange(20.0) * 2).save(folder / "unruly.redspot")
        yield folder / "unruly.redspot"
    del sys.modules["unruly_steps"]


@pytest.fixture
def start(unruly_file: Path) -> Iterator[Starting]:
    with replicas_in(unruly_file) as start:

        def start_unruly(**more: object) -> ReplicaProcess:
            return start(trusted_modules=["unruly_steps"], **more)

        yield start_unruly


def ask(replica: ReplicaProcess, x: float) -> httpx.Response:
    with replica.client() as client:
        return client.post("/predict", json={"x": x})


@pytest.mark.parametrize("batching", ["off", "on"])
def test_a_model_that_raises_answers_500_with_the_name_of_the_request(start: Starting, batching: str) -> None:
    replica = start(batching=batching)
    for x in (RAISES, HOARDS):
        with replica.client() as client:
            answer = client.post("/predict", json={"x": x}, headers={"X-Request-Id": "q-17"})
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "q-17" in answer.json()["detail"]
        assert answer.json()["facts"] == {"request_id": "q-17"}
        assert "business" not in answer.text
        assert ask(replica, 3.0).json()["predictions"][0]["prediction"] == pytest.approx(6.0)
    assert replica.process.poll() is None


@pytest.mark.parametrize(("x", "batching"), [(SLEEPS, "off"), (SPINS, "off"), (SLEEPS, "on")])
def test_a_worker_that_hangs_is_replaced_and_the_other_goes_on(start: Starting, x: float, batching: str) -> None:
    replica = start(workers=2, limits={"seconds": 0.5}, batching=batching)
    wait_until(lambda: len(children(replica.process.pid)) == 2)
    before = set(children(replica.process.pid))
    outcome: list[object] = []

    def hang() -> None:
        try:
            outcome.append(ask(replica, x).status_code)
        except httpx.TransportError as error:
            outcome.append(error)

    thread = threading.Thread(target=hang)
    thread.start()

    def answers() -> int:
        """Ask until the worker that does not hang is met."""
        with replica.client() as client:
            client.timeout = httpx.Timeout(1.0)
            try:
                return client.post("/predict", json={"x": 3.0}).status_code
            except httpx.TransportError:
                return 0

    wait_until(lambda: answers() == 200)
    wait_until(lambda: len(now := set(children(replica.process.pid))) == 2 and len(now & before) <= 1)
    thread.join()
    # Either it was told, or its connection ended with the worker.
    assert outcome[0] == 503 or isinstance(outcome[0], httpx.TransportError)
    wait_until(lambda: all(answers() == 200 for _ in range(5)))


def test_a_replica_of_one_worker_that_hangs_ends(start: Starting) -> None:
    replica = start(limits={"seconds": 0.5})
    with pytest.raises(httpx.TransportError):
        ask(replica, SPINS)
    assert replica.process.wait(20) == 1


def high_water_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def test_a_hundred_megabytes_are_refused_before_they_are_kept(replica: ReplicaProcess) -> None:
    before = high_water_kib(replica.process.pid)
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\n"
    with socket.socket(socket.AF_UNIX) as announced:
        announced.connect(replica.entry.socket)
        announced.sendall(f"{head}Content-Length: 104857600\r\n\r\n".encode())
        assert announced.recv(100).startswith(b"HTTP/1.1 413 ")
    piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with socket.socket(socket.AF_UNIX) as chunked:
        chunked.connect(replica.entry.socket)
        chunked.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(100):
                chunked.sendall(piece)
        except ConnectionError:
            pass  # it was refused meanwhile
        assert chunked.recv(100).startswith(b"HTTP/1.1 413 ")
    # The bound of a body is 16 MiB: what is kept of one that is larger is no more than a few of those.
    assert high_water_kib(replica.process.pid) - before < 48 * 1024
    with replica.client() as client:
        assert client.post("/predict", json=ADELIE).status_code == 200
