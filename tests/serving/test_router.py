from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from redspot.registry.endpoint import EndpointState
from redspot.serving.snapshot import Snapshot, render_snapshot, write_snapshot
from tests.serving.conftest import ADELIE, TOKEN, ReplicaProcess, RouterProcess, Starting, end, table, wait_until

StartingRouter = Callable[..., RouterProcess]
PREDICT = "/endpoints/penguins/predict"


def test_an_endpoint_answers_as_its_replica(router: RouterProcess, replica: ReplicaProcess) -> None:
    with replica.client() as direct:
        assert router.client.post(PREDICT, json=ADELIE).json() == direct.post("/predict", json=ADELIE).json()
        path = "/v2/models/species"
        assert router.client.get(f"/endpoints/penguins{path}").json() == direct.get(path).json()
    assert "redspot_requests_total" in router.client.get("/endpoints/penguins/metrics").text
    assert router.client.get("/endpoints/penguins/v2/health/ready").json() == {"ready": True}
    assert router.client.get("/endpoints/penguins/nowhere").json()["code"] == "path-not-found"
    head = router.client.head(f"/endpoints/penguins{path}")
    assert (head.status_code, head.content) == (200, b"")


def test_an_error_of_the_replica_comes_through(router: RouterProcess) -> None:
    answer = router.client.post(PREDICT, json={"beak": 1})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-column")
    assert answer.headers["content-type"] == "application/problem+json"
    infer = router.client.post("/endpoints/penguins/v2/models/species/infer", json={})
    assert infer.json()["code"] == "invalid-tensor"


def test_it_answers_under_the_base_url_and_without(start_router: StartingRouter, replica: ReplicaProcess) -> None:
    router = start_router(table(1, replica), "--base-url", "/services/redspot-router/")
    for prefix in ("", "/services/redspot-router"):
        assert router.client.post(prefix + PREDICT, json=ADELIE).status_code == 200
        assert router.client.get(prefix + "/health/live").json() == {"live": True}
    assert router.client.get("/services/other/health/live").status_code == 404


def test_only_who_may_call_is_answered(router: RouterProcess) -> None:
    url = f"http://127.0.0.1:{router.port}"
    for header in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": f"Basic {TOKEN}"}, {"Cookie": TOKEN}):
        answer = httpx.post(url + PREDICT, json=ADELIE, headers=header)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert "Authorization: Bearer" in answer.json()["detail"]
        assert answer.headers["www-authenticate"] == "Bearer"
    assert httpx.get(url + "/metrics").status_code == 401
    assert httpx.post(url + PREDICT, json=ADELIE, headers={"Authorization": f"token {TOKEN}"}).status_code == 200
    others = {"Authorization": "Bearer only others"}
    assert httpx.post(url + PREDICT, json=ADELIE, headers=others).json()["code"] == "endpoint-forbidden"
    unknown = httpx.post(url + "/endpoints/nobody/predict", json=ADELIE, headers=others)
    assert "others" in unknown.json()["detail"]
    assert "penguins" not in unknown.json()["detail"]


def test_an_endpoint_that_cannot_answer_says_why(router: RouterProcess, replica: ReplicaProcess) -> None:
    unknown = router.client.post("/endpoints/nobody/predict", json=ADELIE)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "endpoint-not-found")
    assert "others, penguins" in unknown.json()["detail"]
    empty = router.client.post("/endpoints/others/predict", json=ADELIE)
    assert (empty.status_code, empty.json()["code"]) == (503, "endpoint-unavailable")
    router.swap(table(2, replica, state=EndpointState.STOPPED))
    stopped = router.client.post(PREDICT, json=ADELIE)
    assert (stopped.status_code, stopped.json()["code"]) == (503, "endpoint-stopped")
    assert router.client.delete(PREDICT).status_code in (405, 503)


def test_answers_can_do_nothing_in_a_page(router: RouterProcess) -> None:
    for answer in (
        router.client.post(PREDICT, json=ADELIE),
        router.client.get("/endpoints/x/y"),
        router.client.get("/"),
    ):
        assert answer.headers["content-security-policy"] == "sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers


def test_a_caller_can_not_speak_as_the_router(router: RouterProcess) -> None:
    forged = {"X-Redspot-Caller": "root", "X_Redspot_Caller": "root", "X-Redspot-Replica-Secret": "guessed"}
    assert router.client.post(PREDICT, json=ADELIE, headers=forged).status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        b"POST /endpoints/penguins/predict HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n",
        b"POST /endpoints/penguins/predict HTTP/1.1\r\nHost: x\r\nX-A: b\rX-Redspot-Caller: root\r\n\r\n",
        b"POST /endpoints/penguins/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /endpoints/penguins/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /endpoints/penguins/pre\x01dict HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GARBAGE\r\n\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(router: RouterProcess, head: bytes) -> None:
    authorization = f"\r\nAuthorization: Bearer {TOKEN}\r\nHost: x\r\n".encode()
    with socket.create_connection(("127.0.0.1", router.port), timeout=10) as raw:
        raw.sendall(head.replace(b"\r\nHost: x\r\n", authorization))
        assert raw.recv(1000).split(b" ")[1] == b"400"
    assert router.client.post(PREDICT, json=ADELIE).status_code == 200


