"""Endpoints of a real service, written for a cluster."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml

from redspot.client.service import ServiceClient, ServiceProblemError
from redspot.registry.definition import EndpointDefinition
from redspot.serving.kubernetes.checking import problems
from tests.rollouts import register
from tests.services import ServiceProcess
from tests.serving.kubernetes.arms import check_schema

SPLIT = EndpointDefinition("Front_1", split={"m@1": 0.75, "m@2": 0.25}, min_replicas=0, max_replicas=1)


@pytest.fixture(scope="module")
def endpoint(client: ServiceClient) -> EndpointDefinition:
    for slope in (1.0, 2.0):
        register(client, "m", slope)
    client.apply(SPLIT, confirm=True)
    client.set_endpoint_state(SPLIT.name, "stopped")
    return SPLIT


def test_the_verb_writes_what_a_cluster_takes(shared_service: ServiceProcess, endpoint: EndpointDefinition) -> None:
    argv = [
        "endpoints",
        "export",
        endpoint.name,
        "--to",
        "kubernetes",
        "--image",
        "redspot:7",
        "--gateway",
        "pub.gw",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "redspot", *argv],
        env={**os.environ, **shared_service.config.to_environment()},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    manifests = list(yaml.safe_load_all(done.stdout))
    for manifest in manifests:
        check_schema(manifest)
    assert problems(manifests) == ()
    (route,) = (each for each in manifests if each["kind"] == "HTTPRoute")
    assert [ref["weight"] for ref in route["spec"]["rules"][0]["backendRefs"]] == [750, 250]
    assert route["spec"]["parentRefs"] == [{"name": "pub", "namespace": "gw"}]
    (image,) = {
        container["image"]
        for each in manifests
        if each["kind"] == "Deployment"
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    assert image == "redspot:7"
    assert not any(each["kind"] == "Secret" for each in manifests)


def test_what_cannot_be_exported_is_said(client: ServiceClient, endpoint: EndpointDefinition) -> None:
    for settings, code in (
        ({"to": "kserve", "image": "redspot:7"}, "kubernetes-export"),
        ({"to": "kubernetes"}, "kubernetes-setting"),
        ({"to": "kubernetes", "image": "redspot:7", "gateway": "Public"}, "kubernetes-export"),
    ):
        with pytest.raises(ServiceProblemError) as caught:
            client.export(endpoint.name, **settings)
        assert (caught.value.code, caught.value.status) == (code, 400)
    with pytest.raises(ServiceProblemError) as missing:
        client.export("nobody", to="kubernetes", image="redspot:7")
    assert missing.value.status == 404
