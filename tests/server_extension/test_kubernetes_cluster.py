"""A real cluster: the one that ``KUBECONFIG`` names, whose nodes have the image ``REDSPOT_TEST_IMAGE``.

The image holds Redspot's base install and scikit-learn. Each test has a namespace of its own, in which pods must
satisfy the Pod Security Standard *restricted*. The router runs here, so it reaches pods through port-forwards.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from redspot_server.controllers import backends, router_table
from redspot_server.controllers.deployer import Deployer
from redspot_server.controllers.router_unit import own_token
from redspot_server.endpoints.definitions import abort
from redspot_server.endpoints.models import register_version
from redspot_server.identity import Caller, Right
from redspot_server.kubernetes import pods as pods_module
from redspot_server.kubernetes.api import KubernetesApi, connect
from redspot_server.kubernetes.factory import arm_of, cluster_of, installation_of, kubernetes_replicas
from redspot_server.kubernetes.forward import PodForward
from redspot_server.kubernetes.pods import is_active, is_ready
from redspot_server.kubernetes.refusals import KubernetesForbiddenError, KubernetesNamespaceError
from redspot_server.kubernetes.replicas import KubernetesReplicas, Reach
from redspot_server.services import Services

from redspot.clock import SystemClock
from redspot.compute.instance import InstanceType
from redspot.compute.unit import UnitPhase, UnitStatus
from redspot.config import Config
from redspot.contracts.requests import VersionIn, WhyIn
from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import Deployment, DeploymentState, Replica, ReplicaState
from redspot.registry.endpoint import EndpointState
from redspot.registry.policy import RolloutPolicy, Strategy
from redspot.registry.rollout import RolloutStage
from redspot.serving.address import TcpAddress
from redspot.serving.kubernetes.arm import Cluster, KubernetesArm, PipelineFile, PullPolicy
from redspot.serving.signature import SECRET_HEADER
from tests.rollouts import pipeline_file

pytestmark = [
    pytest.mark.kubernetes,
    # The official client's own threads and sockets.
    *(
        pytest.mark.filterwarnings(f"default::{kind}")
        for kind in (
            "DeprecationWarning",
            "ResourceWarning",
            "pytest.PytestUnhandledThreadExceptionWarning",
            "pytest.PytestUnraisableExceptionWarning",
        )
    ),
]

ADA = Caller("ada", "socket", frozenset({Right.READ, Right.AUTHOR}))
# Small enough for a cluster of one small node; starting takes as much CPU time as it takes.
TYPES = (InstanceType("cpu.small", 0.25, 384 * 1024**2, "for tests"),)
WAIT_S = 240.0
OURS = {"app.kubernetes.io/part-of": "redspot"}
# A canary that stays where it is until somebody decides.
CANARY = RolloutPolicy(Strategy.CANARY, (0.25, 1.0), step_s=3600.0, min_requests=100_000)
FRONT = EndpointDefinition("Front_1", model="m@1", backend="kubernetes", rollout=CANARY)


def image() -> str:
    found = os.environ.get("REDSPOT_TEST_IMAGE", "")
    if not found:
        pytest.fail("REDSPOT_TEST_IMAGE names no image: it is one that the cluster's nodes have")
    return found


def wait_for(condition: Callable[[], Any], what: str, within_s: float = WAIT_S) -> Any:
    """Return what the condition gives as soon as it gives something."""
    give_up = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < give_up, f"{what} did not happen within {within_s:g} s"
        time.sleep(0.3)
    return found


def ask(client: Any, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Send what the backend itself never sends, and return the answer."""
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    request = client.param_serialize(method, path, header_params=headers, body=body, auth_settings=["BearerToken"])
    answer = client.call_api(*request, _request_timeout=(5.0, 30.0))
    content: dict[str, Any] = json.loads(answer.read())
    assert answer.status < 300, content
    return content


@pytest.fixture
def api() -> Iterator[KubernetesApi]:
    """Calls in a namespace of the test's own, which goes with all that is in it."""
    client, name = connect(), f"redspot-test-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted", "org.redspot/test": "yes"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    ask(client, "POST", "/api/v1/namespaces", body)
    try:
        yield KubernetesApi(client, name)
    finally:
        ask(client, "DELETE", f"/api/v1/namespaces/{name}")
        client.close()


