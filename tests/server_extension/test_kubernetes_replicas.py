"""What the backend asks a cluster for, step by step; `test_kubernetes_cluster.py` has a real one answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from redspot_server.kubernetes.api import PLACES
from redspot_server.kubernetes.factory import cluster_of, kubernetes_replicas
from redspot_server.kubernetes.refusals import KubernetesForbiddenError, KubernetesNamespaceError, KubernetesQuotaError
from redspot_server.kubernetes.replicas import KubernetesReplicas, Reach
from redspot_server.services import Services

from redspot.compute.unit import ExitReason, UnitNotFoundError, UnitPhase
from redspot.config import Config
from redspot.registry.deployment import Deployment, DeploymentState, Replica, ReplicaState
from redspot.serving.kubernetes.arm import PullPolicy
from redspot.serving.kubernetes.errors import KubernetesSettingError
from redspot.serving.kubernetes.manifests import arm_manifests, secret
from tests.clock import SetClock
from tests.server_extension.memory_cluster import MemoryCluster
from tests.serving.kubernetes.arms import CLUSTER, SOURCE, check_schema, small_arm

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DEPLOYMENT = Deployment(
    "d_01", "penguins", "penguins", 7, DeploymentState.STARTING, 1, NOW, "ada", "", None, None, "", share=1.0
)
DENIED = 'pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "ml"'


def replica(number: int, state: ReplicaState = ReplicaState.STARTING) -> Replica:
    return Replica("d_01", number, state, NOW)


def backend(cluster: MemoryCluster, reach: Reach = Reach.SERVICE) -> KubernetesReplicas:
    return KubernetesReplicas(
        CLUSTER,
        connect=lambda: cluster.api,
        arm_of=lambda deployment: small_arm(endpoint=deployment.endpoint, deployment_id=deployment.id),
        secret_of=lambda deployment: "s3cret",
        clock=SetClock(NOW),
        reach=reach,
    )


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster()


def scale(cluster: MemoryCluster) -> tuple[int, str]:
    (found,) = cluster.find("Deployment", {})
    return found["spec"]["replicas"], found["metadata"]["annotations"]["org.redspot/replicas"]


def test_starting_again_changes_nothing_and_another_replica_is_another_pod(cluster: MemoryCluster) -> None:
    for _ in range(2):
        backend(cluster).start(DEPLOYMENT, replica(1))
        assert scale(cluster) == (1, "1")
    backend(cluster).start(DEPLOYMENT, replica(4))
    assert scale(cluster) == (2, "1,4")
    assert backend(cluster).unit_ids() == ("d_01-1", "d_01-4")
    kinds = sorted(kind for kind, _ in cluster.objects)
    assert kinds == [
        "ConfigMap",
        "ConfigMap",
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Secret",
        "Service",
    ]
    owned = [each for (kind, _), each in cluster.objects.items() if kind != "Deployment"]
    assert all(each["metadata"]["ownerReferences"][0]["kind"] == "Deployment" for each in owned)


def test_the_last_replica_takes_everything_with_it(cluster: MemoryCluster) -> None:
    one = backend(cluster)
    for number in (1, 2):
        one.start(DEPLOYMENT, replica(number))
    for _ in range(2):
        one.retire("d_01-1")
        assert scale(cluster) == (1, "2")
    one.retire("d_01-2")
    assert cluster.objects == {}
    one.retire("d_01-2")
    assert one.unit_ids() == ()


def test_a_start_that_was_cut_off_is_made_good(cluster: MemoryCluster) -> None:
    cluster.refuses["Service"] = (503, "etcdserver: leader changed")
    backend(cluster).start(DEPLOYMENT, replica(1))
    assert scale(cluster) == (0, "1")
    with pytest.raises(UnitNotFoundError):
        backend(cluster).observe(replica(1))
    del cluster.refuses["Service"]
    backend(cluster).start(DEPLOYMENT, replica(1))
    assert scale(cluster) == (1, "1")
    assert backend(cluster).observe(replica(1)).phase is UnitPhase.STARTING


def test_a_replica_is_ready_when_its_pod_is_and_found_by_service_or_address(cluster: MemoryCluster) -> None:
    backend(cluster).start(DEPLOYMENT, replica(1))
    assert not backend(cluster).is_ready(DEPLOYMENT, replica(1))
    cluster.put_pod("a", ready=True, podIP="10.0.0.7", startTime="2026-03-01T11:00:01Z")
    assert backend(cluster).is_ready(DEPLOYMENT, replica(1))
    assert backend(cluster).observe(replica(1)).phase is UnitPhase.RUNNING
    by_service = backend(cluster).entry(DEPLOYMENT, replica(1))
    assert by_service.socket == f"tcp://{small_arm(deployment_id='d_01').name}.ml.svc:8080"
    by_pod = backend(cluster, Reach.POD)
    assert by_pod.entry(DEPLOYMENT, replica(1)).socket == "tcp://10.0.0.7:8080"
    cluster.refuses["*"] = (503, "down")
    assert by_pod.entry(DEPLOYMENT, replica(1)).socket == "tcp://10.0.0.7:8080", "as it was seen last"


def test_a_pod_that_fails_ends_its_replica_with_the_last_line_of_its_log(cluster: MemoryCluster) -> None:
    backend(cluster).start(DEPLOYMENT, replica(1))
    ended = {"terminated": {"exitCode": 3, "reason": "Error"}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    container = {"name": "replica", "image": "i", "restartCount": 1, "state": waiting, "lastState": ended}
    cluster.put_pod("a", ready=False, containerStatuses=[container])
    cluster.logs["a", True] = "loading\nredspot replica: parity-failed: Row 3 is answered otherwise.\n"
    status = backend(cluster).observe(replica(1))
    assert status.phase is UnitPhase.ENDED
    assert status.exit is not None
    assert (status.exit.reason, status.exit.exit_code) == (ExitReason.EXITED, 3)
    assert backend(cluster).last_words(replica(1)) == "redspot replica: parity-failed: Row 3 is answered otherwise."


def test_a_quota_ends_the_replica_that_has_no_pod(cluster: MemoryCluster) -> None:
    for number in (1, 2):
        backend(cluster).start(DEPLOYMENT, replica(number))
    cluster.put_pod("a", ready=True)
    said = 'pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1'
    condition = {"type": "ReplicaFailure", "status": "True", "message": said}
    cluster.find("Deployment", {})[0]["metadata"]["namespace"] = "ml"
    cluster.find("Deployment", {})[0]["status"] = {"conditions": [condition]}
    assert backend(cluster).observe(replica(1)).phase is UnitPhase.RUNNING
    status = backend(cluster).observe(replica(2))
    assert status.exit is not None
    assert status.exit.message.startswith("Quota 'small' of namespace 'ml' leaves no room: it allows pods=1")


def test_while_the_cluster_does_not_answer_nothing_is_given_up(cluster: MemoryCluster) -> None:
    one = backend(cluster)
    one.start(DEPLOYMENT, replica(1))
    for answer in ((503, "down"), (403, DENIED)):
        cluster.refuses["*"] = answer
        one = backend(cluster)
        assert one.observe(replica(1, ReplicaState.READY)).phase is UnitPhase.RUNNING
        assert one.unit_ids() == ()
        assert not one.is_ready(DEPLOYMENT, replica(1))
    with pytest.raises(KubernetesForbiddenError, match="may not list pods"):
        one.observe(replica(1))
    cluster.refuses["*"] = (503, "down")
    assert backend(cluster).observe(replica(1)).phase is UnitPhase.STARTING


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (403, DENIED, KubernetesForbiddenError),
        (404, 'namespaces "ml" not found', KubernetesNamespaceError),
        (403, "exceeded quota: q, requested: services=1, used: services=1, limited: services=1", KubernetesQuotaError),
    ],
)
def test_what_the_cluster_refuses_to_take_is_an_error(
    cluster: MemoryCluster, status: int, said: str, error: type[Exception]
) -> None:
    cluster.refuses["Service"] = (status, said)
    with pytest.raises(error):
        backend(cluster).start(DEPLOYMENT, replica(1))
    # What was made until then is known, and goes when the replica is no longer wanted.
    assert backend(cluster).unit_ids() == ("d_01-1",)
    backend(cluster).retire("d_01-1")
    assert cluster.objects == {}


def test_deployments_of_others_are_left_alone(cluster: MemoryCluster) -> None:
    backend(cluster).start(DEPLOYMENT, replica(1))
    (ours,) = cluster.find("Deployment", {})
    ours["metadata"]["labels"]["org.redspot/installation"] = "another"
    assert backend(cluster).unit_ids() == ()
    with pytest.raises(UnitNotFoundError):
        backend(cluster).observe(replace(replica(1), state=ReplicaState.READY))


def test_the_documented_role_is_neither_more_nor_less_than_what_is_asked() -> None:
    text = (Path(__file__).parents[2] / "docs" / "kubernetes.md").read_text()
    (block,) = (part.partition("```")[0] for part in text.split("```yaml\n")[1:])
    role = yaml.safe_load(block)
    check_schema(role)
    given = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    asked = {
        ("apps", "deployments", "get"),
        ("apps", "deployments", "list"),
        ("apps", "deployments", "delete"),
        ("", "pods", "list"),
        ("", "pods/log", "get"),
    }
    arm = small_arm()
    for manifest in (secret(arm, CLUSTER, "s"), *arm_manifests(arm, CLUSTER)):
        group = manifest["apiVersion"].rpartition("/")[0]
        resource = PLACES[manifest["kind"]][1]
        # A server-side apply of what is not there yet needs both.
        asked |= {(group, resource, "create"), (group, resource, "patch")}
    assert given == asked


def test_an_installation_without_a_cluster_says_so_only_when_one_is_needed(config: Config) -> None:
    services = Services.open(config, host="embedded")
    try:
        made = kubernetes_replicas(services)
        assert made.unit_ids() == ()
        with pytest.raises(KubernetesSettingError, match="set kubernetes_namespace"):
            made.observe(replica(1))
        made.close()
    finally:
        services.database.dispose()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"kubernetes_pull_policy": "Sometimes"}, "kubernetes_pull_policy is 'Sometimes'; there is IfNotPresent"),
        ({"kubernetes_router_labels": "router"}, "kubernetes_router_labels has 'router'"),
        ({"kubernetes_router_labels": ""}, "every pod could reach replicas"),
        ({"kubernetes_service_url": "http://x"}, "are set together"),
        ({"kubernetes_namespace": "ML"}, "'ML' is not the name of a namespace"),
    ],
)
def test_a_setting_that_is_wrong_is_named(config: Config, settings: dict[str, str], says: str) -> None:
    with pytest.raises(KubernetesSettingError, match=says):
        cluster_of(replace(config, **settings))  # type: ignore[arg-type] # the settings are texts


def test_settings_of_a_cluster_are_read_whole(config: Config) -> None:
    cluster = cluster_of(
        replace(
            config,
            kubernetes_namespace="ml",
            kubernetes_pull_policy="Never",
            kubernetes_router_labels="app=router, tier=web",
            kubernetes_router_namespace="redspot",
            kubernetes_service_url="https://hub.example.org/services/redspot/",
            kubernetes_service_cidr="10.3.0.7/32",
            kubernetes_token_secret="redspot-token",
        )
    )
    assert cluster.router_labels == {"app": "router", "tier": "web"}
    assert cluster.source == SOURCE
    assert (cluster.namespace, cluster.router_namespace, cluster.pull_policy) == ("ml", "redspot", PullPolicy.NEVER)