def test_bodies_come_whole_chunked_and_large(router: RouterProcess) -> None:
    row = json.dumps(ADELIE).encode()
    pieces = (row[at : at + 7] for at in range(0, len(row), 7))
    assert router.client.post(PREDICT, content=pieces).json()["predictions"][0]["prediction"] == "Adelie"
    rows = [ADELIE] * 20_000
    answer = router.client.post(PREDICT, json=rows)
    assert len(answer.json()["predictions"]) == len(rows)
    large = router.client.post(PREDICT, content=b" " * (20 * 1024 * 1024))
    assert (large.status_code, large.json()["code"]) == (413, "body-too-large")


def test_a_slow_client_keeps_nobody_waiting(router: RouterProcess) -> None:
    head = f"POST {PREDICT} HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{"
    slow = [socket.create_connection(("127.0.0.1", router.port)) for _ in range(20)]
    for number, raw in enumerate(slow):
        raw.sendall(head.encode()[: None if number % 2 else 30])
    begun = time.monotonic()
    assert router.client.post(PREDICT, json=ADELIE).status_code == 200
    assert time.monotonic() - begun < 5
    for raw in slow:
        raw.close()
    assert router.client.post(PREDICT, json=ADELIE).status_code == 200


def test_a_replica_that_is_not_there_is_passed_over(start_router: StartingRouter, replica: ReplicaProcess) -> None:
    snapshot = table(1, replica)
    gone = replace(replica.entry, deployment_id="gone", socket=replica.entry.socket + "-gone")
    endpoint = replace(snapshot.endpoints["penguins"], replicas=(gone, replica.entry, gone))
    router = start_router(replace(snapshot, endpoints={"penguins": endpoint}))
    answers = [router.client.post(PREDICT, json=ADELIE).status_code for _ in range(9)]
    assert answers == [200] * 9