@pytest.fixture
def services(config: Config, api: KubernetesApi) -> Iterator[Services]:
    settings = replace(
        config,
        kubernetes_namespace=api.namespace,
        kubernetes_image=image(),
        kubernetes_pull_policy=os.environ.get("REDSPOT_TEST_PULL_POLICY", "IfNotPresent"),
    )
    opened = replace(Services.open(settings, host="embedded"), instance_types=TYPES)
    for slope in (1.0, 2.0):
        body = VersionIn(pipeline=base64.b64encode(pipeline_file(slope)).decode())
        register_version(opened, ADA, "m", body)
    yield opened
    opened.database.dispose()


class ForwardedReplicas(KubernetesReplicas):
    """The same, with each pod behind a port of this machine."""

    def __init__(self, services: Services, api: KubernetesApi, forwards: ExitStack) -> None:
        super().__init__(
            cluster_of(services.config, installation_of(services)),
            connect=lambda: api,
            arm_of=lambda deployment: arm_of(services, deployment),
            secret_of=lambda deployment: services.secret_of(f"replica:{deployment.id}"),
            clock=services.clock,
            reach=Reach.POD,
            can_ask=True,
        )
        self._forwards, self._ports = forwards, dict[str, int]()

    def _pod_address(self, deployment: Deployment, replica: Replica) -> TcpAddress | None:
        if super()._pod_address(deployment, replica) is None:
            return None
        pod = self._look()[deployment.id].pod_of(replica.number)
        assert pod is not None
        name = pod["metadata"]["name"]
        if name not in self._ports:
            forward = PodForward(self._api.client, self._api.namespace, name)
            self._ports[name] = self._forwards.enter_context(forward).port
        return TcpAddress("127.0.0.1", self._ports[name])


@dataclass
class Installation:
    """A deployer that is stepped by hand, and a router in a process of its own."""

    services: Services
    api: KubernetesApi
    deployer: Deployer

    def until(self, condition: Callable[[], Any], what: str, within_s: float = WAIT_S) -> Any:
        def step() -> Any:
            self.deployer.step()
            return condition()

        return wait_for(step, what, within_s)

    def apply(self, definition: EndpointDefinition) -> None:
        pins = {definition.model: definition.model}
        self.services.endpoints.apply(definition, pins, by="ada", why="")

    def rollout(self) -> tuple[RolloutStage, str]:
        found = self.services.endpoints.standing(FRONT.name).rollout
        assert found is not None
        return found.stage, found.reason

    def reaches(self, stage: RolloutStage) -> None:
        def there() -> bool:
            now, reason = self.rollout()
            assert now is stage or not now.is_over, reason
            return now is stage

        self.until(there, f"stage {stage}")

    def ready_pods(self) -> list[dict[str, Any]]:
        return [pod for pod in self.api.find("Pod", OURS) if is_ready(pod) and is_active(pod)]

    def predict(self, value: float) -> httpx.Response:
        url = f"http://127.0.0.1:{self.services.config.router_port}/endpoints/{FRONT.name}/predict"
        headers = {"Authorization": f"Bearer {own_token(self.services)}"}
        return httpx.post(url, json={"a": value}, headers=headers, timeout=60, trust_env=False)

    def answers(self, count: int) -> Counter[float]:
        found: Counter[float] = Counter()
        for _ in range(count):
            answer = self.predict(8.0)
            assert answer.status_code == 200, answer.text
            found[round(answer.json()["predictions"][0]["prediction"] / 8.0, 2)] += 1
        return found

    def is_known(self) -> bool:
        return self.predict(1.0).status_code == 200


@pytest.fixture
def installation(
    services: Services, api: KubernetesApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Installation]:
    config = services.config
    with ExitStack() as forwards:
        backend = ForwardedReplicas(services, api, forwards)
        monkeypatch.setitem(backends._KINDS, backend.name, lambda _: backend)
        monkeypatch.setattr(router_table, "BACKENDS", tuple(backends._KINDS))
        argv = ["--snapshot", str(config.snapshot_file), "--port", str(config.router_port)]
        router = subprocess.Popen([sys.executable, "-m", "redspot.serving.router", *argv], stderr=subprocess.DEVNULL)
        try:
            yield Installation(services, api, Deployer(services))
        finally:
            router.terminate()
            assert router.wait(20) == 0


