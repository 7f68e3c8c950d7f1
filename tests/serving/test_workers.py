"""A replica of several processes: one place to listen, one set of counts, none missed when it dies."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from redspot.serving.counts import SharedCounts
from redspot.serving.workers import Workers
from tests.serving.conftest import ADELIE, SECRET, SECRET_HEADER, end, replicas_in, wait_until


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("is_tcp", [True, False])
def test_all_workers_answer_and_count_together(pipeline_file: Path, is_tcp: bool) -> None:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port = asking.getsockname()[1] if is_tcp else None
    with replicas_in(pipeline_file) as start:
        replica = start(port=port, workers=2)

        def client() -> httpx.Client:
            if not is_tcp:
                return replica.client()
            return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={SECRET_HEADER: SECRET})

        wait_until(lambda: len(children(replica.process.pid)) == 2)
        for _ in range(40):
            with client() as each:
                assert each.post("/predict", json=ADELIE).status_code == 200
        labels = '{endpoint="penguins",model="species",version="1"}'
        for _ in range(4):
            with client() as each:
                lines = each.get("/metrics").text.splitlines()
            assert f"redspot_requests_total{labels} 40.0" in lines
            assert f"redspot_request_duration_seconds_count{labels} 40.0" in lines
        killed = children(replica.process.pid)[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: killed not in (now := children(replica.process.pid)) and len(now) == 2)
        with client() as each:
            assert each.post("/predict", json=ADELIE).status_code == 200
            assert f"redspot_requests_total{labels} 41.0" in each.get("/metrics").text
        left = children(replica.process.pid)
        assert end(replica.process) == 0
        assert not [pid for pid in left if Path(f"/proc/{pid}").exists()]


def test_workers_that_cannot_work_are_not_started_for_ever() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(Workers(2, lambda _number: 7).run())
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 1


def test_counts_of_all_are_summed() -> None:
    counts = SharedCounts(2, 2)
    counts.own[0] += 1
    counts.use(1)
    counts.own[0] += 2
    counts.own[1] += 5
    assert counts.sums() == [3, 5]