def test_a_replica_behind_a_tcp_port_answers_until_it_is_gone(
    start_router: StartingRouter, start_replica: Starting, free_port: int
) -> None:
    one = start_replica("pod", port=free_port)
    one.entry = replace(one.entry, socket=f"tcp://127.0.0.1:{free_port}")
    router = start_router(table(1, one))
    answers = [router.client.post("/endpoints/penguins/predict", json=[ADELIE]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert end(one.process) == 0
    assert router.client.post("/endpoints/penguins/predict", json=[ADELIE]).status_code == 503


def test_replicas_take_turns(start_router: StartingRouter, start_replica: Starting) -> None:
    first, second = start_replica("d1", "1"), start_replica("d2", "2")
    router = start_router(table(1, first, second))
    versions = [router.client.post(PREDICT, json=ADELIE).json()["version"] for _ in range(6)]
    assert sorted(versions) == ["1"] * 3 + ["2"] * 3
    text = router.client.get("/endpoints/penguins/metrics").text
    assert text.count("# TYPE redspot_requests_total counter") == 1
    for version in ("1", "2"):
        labels = f'endpoint="penguins",model="species",version="{version}",replica="d{version}-{int(version) - 1}"'
        assert f"redspot_requests_total{{{labels}}} 3.0\n" in text
    end(first.process)
    text = router.client.get("/endpoints/penguins/metrics").text
    assert ('replica="d1-0"' in text, 'replica="d2-1"' in text) == (False, True)


def test_a_swap_drops_no_request(start_router: StartingRouter, start_replica: Starting) -> None:
    first, second = start_replica("d1", "1"), start_replica("d2", "2")
    router = start_router(table(1, first))
    ending = threading.Event()

    def call() -> list[tuple[int, str]]:
        seen = []
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{router.port}", headers=headers, timeout=30) as client:
            while not ending.is_set():
                answer = client.post(PREDICT, json=ADELIE)
                seen.append((answer.status_code, answer.json().get("version", answer.text)))
                time.sleep(0.005)
        return seen

    with ThreadPoolExecutor(2) as threads:
        calling = [threads.submit(call) for _ in range(2)]
        time.sleep(0.3)
        router.swap(table(2, first, second))
        router.swap(table(3, second))
        assert end(first.process) == 0
        time.sleep(0.3)
        ending.set()
        seen = [answer for future in calling for answer in future.result()]
    assert {status for status, _ in seen} == {200}
    assert {version for _, version in seen} == {"1", "2"}
    assert router.client.post(PREDICT, json=ADELIE).json()["version"] == "2"


def test_a_broken_snapshot_leaves_the_table_as_it_was(router: RouterProcess, replica: ReplicaProcess) -> None:
    assert router.health() == {"ready": True, "generation": 1, "snapshot_problem": None}
    lively = render_snapshot(table(2, replica)).replace('"live"', '"lively"')
    for broken, says in (("{", "not JSON"), ("[]", "format"), (lively, "lively")):
        scratch = router.snapshot.with_name("scratch")
        scratch.write_text(broken)
        scratch.replace(router.snapshot)
        wait_until(partial(router.has_problem, says))
        assert router.health()["ready"] is True
        assert router.client.post(PREDICT, json=ADELIE).status_code == 200
    assert "stays at generation 1" in router.log.read_text()
    router.snapshot.unlink()
    wait_until(lambda: "no snapshot" in str(router.health()["snapshot_problem"]))
    assert router.client.post(PREDICT, json=ADELIE).status_code == 200
    router.swap(table(3, replica))
    assert router.health() == {"ready": True, "generation": 3, "snapshot_problem": None}


def test_it_waits_for_its_first_snapshot(start_router: StartingRouter, replica: ReplicaProcess) -> None:
    router = start_router(None)
    assert router.client.get("/health/live").status_code == 200
    assert router.client.get("/health/ready").status_code == 503
    assert router.client.post(PREDICT, json=ADELIE).status_code == 401
    router.swap(table(1, replica))
    assert router.client.post(PREDICT, json=ADELIE).status_code == 200


def test_sighup_reads_the_snapshot_again(router: RouterProcess, replica: ReplicaProcess) -> None:
    before = router.snapshot.stat()
    text = render_snapshot(table(8, replica))
    # Same inode, size and time: only the signal tells.
    router.snapshot.write_text(text)
    os.utime(router.snapshot, ns=(before.st_atime_ns, before.st_mtime_ns))
    router.process.send_signal(signal.SIGHUP)
    wait_until(lambda: router.health()["generation"] == 8)


def test_a_replica_that_dies_while_it_answers_is_a_502(start_router: StartingRouter, start_replica: Starting) -> None:
    replica = start_replica()
    router = start_router(table(1, replica))
    rows = [ADELIE] * 60_000
    with ThreadPoolExecutor(1) as thread:
        answering = thread.submit(router.client.post, PREDICT, json=rows)
        wait_until(lambda: replica.rows_seen() >= len(rows))
        replica.process.kill()
        answer = answering.result()
    assert (answer.status_code, answer.json()["code"]) == (502, "replica-failed")
    replica.process.wait()
    after = router.client.post(PREDICT, json=ADELIE)
    assert (after.status_code, after.json()["code"]) == (503, "endpoint-unavailable")


def test_an_answer_that_takes_too_long_is_a_504(start_router: StartingRouter, start_replica: Starting) -> None:
    replica = start_replica()
    router = start_router(table(1, replica), "--timeout-s", "0.3")
    replica.process.send_signal(signal.SIGSTOP)
    answer = router.client.post(PREDICT, json=ADELIE)
    replica.process.send_signal(signal.SIGCONT)
    assert (answer.status_code, answer.json()["code"]) == (504, "replica-timeout")
    wait_until(lambda: router.client.post(PREDICT, json=ADELIE).status_code == 200)


def test_a_client_that_leaves_early_harms_nobody(router: RouterProcess, replica: ReplicaProcess) -> None:
    rows = json.dumps([ADELIE] * 20_000)
    before = replica.rows_seen()
    head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(rows)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", router.port)) as raw:
        raw.sendall((head + rows).encode())
        wait_until(lambda: replica.rows_seen() > before)
    assert router.client.post(PREDICT, json=ADELIE).status_code == 200


def test_a_request_under_way_is_answered_after_sigterm(start_router: StartingRouter, start_replica: Starting) -> None:
    replica = start_replica()
    router = start_router(table(1, replica))
    rows = [ADELIE] * 60_000
    with ThreadPoolExecutor(1) as thread:
        answering = thread.submit(router.client.post, PREDICT, json=rows)
        wait_until(lambda: replica.rows_seen() >= len(rows))
        router.process.send_signal(signal.SIGTERM)
        answer = answering.result()
    assert answer.status_code == 200
    assert len(answer.json()["predictions"]) == len(rows)
    assert router.process.wait(15) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{router.port}/health/live")


def test_a_taken_port_is_named(router: RouterProcess, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "redspot.serving.router", "--snapshot", "x", "--port", str(router.port)]
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 4
    assert "port-taken" in ended.stderr
    assert f"Port {router.port}" in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_metrics_count_by_endpoint_and_status(router: RouterProcess) -> None:
    router.client.post(PREDICT, json=ADELIE)
    router.client.post(PREDICT, json={"beak": 1})
    router.client.post("/endpoints/made-up/predict", json=ADELIE)
    text = router.client.get("/metrics").text
    labels = 'deployment="d1",endpoint="penguins",model="species"'
    assert f'redspot_router_requests_total{{{labels},status="200",version="1"}} 1.0' in text
    assert f'redspot_router_requests_total{{{labels},status="400",version="1"}} 1.0' in text
    assert f'redspot_router_request_duration_seconds_count{{{labels},version="1"}} 2.0' in text
    assert 'redspot_router_in_flight{endpoint="penguins"} 0.0' in text
    assert "redspot_router_snapshot_generation 1.0" in text
    assert "made-up" not in text


def test_the_snapshot_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s", Snapshot(1, {}, {}))
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["s"]
