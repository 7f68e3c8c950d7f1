"""Roll-outs of a real service, router and replicas, while a client asks all the time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from redspot.client.service import ServiceClient, ServiceProblemError
from redspot.compute.process import ProcessBackend
from redspot.config import Config
from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import DeploymentState
from redspot.registry.policy import RolloutPolicy, Strategy
from redspot.registry.rollout import RolloutStage
from redspot.registry.standing import Endpoint
from tests.rollouts import SteadyClient, register
from tests.services import ServiceProcess

CANARY = RolloutPolicy(Strategy.SHADOW_CANARY, (0.3, 1.0), step_s=1.0, shadow_s=0.5, min_requests=20)
FRONT = EndpointDefinition("front", model="m@1", rollout=CANARY)


def over(client: ServiceClient, name: str = "front", timeout_s: float = 60) -> Endpoint:
    return client.wait(
        lambda: client.endpoint(name),
        lambda seen: seen.rollout is not None and seen.rollout.stage.is_over,
        timeout_s=timeout_s,
        what="the end of the roll-out",
    )


def stage(endpoint: Endpoint) -> RolloutStage:
    assert endpoint.rollout is not None
    return endpoint.rollout.stage


@pytest.fixture(scope="module")
def started(shared_service: ServiceProcess) -> ServiceProcess:
    """A service with three versions: the third answers very differently from the others."""
    with shared_service.client() as client:
        for slope in (1.0, 1.01, 9.0):
            register(client, "m", slope)
    return shared_service


@pytest.fixture(autouse=True)
def stopped(started: ServiceProcess) -> Iterator[None]:
    """Stop what a test leaves running."""
    yield
    with started.client() as client:
        for endpoint in client.endpoints():
            client.set_endpoint_state(endpoint.name, "stopped")


def token_that_works(config: Config, client: ServiceClient, name: str, **limits: Any) -> str:
    """Make a token, and wait until the router has heard of it and of the endpoint."""
    token = client.make_token("watcher", **limits).token
    url = f"http://{config.router_host}:{config.router_port}/endpoints/{name}/v2"
    headers = {"Authorization": f"Bearer {token}"}
    client.wait(
        lambda: httpx.get(url, headers=headers, trust_env=False).status_code,
        lambda status: status == 200,
        timeout_s=30,
        what="the router's knowing the token",
    )
    return token


def test_good_versions_are_promoted_bad_ones_are_not_and_no_caller_notices(started: ServiceProcess) -> None:
    config = started.config
    backend = ProcessBackend(config.units_dir)
    with started.client() as client:
        assert client.plan(FRONT).actions == ("start 1 replica of m@1", "send it all requests once it is ready")
        first = client.apply(FRONT, plan=client.plan(FRONT))
        assert (first.generation, stage(over(client))) == (1, RolloutStage.DONE)
        token = token_that_works(config, client, "front")
        with SteadyClient(config, token, "front") as watcher:
            second = replace(FRONT, model="m@2")
            plan = client.plan(second)
            assert [change.field for change in plan.changes] == ["model"]
            client.apply(second, plan=plan, why="better")
            with pytest.raises(ServiceProblemError) as caught:
                client.apply(FRONT, plan=plan)
            assert (caught.value.code, caught.value.status) == ("stale-definition", 412)
            promoted = over(client)
            assert (stage(promoted), promoted.serving) == (RolloutStage.DONE, "m@2")

            # Long enough a shadow for the rules to see what it answers, before anybody is answered by it.
            watched = replace(CANARY, shadow_s=10.0)
            client.apply(replace(FRONT, model="m@3", rollout=watched))
            refused = over(client)
            assert (stage(refused), refused.serving) == (RolloutStage.ROLLED_BACK, "m@2")
            assert refused.rollout is not None
            assert "stability index of 'prediction'" in refused.rollout.reason
            assert refused.deployment is not None
            assert refused.deployment.state is DeploymentState.FAILED
            assert 9.0 not in watcher.slopes, "a shadow's answers are never returned"

            client.roll_back("front")
            back = client.wait(
                lambda: client.endpoint("front"), lambda seen: seen.serving == "m@1", timeout_s=30, what="going back"
            )
            client.wait(lambda: watcher.slopes[-1], lambda slope: slope == 1.0, timeout_s=30, what="its answers")
            assert client.definition("front").definition.model == "m@1"

            # Two replicas, of which one is killed.
            client.scale("front", 2, 2)
            client.wait(
                lambda: client.endpoint("front").arms[0].ready,
                lambda ready: ready == 2,
                timeout_s=30,
                what="the second",
            )
            time.sleep(1.0)  # the router reads its table every half second
            (arm,) = client.endpoint("front").arms
            assert arm.deployment_id == back.arms[0].deployment_id
            victim = backend.observe(f"{arm.deployment_id}-1").pid
            assert victim is not None
            before = sum(watcher.statuses.values())
            os.kill(victim, signal.SIGKILL)
            client.wait(
                lambda: client.deployments("front")[0].incarnation, lambda n: n == 3, timeout_s=30, what="its heir"
            )
            client.wait(
                lambda: sum(watcher.statuses.values()), lambda n: n > before + 50, timeout_s=30, what="more requests"
            )
        failed = sum(count for status, count in watcher.statuses.items() if status != 200)
        # One request may have been in flight on what was killed; this client has one at a time.
        assert failed <= 1, watcher.failures
        assert sum(watcher.statuses.values()) > 200

        ledger = client.ledger("front")
        assert [(live.version, live.share) for live in ledger.live] == [("m@1", 1.0)]
        shifted = next(entry for entry in ledger.entries if entry.version == "m@2" and entry.share == 0.3)
        then = client.ledger("front", at=shifted.at)
        assert {live.version: live.share for live in then.live} == {"m@1": 0.7, "m@2": 0.3}


def test_an_endpoint_sleeps_until_it_is_asked_and_a_killed_service_goes_on(started: ServiceProcess) -> None:
    config = started.config
    with started.client() as client:
        sleepy = replace(FRONT, name="sleepy", min_replicas=0, idle_s=2.0)
        client.apply(sleepy)
        over(client, "sleepy")
        token = token_that_works(config, client, "sleepy")
        client.wait(
            lambda: client.endpoint("sleepy").arms[0].replicas, lambda n: n == 0, timeout_s=30, what="falling asleep"
        )
        time.sleep(1.0)  # the router reads its table every half second
        url = f"http://{config.router_host}:{config.router_port}/endpoints/sleepy/predict"
        headers = {"Authorization": f"Bearer {token}"}
        woken = httpx.post(url, json={"a": 10.0}, headers=headers, timeout=40, trust_env=False)
        assert woken.status_code == 200
        assert woken.json()["predictions"][0]["prediction"] == pytest.approx(10.0)

        survivor = replace(FRONT, name="survivor")
        client.apply(survivor)
        over(client, "survivor")
        slow = replace(CANARY, strategy=Strategy.CANARY, step_s=3.0, min_requests=10)
        client.apply(replace(survivor, model="m@2", rollout=slow))
        client.wait(
            lambda: stage(client.endpoint("survivor")),
            lambda s: s is RolloutStage.CANARY,
            timeout_s=30,
            what="the canary",
        )
        with SteadyClient(config, token, "survivor") as watcher:
            started.kill()
            client.close()
            started.start()
            with started.client() as again:
                promoted = over(again, "survivor")
                assert (stage(promoted), promoted.serving) == (RolloutStage.DONE, "m@2")
        assert set(watcher.statuses) == {200}, watcher.failures
        assert {1.0, 1.01} <= set(watcher.slopes)


def test_an_endpoint_that_follows_an_alias_rolls_out_what_it_moves_to(started: ServiceProcess) -> None:
    with started.client() as client:
        point(client, 1)
        at_once = RolloutPolicy()
        client.apply(EndpointDefinition("follower", model="m@champion", follow=True, rollout=at_once))
        over(client, "follower")
        point(client, 2)
        client.wait(
            lambda: client.endpoint("follower"), lambda seen: seen.serving == "m@2", timeout_s=40, what="following"
        )
        applied = client.definition("follower")
        assert (applied.pins, applied.applied_by) == ({"m@champion": "m@2"}, "redspot")
        assert "m@champion moved from m@1 to m@2" in applied.why
        client.roll_back("follower")
        client.wait(
            lambda: client.endpoint("follower"), lambda seen: seen.serving == "m@1", timeout_s=40, what="going back"
        )
        assert not client.definition("follower").definition.follow


def point(client: ServiceClient, number: int) -> None:
    from redspot.contracts.requests import AliasIn

    client.send("PUT", "models/m/aliases/champion", body=AliasIn(number=number))