def test_an_endpoint_lives_its_whole_life_in_the_cluster(installation: Installation) -> None:
    services, api = installation.services, installation.api

    # Deployed, ready, asked.
    installation.apply(FRONT)
    installation.reaches(RolloutStage.DONE)
    installation.until(installation.is_known, "an answer", 60)
    assert installation.answers(5) == {1.0: 5}

    # Scaled to two; one that is lost is replaced, by the cluster.
    two = replace(FRONT, min_replicas=2, max_replicas=2)
    installation.apply(two)
    installation.until(lambda: len(installation.ready_pods()) == 2, "two pods' being ready")
    (lost, _) = installation.ready_pods()
    name = lost["metadata"]["name"]
    api.delete("Pod", name)

    def is_replaced() -> bool:
        ready = [pod["metadata"]["name"] for pod in installation.ready_pods()]
        return len(ready) == 2 and name not in ready

    installation.until(is_replaced, "another pod's being ready")
    installation.until(installation.is_known, "an answer", 60)

    # And back to one.
    installation.apply(FRONT)
    installation.until(lambda: len(installation.ready_pods()) == 1, "one pod's going")

    # A canary gets its share, and is rolled back.
    installation.apply(replace(FRONT, model="m@2"))
    installation.reaches(RolloutStage.CANARY)
    installation.until(lambda: set(installation.answers(8)) == {1.0, 2.0}, "the canary's answers", 60)
    shares = installation.answers(80)
    assert 5 <= shares[2.0] <= 40, shares
    abort(services, ADA, FRONT.name, WhyIn())
    installation.until(lambda: len(api.find("Deployment", OURS)) == 1, "its going")
    installation.until(lambda: set(installation.answers(10)) == {1.0}, "the old answers", 60)

    # Stopped: nothing is left.
    services.endpoints.set_state(FRONT.name, EndpointState.STOPPED, by="ada")
    kinds = ("Deployment", "Service", "Secret", "ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "Pod")
    installation.until(lambda: not any(api.find(kind, OURS) for kind in kinds), "everything's going")


@dataclass
class Probe:
    """The backend alone, with one deployment."""

    backend: KubernetesReplicas
    deployment: Deployment
    replica: Replica

    def ended(self) -> str:
        """Return why the replica cannot be, once that is known."""

        def failed() -> UnitStatus | None:
            found = self.backend.observe(self.replica)
            return found if found.phase is UnitPhase.ENDED else None

        found = wait_for(failed, "the replica's failing")
        assert found.exit is not None
        message: str = found.exit.message
        return message


def probe(api: KubernetesApi, *, name: str = "", cpu: float = 0.25, pull: PullPolicy = PullPolicy.NEVER) -> Probe:
    now = datetime.now(UTC)
    content = pipeline_file(1.0)
    arm = KubernetesArm(
        "front",
        "d_1",
        "m",
        "1",
        name or image(),
        InstanceType("t", cpu, 384 * 1024**2, ""),
        PipelineFile("sha256:" + "0" * 64, len(content), content),
        settings={"trusted_modules": []},
    )
    backend = KubernetesReplicas(
        Cluster(api.namespace, pull, installation=secrets.token_hex(4)),
        connect=lambda: api,
        arm_of=lambda _: arm,
        secret_of=lambda _: "s3cret",
        clock=SystemClock(),
    )
    deployment = Deployment("d_1", "front", "m", 1, DeploymentState.STARTING, 1, now, "ada", "", None, None, "")
    return Probe(backend, deployment, Replica("d_1", 1, ReplicaState.STARTING, now))


def test_a_replica_answers_who_has_its_secret_through_a_port_forward(api: KubernetesApi) -> None:
    tried = probe(api, pull=PullPolicy(os.environ.get("REDSPOT_TEST_PULL_POLICY", "IfNotPresent")))
    tried.backend.start(tried.deployment, tried.replica)
    wait_for(lambda: tried.backend.is_ready(tried.deployment, tried.replica), "its being ready")
    (pod,) = api.find("Pod", OURS)
    with PodForward(api.client, api.namespace, pod["metadata"]["name"]) as forward:
        url = f"http://127.0.0.1:{forward.port}"
        with httpx.Client(base_url=url, timeout=30, trust_env=False, headers={SECRET_HEADER: "s3cret"}) as client:
            assert client.get("/v2/health/ready").status_code == 200
            answer = client.post("/predict", json=[{"a": 3.0}])
            assert answer.json()["predictions"][0]["prediction"] == pytest.approx(3.0, abs=0.05)
            refused = client.post("/predict", json=[{"a": 3.0}], headers={SECRET_HEADER: "other"})
            assert refused.status_code in (401, 403)
    assert tried.backend.last_words(tried.replica)
    tried.backend.retire(tried.replica.unit_id)
    wait_for(lambda: not api.find("Pod", OURS), "its going", 120)


def test_a_quota_is_told_in_one_sentence(api: KubernetesApi) -> None:
    path = f"/api/v1/namespaces/{api.namespace}/resourcequotas"
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    ask(api.client, "POST", path, quota)
    wait_for(lambda: ask(api.client, "GET", f"{path}/none").get("status", {}).get("hard"), "the quota's counting", 60)
    tried = probe(api)
    tried.backend.start(tried.deployment, tried.replica)
    said = tried.ended()
    assert said.startswith(f"Quota 'none' of namespace '{api.namespace}' leaves no room: it allows pods=0"), said
    assert said.count(". ") == 0


def test_a_right_that_is_lacking_is_told_in_one_sentence(api: KubernetesApi) -> None:
    from kubernetes.client import ApiClient

    path = f"/api/v1/namespaces/{api.namespace}/serviceaccounts"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}}
    ask(api.client, "POST", path, account)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
    token = ask(api.client, "POST", f"{path}/nobody/token", request)["status"]["token"]
    configuration = copy.copy(api.client.configuration)
    configuration.cert_file = configuration.key_file = None
    configuration.refresh_api_key_hook = None
    configuration.api_key_prefix = {}
    configuration.api_key = {"authorization": f"Bearer {token}"}
    with ApiClient(configuration) as client:
        tried = probe(KubernetesApi(client, api.namespace))
        with pytest.raises(KubernetesForbiddenError) as caught:
            tried.backend.start(tried.deployment, tried.replica)
    user = f"system:serviceaccount:{api.namespace}:nobody"
    assert caught.value.message.startswith(f"Account '{user}' may not get deployments.apps in namespace")


