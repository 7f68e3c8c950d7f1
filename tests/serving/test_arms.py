"""What callers see of an endpoint with several arms: real replicas of two versions behind a real router."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from palmerpenguins import load_penguins
from sklearn.linear_model import LogisticRegression

from redspot.pipeline import Pipeline, branch, estimate, impute, scale
from redspot.registry.endpoint import ArmRole
from redspot.serving.snapshot import ArmEntry, CallerEntry, Snapshot, token_hash
from tests.serving.conftest import (
    ADELIE,
    ReplicaProcess,
    RouterProcess,
    Starting,
    end,
    replicas_in,
    table,
    wait_until,
)
from tests.serving.events.conftest import events_in

StartingRouter = Callable[..., RouterProcess]
PREDICT = "/endpoints/penguins/predict"
SERVICE_TOKEN = "a token of the service"


@pytest.fixture(scope="module")
def pair(pipeline_file: Path) -> Iterator[tuple[ReplicaProcess, ReplicaProcess]]:
    """Two versions for all tests that leave them as they were."""
    with replicas_in(pipeline_file) as start:
        yield start("d1", "1"), start("d2", "2")


def split_table(
    generation: int, replicas: Sequence[ReplicaProcess], arms: Sequence[ArmEntry] = (), **more: Any
) -> Snapshot:
    """Return a table whose only endpoint has these arms and settings."""
    snapshot = table(generation, *replicas)
    endpoint = replace(snapshot.endpoints["penguins"], arms=tuple(arms), **more)
    callers = {**snapshot.callers, token_hash(SERVICE_TOKEN): CallerEntry("redspot-service")}
    return Snapshot(generation, callers, {"penguins": endpoint})


def live(deployment_id: str, share: float) -> ArmEntry:
    return ArmEntry(deployment_id, ArmRole.LIVE, share)


def shadow(deployment_id: str, share: float = 1.0) -> ArmEntry:
    return ArmEntry(deployment_id, ArmRole.SHADOW, share)


def stats(router: RouterProcess) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {SERVICE_TOKEN}"}
    return dict(router.client.get("/stats", headers=headers).json())


def arms_of(router: RouterProcess) -> Mapping[str, Any]:
    return dict(stats(router)["endpoints"]["penguins"]["arms"])


def answered_by(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.headers["X-Redspot-Deployment"]


def test_requests_are_split_by_the_shares_and_say_who_answered(
    start_router: StartingRouter, pair: tuple[ReplicaProcess, ReplicaProcess]
) -> None:
    router = start_router(split_table(1, pair, [live("d1", 0.8), live("d2", 0.2)]))
    answers = [router.client.post(PREDICT, json=ADELIE) for _ in range(50)]
    seen = Counter(map(answered_by, answers))
    assert 9 <= seen["d2"] <= 11
    for answer in answers:
        version = answer.json()["version"]
        assert answer.headers["X-Redspot-Version"] == f"species@{version}"
        assert answer.headers["X-Redspot-Deployment"] == f"d{version}"
    told = stats(router)
    endpoint = told["endpoints"]["penguins"]
    assert (endpoint["requests"], endpoint["in_flight"], endpoint["refused"], told["generation"]) == (50, 0, 0, 1)
    assert told["started_at"] == pytest.approx(time.time(), abs=120)
    for deployment_id, arm in endpoint["arms"].items():
        buckets = arm["latency_buckets"]
        assert arm["requests"] == seen[deployment_id] == sum(buckets["counts"])
        assert len(buckets["counts"]) == len(buckets["le_ms"]) + 1
        assert (arm["errors"], arm["client_errors"]) == (0, 0)
        assert arm["latency_sum_ms"] > 0


def test_only_the_service_reads_what_was_counted(
    start_router: StartingRouter, pair: tuple[ReplicaProcess, ReplicaProcess]
) -> None:
    router = start_router(split_table(1, pair))
    assert router.client.get("/stats").json()["code"] == "stats-forbidden"
    assert httpx.get(f"http://127.0.0.1:{router.port}/stats").status_code == 401
    router.client.post(PREDICT, json={"beak": 1})
    assert sum(arm["client_errors"] for arm in arms_of(router).values()) == 1
    # Who looks whether it is well asks nothing of it, and neither does who may not call.
    for path in ("/v2/health/ready", "/metrics", "/ping"):
        assert router.client.get(f"/endpoints/penguins{path}").status_code == 200
    assert httpx.post(f"http://127.0.0.1:{router.port}{PREDICT}", json=ADELIE).status_code == 401
    assert stats(router)["endpoints"]["penguins"]["requests"] == 1
    assert sum(arm["requests"] for arm in arms_of(router).values()) == 1


@pytest.mark.parametrize("sticky", ["header:X-Visitor", "column:visitor"])
def test_a_caller_stays_in_one_arm_over_restarts(
    start_router: StartingRouter, pair: tuple[ReplicaProcess, ReplicaProcess], sticky: str
) -> None:
    def arms(router: RouterProcess) -> dict[str, str]:
        found = {}
        for number in range(12):
            visitor = f"visitor {number}"
            for _ in range(2):
                given: dict[str, Any] = {"json": ADELIE, "headers": {"X-Visitor": visitor}}
                if sticky.startswith("column"):
                    given = {"json": {**ADELIE, "island": visitor}}
                arm = answered_by(router.client.post(PREDICT, **given))
                assert found.setdefault(visitor, arm) == arm
        return found

    key = sticky.replace("visitor", "island")
    snapshot = split_table(1, pair, [live("d1", 0.5), live("d2", 0.5)], sticky=key)
    first = start_router(snapshot)
    before = arms(first)
    assert set(before.values()) == {"d1", "d2"}
    end(first.process)
    second = start_router(replace(snapshot, generation=2))
    assert arms(second) == before
    second.swap(split_table(3, pair, [live("d1", 0.2), live("d2", 0.8)], sticky=key))
    after = arms(second)
    assert {visitor for visitor, arm in before.items() if arm == "d2"} <= {v for v, arm in after.items() if arm == "d2"}


def test_a_path_that_names_a_version_finds_the_arm_that_serves_it(
    start_router: StartingRouter, pair: tuple[ReplicaProcess, ReplicaProcess]
) -> None:
    for arms in ([live("d1", 0.5), live("d2", 0.5)], []):
        router = start_router(split_table(1, pair, arms))
        for version in ("1", "2") * 3:
            answer = router.client.get(f"/endpoints/penguins/v2/models/species/versions/{version}")
            assert answered_by(answer) == f"d{version}"
        assert router.client.get("/endpoints/penguins/v2/models/species/versions/9").json()["code"] == (
            "model-not-served"
        )
        end(router.process)


def test_an_arm_that_cannot_be_reached_is_stood_in_for_and_counted(
    start_router: StartingRouter, pair: tuple[ReplicaProcess, ReplicaProcess]
) -> None:
    gone = replace(pair[1].entry, socket=pair[1].entry.socket + "-gone")
    snapshot = split_table(1, pair, [live("d1", 0.5), live("d2", 0.5)])
    endpoint = replace(snapshot.endpoints["penguins"], replicas=(pair[0].entry, gone))
    router = start_router(replace(snapshot, endpoints={"penguins": endpoint}))
    assert {answered_by(router.client.post(PREDICT, json=ADELIE)) for _ in range(20)} == {"d1"}
    arms = arms_of(router)
    assert (arms["d1"]["requests"], arms["d1"]["errors"]) == (20, 0)
    assert arms["d2"]["requests"] == arms["d2"]["errors"] == 10
    # An arm that was taken out of service does not stand in.
    router.swap(
        replace(
            split_table(2, pair, [live("d1", 0.0), live("d2", 1.0)]),
            endpoints={"penguins": replace(endpoint, arms=(live("d1", 0.0), live("d2", 1.0)))},
        )
    )
    assert router.client.post(PREDICT, json=ADELIE).json()["code"] == "endpoint-unavailable"


def test_a_shadow_is_asked_and_never_heard(
    start_router: StartingRouter, start_replica: Starting, pair: tuple[ReplicaProcess, ReplicaProcess], tmp_path: Path
) -> None:
    numbers = branch("bill_length_mm").then(impute("median")).then(scale())
    other = Pipeline(numbers=numbers, model=estimate(LogisticRegression())).fit(load_penguins(), "species")
    other.save(tmp_path / "other.redspot")
    spool = tmp_path / "spool"
    different = start_replica("d7", "7", pipeline=str(tmp_path / "other.redspot"), events={"spool": str(spool)})
    arms = [live("d1", 1.0), shadow("d2"), shadow("d7", 0.5)]
    router = start_router(split_table(1, [*pair, different], arms))
    row = {"bill_length_mm": 39.1}
    for _ in range(20):
        assert answered_by(router.client.post(PREDICT, json=row)) == "d1"
    path = "/endpoints/penguins/v2/models/species/infer"
    tensor = {"name": "bill_length_mm", "datatype": "FP64", "shape": [1], "data": [39.1]}
    assert "error" in router.client.post(path, json={"inputs": [tensor]}).json()
    # What was refused, and what is no prediction, is not mirrored.
    router.client.post(PREDICT, json={"beak": 1})
    router.client.get("/endpoints/penguins/v2/models/species")
    wait_until(lambda: arms_of(router)["d2"]["shadow"]["compared"] == 20)
    wait_until(lambda: arms_of(router)["d7"]["shadow"]["compared"] == 10)
    same, unlike = (arms_of(router)[name]["shadow"] for name in ("d2", "d7"))
    assert same == {
        "mirrored": 20, "compared": 20, "equal": 20, "errors": 0, "dropped": 0, "max_abs_diff": 0, "sum_abs_diff": 0,
    }  # fmt: skip
    assert (unlike["mirrored"], unlike["equal"]) == (10, 0)
    assert 0 < unlike["max_abs_diff"] <= 1
    assert unlike["sum_abs_diff"] == pytest.approx(10 * unlike["max_abs_diff"])
    assert stats(router)["endpoints"]["penguins"]["requests"] == 23
    mirrored = events_in(spool)
    assert len(mirrored) == 10
    assert {(event["shadow"], event["caller"], event["version"]) for event in mirrored} == {(True, "ada", "7")}
    text = router.client.get("/metrics").text
    labels = 'deployment="d7",endpoint="penguins",model="species",outcome="different",version="7"'
    assert f"redspot_router_shadow_requests_total{{{labels}}} 10.0" in text


def test_a_shadow_that_hangs_costs_callers_nothing(
    start_router: StartingRouter, start_replica: Starting, pair: tuple[ReplicaProcess, ReplicaProcess]
) -> None:
    hanging = start_replica("d8", "8")
    hanging.process.send_signal(signal.SIGSTOP)
    try:
        router = start_router(split_table(1, [pair[0], hanging], [live("d1", 1.0), shadow("d8")]))
        for _ in range(200):
            assert answered_by(router.client.post(PREDICT, json=ADELIE)) == "d1"
        # 8 are under way and 128 wait.
        wait_until(lambda: arms_of(router)["d8"]["shadow"]["dropped"] == 64)
        assert arms_of(router)["d8"]["shadow"]["mirrored"] == 8
        router.swap(split_table(2, pair[:1]))
        assert arms_of(router)["d8"]["shadow"]["dropped"] == 192
    finally:
        hanging.process.send_signal(signal.SIGCONT)


def test_requests_wait_for_the_first_replica(
    start_router: StartingRouter, pair: tuple[ReplicaProcess, ReplicaProcess]
) -> None:
    router = start_router(split_table(1, (), hold_s=20.0))
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(router.client.post, PREDICT, json=ADELIE) for _ in range(8)]
        wait_until(lambda: stats(router)["endpoints"]["penguins"]["held"] == 8)
        # Who only looks is not held.
        looked = router.client.get("/endpoints/penguins/v2/health/ready")
        assert (looked.status_code, looked.headers["retry-after"]) == (503, "5")
        assert "redspot_router_held{" in router.client.get("/metrics").text
        router.swap(split_table(2, pair[:1], [live("d1", 1.0)], hold_s=20.0))
        assert {answered_by(each.result()) for each in waiting} == {"d1"}
    told = stats(router)["endpoints"]["penguins"]
    assert (told["held"], told["in_flight"], told["refused"]) == (0, 0, 0)
    assert told["arms"]["d1"]["errors"] == 0


def test_what_waits_in_vain_is_told_so(start_router: StartingRouter) -> None:
    router = start_router(split_table(1, (), hold_s=0.2, max_in_flight=1))
    answer = router.client.post(PREDICT, json=ADELIE)
    assert (answer.status_code, answer.json()["code"]) == (503, "endpoint-unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "'penguins'" in answer.json()["detail"]
    router.swap(split_table(2, (), hold_s=60.0, max_in_flight=1))
    with ThreadPoolExecutor(1) as thread:
        with httpx.Client(base_url=router.client.base_url, headers=router.client.headers, timeout=0.3) as leaving:
            with pytest.raises(httpx.ReadTimeout):
                leaving.post(PREDICT, json=ADELIE)
        # A client that is gone is dropped.
        wait_until(lambda: stats(router)["endpoints"]["penguins"]["in_flight"] == 0)
        waiting = thread.submit(router.client.post, PREDICT, json=ADELIE)
        wait_until(lambda: stats(router)["endpoints"]["penguins"]["held"] == 1)
        busy = router.client.post(PREDICT, json=ADELIE)
        assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (503, "endpoint-busy", "1")
        router.swap(Snapshot(3, split_table(3, ()).callers, {}))
        assert waiting.result().json()["code"] == "endpoint-stopped"


def test_a_token_has_a_rate_and_an_end(
    start_router: StartingRouter, pair: tuple[ReplicaProcess, ReplicaProcess]
) -> None:
    snapshot = split_table(1, pair)
    callers = {
        **snapshot.callers,
        token_hash("slow"): CallerEntry("grace", rate_per_s=0.05, burst=2),
        token_hash("old"): CallerEntry("grace", expires_at=time.time() - 1),
        token_hash("young"): CallerEntry("grace", expires_at=time.time() + 600),
    }
    router = start_router(replace(snapshot, callers=callers))

    def ask(token: str) -> httpx.Response:
        return router.client.post(PREDICT, json=ADELIE, headers={"Authorization": f"Bearer {token}"})

    assert [ask("slow").status_code for _ in range(3)] == [200, 200, 429]
    limited = ask("slow")
    assert (limited.json()["code"], limited.headers["retry-after"]) == ("rate-limited", "20")
    assert ask("young").status_code == 200
    expired = ask("old")
    assert (expired.status_code, expired.json()["code"]) == (401, "token-expired")
    assert "expired" in expired.json()["detail"]
    assert 'redspot_router_rate_limited_total{endpoint="penguins"} 2.0' in router.client.get("/metrics").text


def test_pages_of_listed_origins_alone_read_answers(
    start_router: StartingRouter, pair: tuple[ReplicaProcess, ReplicaProcess]
) -> None:
    ours, theirs = "https://example.org", "https://example.org.evil"
    router = start_router(split_table(1, pair, cors_origins=(ours,)))
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    url = f"http://127.0.0.1:{router.port}{PREDICT}"
    allowed = httpx.options(url, headers={"Origin": ours, **asks})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == ours
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    assert httpx.options(url, headers={"Origin": theirs, **asks}).status_code == 401
    for origin, is_allowed in ((ours, True), (theirs, False), ("null", False)):
        for answer in (
            router.client.post(PREDICT, json=ADELIE, headers={"Origin": origin}),
            httpx.post(url, json=ADELIE, headers={"Origin": origin}),
        ):
            assert answer.headers.get("access-control-allow-origin") == (origin if is_allowed else None)
            assert answer.headers["vary"] == "Origin"
            assert "access-control-allow-credentials" not in answer.headers
    router.swap(split_table(2, pair))
    assert httpx.options(url, headers={"Origin": ours, **asks}).status_code == 401
    plain = router.client.post(PREDICT, json=ADELIE, headers={"Origin": ours})
    assert "access-control-allow-origin" not in plain.headers


def test_a_busy_replica_gets_less(start_router: StartingRouter, start_replica: Starting) -> None:
    first, second = start_replica("d1", "1"), start_replica("d2", "2")
    router = start_router(split_table(1, (first, second)))
    first.process.send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as thread:
            stuck = thread.submit(lambda: [router.client.post(PREDICT, json=ADELIE) for _ in range(2)])
            wait_until(lambda: arms_of(router)["d1"]["in_flight"] == 1)
            seen = [answered_by(router.client.post(PREDICT, json=ADELIE)) for _ in range(10)]
            first.process.send_signal(signal.SIGCONT)
            assert {answer.status_code for answer in stuck.result()} == {200}
    finally:
        first.process.send_signal(signal.SIGCONT)
    assert set(seen) == {"d2"}


def test_a_request_whose_replica_is_killed_before_it_answers_is_sent_to_another(
    start_router: StartingRouter, start_replica: Starting, pair: tuple[ReplicaProcess, ReplicaProcess]
) -> None:
    dying = start_replica("d6", "6")
    router = start_router(split_table(1, (dying, pair[0]), [live("d6", 1.0), live("d1", 0.0)]))
    dying.process.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(router.client.post, PREDICT, json=ADELIE)
        wait_until(lambda: arms_of(router)["d6"]["in_flight"] == 1)
        router.swap(split_table(2, (dying, pair[0]), [live("d6", 0.5), live("d1", 0.5)]))
        dying.process.kill()
        assert answered_by(asking.result()) == "d1"
    arm = arms_of(router)["d6"]
    assert arm["errors"] == arm["requests"] >= 1
    dying.process.wait()


def test_nothing_fails_while_shares_are_swapped_and_a_replica_is_killed(
    start_router: StartingRouter, start_replica: Starting
) -> None:
    replicas = [start_replica("d1", "1"), start_replica("d2", "2"), start_replica("d3", "1")]
    same_arm = replace(replicas[2].entry, deployment_id="d1")
    ending = threading.Event()

    def snapshot(generation: int, share: float) -> Snapshot:
        made = split_table(generation, replicas[:2], [live("d1", 1 - share), live("d2", share), shadow("d3")])
        endpoint = made.endpoints["penguins"]
        return replace(made, endpoints={"penguins": replace(endpoint, replicas=(*endpoint.replicas, same_arm))})

    router = start_router(snapshot(1, 0.5))

    def call() -> Counter[tuple[int, str]]:
        seen: Counter[tuple[int, str]] = Counter()
        with httpx.Client(base_url=router.client.base_url, headers=router.client.headers, timeout=30) as client:
            while not ending.is_set():
                answer = client.post(PREDICT, json=ADELIE)
                seen[answer.status_code, "" if answer.status_code == 200 else answer.text] += 1
        return seen

    with ThreadPoolExecutor(4) as threads:
        calling = [threads.submit(call) for _ in range(4)]
        for turn in range(20):
            router.swap(snapshot(2 + turn, (0.1, 0.9, 0.5, 0.0, 1.0)[turn % 5]))
            if turn == 10:
                replicas[2].process.kill()
        ending.set()
        seen = sum((each.result() for each in calling), Counter())
    assert set(seen) == {(200, "")}, seen
    assert seen.total() > 100
