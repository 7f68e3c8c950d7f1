"""What an API server says, in its own shape, and what we make of it: texts as those of Kubernetes 1.36."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redspot_server.kubernetes.pods import Progress, failure, progress, ranked
from redspot_server.kubernetes.refusals import controller_sentence, refusal
from redspot_server.kubernetes.standing import arms_of, numbers_of, written

from redspot.compute.unit import ExitReason

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEGUN = "2026-03-01T11:50:00Z"


def pod(
    name: str = "p-1", *, created: str = BEGUN, ready: bool = False, phase: str = "Pending", **more: Any
) -> dict[str, Any]:
    """Return a pod as the API does."""
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}, *more.pop("conditions", ())]
    container = {
        "name": "replica",
        "image": "redspot/endpoint:7",
        "resources": {"limits": {"cpu": "1", "memory": "2Gi"}},
    }
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": created,
            "labels": {"app.kubernetes.io/instance": "penguins-1"},
            **more.pop("metadata", {}),
        },
        "spec": {"nodeName": "node-a", "containers": [container]},
        "status": {"phase": phase, "startTime": created, "conditions": conditions, **more},
    }


def container(state: dict[str, Any], last: dict[str, Any] | None = None, restarts: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "name": "replica",
            "image": "redspot/endpoint:7",
            "ready": False,
            "restartCount": restarts,
            "state": state,
            "lastState": last or {},
        }
    ]


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def unschedulable(message: str, at: datetime) -> dict[str, Any]:
    moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "lastTransitionTime": moment,
    }
    return pod(conditions=[condition])


@pytest.mark.parametrize(
    ("status", "reason", "says"),
    [
        (
            container(
                waiting(
                    "ImagePullBackOff",
                    'Back-off pulling image "redspot/endpoint:7": ErrImagePull: failed to pull and unpack it:'
                    " not found",
                )
            ),
            ExitReason.NOT_STARTED,
            "Image 'redspot/endpoint:7' cannot be fetched: failed to pull and unpack it: not found.",
        ),
        (
            container(waiting("ErrImageNeverPull", 'Container image "redspot/endpoint:7" is not present')),
            ExitReason.NOT_STARTED,
            "Image 'redspot/endpoint:7' is not on node 'node-a', and the pull policy 'Never' fetches none.",
        ),
        (
            container(waiting("InvalidImageName", "couldn't parse image name")),
            ExitReason.NOT_STARTED,
            "'redspot/endpoint:7' is not the name of an image.",
        ),
        (
            container(waiting("CreateContainerConfigError", 'secret "penguins-secret" not found')),
            ExitReason.NOT_STARTED,
            'Its container cannot be started: secret "penguins-secret" not found.',
        ),
        (
            container(
                waiting("CrashLoopBackOff", "back-off 10s restarting failed container"),
                {"terminated": {"exitCode": 3, "reason": "Error"}},
                restarts=2,
            ),
            ExitReason.EXITED,
            "It ended 2 times, last with exit status 3.",
        ),
        (
            container(
                waiting("CrashLoopBackOff"), {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, restarts=1
            ),
            ExitReason.OUT_OF_MEMORY,
            "It used more memory than its limit of 2Gi.",
        ),
        (
            container({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            ExitReason.OUT_OF_MEMORY,
            "It used more memory than its limit of 2Gi.",
        ),
    ],
)
def test_what_keeps_a_pod_from_being_ready_is_one_sentence(status: Any, reason: ExitReason, says: str) -> None:
    found = failure(pod(containerStatuses=status), NOW)
    assert found is not None
    assert (found.reason, found.message) == (reason, says)
    assert progress(pod(containerStatuses=status), NOW) is Progress.FAILING


def test_an_init_container_that_fails_is_told_alike() -> None:
    status = container(waiting("ErrImageNeverPull"))
    found = failure(pod(initContainerStatuses=status, containerStatuses=container(waiting("PodInitializing"))), NOW)
    assert found is not None
    assert "pull policy 'Never'" in found.message


@pytest.mark.parametrize(
    "status",
    [
        [],
        container(waiting("ContainerCreating")),
        container(waiting("ErrImagePull", "a registry that was slow")),
        container({"running": {"startedAt": BEGUN}}),
        container({"terminated": {"exitCode": 1, "reason": "Error"}}, restarts=0),
    ],
)
def test_a_pod_that_may_still_get_ready_is_starting(status: Any) -> None:
    assert failure(pod(containerStatuses=status), NOW) is None
    assert progress(pod(containerStatuses=status), NOW) is Progress.STARTING


def test_a_pod_that_is_ready_again_is_ready_whatever_ended_it_before() -> None:
    status = container({"running": {}}, {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, restarts=1)
    assert progress(pod(ready=True, containerStatuses=status), NOW) is Progress.READY


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (
            "0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient memory."
            " preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
            "No node has room for it: of 3 nodes, 1 has too little cpu left, 2 have too little memory left.",
        ),
        (
            "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
            "No node has room for it: of 1 node, 1 has too little gpu left.",
        ),
        (
            "0/1 nodes are available: 1 node(s) had untolerated taint {gpu: only}. preemption: not helpful",
            "No node takes it: 0/1 nodes are available: 1 node(s) had untolerated taint {gpu: only}.",
        ),
    ],
)
def test_a_pod_without_a_node_says_what_is_lacking_once_it_has_waited(message: str, says: str) -> None:
    found = failure(unschedulable(message, NOW - timedelta(minutes=5)), NOW)
    assert found is not None
    assert (found.reason, found.message) == (ExitReason.NOT_STARTED, says)
    assert failure(unschedulable(message, NOW - timedelta(seconds=5)), NOW) is None


REFUSALS = [
    (
        403,
        'deployments.apps "penguins-1" is forbidden: User "system:serviceaccount:ml:redspot" cannot patch resource'
        ' "deployments" in API group "apps" in the namespace "ml"',
        "kubernetes-forbidden",
        "Account 'system:serviceaccount:ml:redspot' may not patch deployments.apps in namespace 'ml' of the cluster:"
        " bind the Role of docs/kubernetes.md to it.",
    ),
    (
        403,
        'pods is forbidden: User "system:serviceaccount:ml:redspot" cannot list resource "pods" in API group ""'
        ' in the namespace "ml"',
        "kubernetes-forbidden",
        "Account 'system:serviceaccount:ml:redspot' may not list pods in namespace 'ml' of the cluster:"
        " bind the Role of docs/kubernetes.md to it.",
    ),
    (
        403,
        'services "penguins-1" is forbidden: exceeded quota: small, requested: services=1, used: services=5,'
        " limited: services=5",
        "kubernetes-quota",
        "Quota 'small' of namespace 'ml' leaves no room: it allows services=5, services=5 is used,"
        " and a replica asks for services=1.",
    ),
    (
        404,
        'namespaces "ml" not found',
        "kubernetes-namespace",
        "Namespace 'ml' does not exist in the cluster: make it, or name another one.",
    ),
    (401, "Unauthorized", "kubernetes-forbidden", "The cluster does not know Redspot's account:"),
    (422, 'Deployment.apps "x" is invalid: spec', "kubernetes-refused", "The cluster refused it: Deployment.apps"),
    (503, "the server is currently unable", "kubernetes-unavailable", "The cluster cannot do it now: the server"),
    (429, "", "kubernetes-unavailable", "The cluster cannot do it now: it gives no reason."),
]


@pytest.mark.parametrize(("status", "said", "code", "says"), REFUSALS)
def test_a_refusal_is_an_error_of_ours_in_one_sentence(status: int, said: str, code: str, says: str) -> None:
    error = refusal(status, said, "ml")
    assert error.code == code
    assert error.message.startswith(says)
    assert error.message.endswith(".")


def deployment(numbers: str, scale: int, **status: Any) -> dict[str, Any]:
    annotations = {"org.redspot/replicas": numbers, "org.redspot/deployment-id": "d_1"}
    return {
        "metadata": {"name": "penguins-1", "namespace": "ml", "annotations": annotations},
        "spec": {"replicas": scale},
        "status": status,
    }


def test_a_quota_that_stops_pods_is_told_by_the_deployment() -> None:
    condition = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": 'pods "penguins-1-abc" is forbidden: exceeded quota: pods, requested: limits.cpu=1,pods=1,'
        " used: limits.cpu=2,pods=2, limited: limits.cpu=2,pods=2",
    }
    assert controller_sentence(deployment("1", 1, conditions=[condition])) == (
        "Quota 'pods' of namespace 'ml' leaves no room: it allows limits.cpu=2,pods=2, limits.cpu=2,pods=2 is used,"
        " and a replica asks for limits.cpu=1,pods=1."
    )
    condition["message"] = 'pods "x" is forbidden: violates PodSecurity "restricted:latest": hostPath volumes'
    assert controller_sentence(deployment("1", 1, conditions=[condition])).startswith(
        "The cluster does not make its pods:"
    )
    condition["status"] = "False"
    assert controller_sentence(deployment("1", 1, conditions=[condition])) == ""


def test_numbers_stand_for_the_best_pods() -> None:
    old, young = "2026-03-01T11:00:00Z", "2026-03-01T11:30:00Z"
    pods = [
        pod("crashing", created=old, containerStatuses=container(waiting("CrashLoopBackOff"), restarts=4)),
        pod("starting", created=young),
        pod("second", created=young, ready=True, phase="Running"),
        pod("first", created=old, ready=True, phase="Running"),
        pod("going", created=old, ready=True, metadata={"deletionTimestamp": young}),
        pod("evicted", created=old, phase="Failed"),
    ]
    assert [each["metadata"]["name"] for each in ranked(pods, NOW)] == ["first", "second", "starting", "crashing"]
    arm = arms_of([deployment("2,5,9", 3)], pods, NOW)["d_1"]
    assert arm.numbers == (2, 5, 9)
    assert [(arm.pod_of(number) or {})["metadata"]["name"] for number in arm.numbers] == ["first", "second", "starting"]
    assert arms_of([deployment("2,5,9,10,11", 5)], pods, NOW)["d_1"].pod_of(11) is None


def test_what_is_being_deleted_or_not_ours_stands_for_nothing() -> None:
    going = deployment("1", 1)
    going["metadata"]["deletionTimestamp"] = BEGUN
    foreign = deployment("1", 1)
    foreign["metadata"]["annotations"] = {}
    assert arms_of([going, foreign], [], NOW) == {}


def test_numbers_are_read_as_they_were_written() -> None:
    assert numbers_of(deployment(written([12, 3, 3, 1]), 3)) == (1, 3, 12)
    assert numbers_of(deployment("", 0)) == ()