def test_a_namespace_that_is_not_there_is_told_in_one_sentence(api: KubernetesApi) -> None:
    missing = f"{api.namespace}-missing"
    tried = probe(KubernetesApi(api.client, missing))
    with pytest.raises(KubernetesNamespaceError, match=f"Namespace '{missing}' does not exist"):
        tried.backend.start(tried.deployment, tried.replica)


def test_an_image_that_no_node_has_is_told_in_one_sentence(api: KubernetesApi) -> None:
    tried = probe(api, name="redspot.invalid/none:1")
    tried.backend.start(tried.deployment, tried.replica)
    assert tried.ended().startswith("Image 'redspot.invalid/none:1' is not on node ")


def test_a_node_that_is_too_small_is_told_in_one_sentence(api: KubernetesApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods_module, "UNSCHEDULABLE_GRACE_S", 0.0)
    tried = probe(api, cpu=10_000.0)
    tried.backend.start(tried.deployment, tried.replica)
    said = tried.ended()
    assert said.startswith("No node has room for it: of "), said
    assert "too little cpu left" in said


def test_the_settings_make_a_backend_that_knows_whether_there_are_gateways(
    services: Services, api: KubernetesApi
) -> None:
    groups = {group["name"] for group in ask(api.client, "GET", "/apis")["groups"]}
    made = kubernetes_replicas(services)
    try:
        assert made.unit_ids() == ()
        assert made.has_gateways() == ("gateway.networking.k8s.io" in groups)
    finally:
        made.close()
