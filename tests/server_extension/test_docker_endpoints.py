"""An endpoint whose replicas are containers of an image that was really built for its version."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from redspot.client.service import ServiceProblemError
from redspot.config import Config
from redspot.images.building import PLAN_LABEL
from redspot.registry.definition import EndpointDefinition
from redspot.registry.policy import RolloutPolicy, Strategy
from redspot.registry.rollout import RolloutStage
from redspot.registry.standing import Endpoint
from tests.rollouts import SteadyClient, register
from tests.server_extension.test_rollouts import over, stage, token_that_works
from tests.services import ServiceProcess

pytestmark = pytest.mark.docker
FRONT = EndpointDefinition("front", model="m@1", backend="docker", rollout=RolloutPolicy(Strategy.BLUE_GREEN))
BUILD_S = 400.0


def engine(*argv: str) -> str:
    return subprocess.run(["docker", *argv], capture_output=True, text=True, check=True).stdout.strip()


def containers(endpoint: Endpoint) -> list[dict[str, Any]]:
    assert endpoint.deployment is not None
    names = [line for line in engine("ps", "-q", "--filter", "label=org.redspot.kind=replica").splitlines() if line]
    shown = json.loads(engine("inspect", *names)) if names else []
    mark = endpoint.deployment.id
    return [each for each in shown if each["Config"]["Labels"]["org.redspot.unit"].startswith(mark)]


@pytest.fixture
def started(config: Config, docker_base: str) -> Iterator[ServiceProcess]:
    process = ServiceProcess(replace(config, base_image="redspot-base:bookworm"))
    process.start()
    with process.client() as client:
        for slope in (1.0, 1.01):
            register(client, "m", slope)
    yield process
    process.end()
    engine("image", "prune", "--force", "--all", "--filter", f"label={PLAN_LABEL}")


def test_without_a_base_image_there_is_no_docker(shared_service: ServiceProcess) -> None:
    with shared_service.client() as client:
        register(client, "dockerless", 1.0)
        with pytest.raises(ServiceProblemError, match="needs the setting 'base_image'"):
            client.apply(replace(FRONT, name="dockerless", model="dockerless@1"))


def test_a_version_is_served_from_its_own_image_in_a_box(started: ServiceProcess) -> None:
    config = started.config
    with started.client() as client:
        client.apply(FRONT)
        first = over(client, timeout_s=BUILD_S)
        assert stage(first) is RolloutStage.DONE, first
        assert first.deployment is not None
        (box,) = containers(first)
        assert box["Image"] == first.deployment.image
        assert box["Config"]["User"] == "1000:1000"
        host = box["HostConfig"]
        assert (host["ReadonlyRootfs"], host["NetworkMode"], host["CapDrop"]) == (True, "none", ["ALL"])
        assert host["Memory"] == config.memory_bytes
        assert not any("docker.sock" in bind for bind in host["Binds"])
        token = token_that_works(config, client, "front")
        with SteadyClient(config, token, "front") as watcher:
            client.apply(replace(FRONT, model="m@2"))
            second = over(client)
            assert (stage(second), second.serving) == (RolloutStage.DONE, "m@2")
            # The same libraries are the same image: nothing was built again.
            assert second.deployment is not None
            assert second.deployment.image == first.deployment.image
            swapped = len(watcher.slopes)
        assert set(watcher.statuses) == {200}, watcher.failures[:3]
        assert set(watcher.slopes) == {1.0, 1.01}
        assert swapped > 20

        # A service that was killed adopts what still answers.
        (box,) = containers(second)
        started.kill()
        started.start()
    with started.client() as client:
        client.wait(lambda: client.endpoint("front"), lambda seen: seen.serving == "m@2", timeout_s=20, what="adoption")
        assert [each["Id"] for each in containers(client.endpoint("front"))] == [box["Id"]]
        # A container that is killed is replaced.
        engine("kill", box["Id"])
        client.wait(
            lambda: [each["Id"] for each in containers(client.endpoint("front"))],
            lambda found: len(found) == 1 and found != [box["Id"]],
            timeout_s=30,
            what="another container",
        )
        token_that_works(config, client, "front")
        client.set_endpoint_state("front", "stopped")
        client.wait(lambda: containers(client.endpoint("front")), lambda found: not found, timeout_s=30, what="the end")


def test_an_image_that_cannot_be_built_fails_the_rollout_with_the_reason(config: Config, docker_base: str) -> None:
    process = ServiceProcess(replace(config, base_image="redspot-nobody:1"))
    process.start()
    with process.client() as client:
        register(client, "m", 1.0)
        client.apply(FRONT)
        failed = over(client, timeout_s=BUILD_S)
        assert stage(failed) is not RolloutStage.DONE
        assert failed.rollout is not None
        assert "'redspot-nobody:1' is not on the engine" in failed.rollout.reason
    process.end()
