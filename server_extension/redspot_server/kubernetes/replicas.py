"""Replicas as pods of a cluster; see the port `ReplicaBackend`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import httpx

from redspot.clock import Clock
from redspot.compute.unit import ExitReason, ExitRecord, UnitKind, UnitNotFoundError, UnitPhase, UnitStatus
from redspot.registry.deployment import Deployment, Replica, ReplicaState
from redspot.registry.figures import Scores
from redspot.serving.address import TcpAddress
from redspot.serving.kubernetes.arm import PORT, Cluster, KubernetesArm
from redspot.serving.kubernetes.errors import KubernetesSettingError
from redspot.serving.kubernetes.manifests import Manifest, arm_manifests, secret
from redspot.serving.kubernetes.naming import arm_name
from redspot.serving.kubernetes.pod import CONTAINER
from redspot.serving.signature import SECRET_HEADER
from redspot.serving.snapshot import ReplicaEntry
from redspot_server.controllers.stats import scores_of
from redspot_server.kubernetes.api import KubernetesApi
from redspot_server.kubernetes.pods import PodFailure, failure, has_restarted, is_ready, started_at
from redspot_server.kubernetes.refusals import CLUSTER_ERRORS, KubernetesUnavailableError
from redspot_server.kubernetes.standing import DEPLOYMENT_ID, NUMBERS, ArmStanding, arms_of, numbers_of, written

_log = logging.getLogger(__name__)
# The deployer asks about each replica by itself; within this time one look answers all of it.
_LOOK_S = 0.4
_PROBE_TIMEOUT_S = 2.0
_LOG_LINES = 50


class Reach(StrEnum):
    """How the router finds replicas: each pod by its address, or all of an arm by their Service's name."""

    POD = "pod"
    SERVICE = "service"


class KubernetesReplicas:
    """Keeps a Deployment for each version at an endpoint, and reads from its pods what became of replicas.

    While the cluster's API does not answer, or not to us, replicas count as they did before: pods go on without it.

    Parameters
    ----------
    connect
        Called once, when the cluster is needed; may raise KubernetesMissingError, KubernetesConfigError and
        KubernetesSettingError.
    arm_of
        What a deployment of the ledger is in the cluster; may raise KubernetesSettingError.
    secret_of
        What the router shows to a deployment's replicas.
    reach
        A Service's name holds while pods are replaced and the service is down; pods' addresses spread requests evenly.
    can_ask
        Whether replicas can be asked from where this runs.
    """

    name = "kubernetes"

    def __init__(
        self,
        cluster: Cluster,
        *,
        connect: Callable[[], KubernetesApi],
        arm_of: Callable[[Deployment], KubernetesArm],
        secret_of: Callable[[Deployment], str],
        clock: Clock,
        reach: Reach = Reach.SERVICE,
        can_ask: bool = False,
    ) -> None:
        self._connect = connect
        self._cluster = cluster
        self._arm_of = arm_of
        self._secret_of = secret_of
        self._clock = clock
        self._reach = reach
        self._can_ask = can_ask
        self._seen: dict[str, ArmStanding] = {}
        self._seen_at: float | None = None
        self._problem = ""
        self._is_told = False
        # The deployer starts replicas in its own thread and ends them in others.
        self._lock = threading.RLock()

    @cached_property
    def _api(self) -> KubernetesApi:
        return self._connect()

    def start(self, deployment: Deployment, replica: Replica) -> None:
        """Want one more pod, or do nothing when it is wanted already; makes again whatever is missing.

        Raises
        ------
        KubernetesRefusedError, KubernetesForbiddenError, KubernetesQuotaError, KubernetesNamespaceError
            When the cluster does not take an object.
        KubernetesSettingError
            When there is no image, or the pipeline is too large.
        """
        arm = self._arm_of(deployment)
        try:
            with self._lock:
                self._seen_at = None
                self._start(arm, self._secret_of(deployment), replica.number)
        except KubernetesUnavailableError as error:
            self._note(error.message)

    def observe(self, replica: Replica) -> UnitStatus:
        """Return how far its pod is."""
        try:
            arm = self._look().get(replica.deployment_id)
        except CLUSTER_ERRORS as error:
            self._note(error.message)
            if replica.state is ReplicaState.READY:
                return _alive(replica, None, is_ready=True)
            if isinstance(error, KubernetesUnavailableError):
                return _alive(replica, None)
            raise
        is_cut_off = arm is not None and replica.state is ReplicaState.STARTING and arm.scale != len(arm.numbers)
        if arm is None or replica.number not in arm.numbers or is_cut_off:
            raise UnitNotFoundError(
                f"No replica {replica.unit_id!r} was started in the cluster.", unit_id=replica.unit_id
            )
        pod = arm.pod_of(replica.number)
        if pod is None:
            return _ended(replica, _not_made(arm.failure), None, self._now()) if arm.failure else _alive(replica, None)
        begun = started_at(pod)
        if is_ready(pod):
            return _alive(replica, begun, is_ready=True)
        found = failure(pod, self._now())
        return _alive(replica, begun) if found is None else _ended(replica, found, begun, self._now())

    def is_ready(self, deployment: Deployment, replica: Replica) -> bool:
        """Return whether its port is open, which it is only after its parity check."""
        try:
            arm = self._look().get(deployment.id)
        except CLUSTER_ERRORS:
            return False
        pod = arm.pod_of(replica.number) if arm is not None and replica.number in arm.numbers else None
        return pod is not None and is_ready(pod)

    def entry(self, deployment: Deployment, replica: Replica) -> ReplicaEntry:
        """Return what the router is told about it: its pod's address, or the Service's name."""
        address = self._pod_address(deployment, replica) if self._reach is Reach.POD else None
        if address is None:
            address = TcpAddress(f"{arm_name(deployment.endpoint, deployment.id)}.{self._cluster.namespace}.svc", PORT)
        version = str(deployment.version)
        return ReplicaEntry(deployment.id, deployment.model, version, str(address), self._secret_of(deployment))

    def scores(self, deployment: Deployment, replica: Replica) -> Mapping[str, Scores]:
        """Return how its answers are distributed; empty where pods cannot be reached from here."""
        address = self._pod_address(deployment, replica) if self._can_ask else None
        if address is None:
            return {}
        headers = {SECRET_HEADER: self._secret_of(deployment)}
        url = f"http{str(address).removeprefix('tcp')}/stats"
        try:
            answer = httpx.get(url, headers=headers, timeout=_PROBE_TIMEOUT_S, trust_env=False)
        except httpx.HTTPError:
            return {}  # it goes, or a network policy is in the way
        return scores_of(answer.json()) if answer.status_code == 200 else {}

    def last_words(self, replica: Replica) -> str:
        """Return the last line of its pod's log, of the container that ended where one did."""
        try:
            arm = self._look().get(replica.deployment_id)
            pod = arm.pod_of(replica.number) if arm is not None and replica.number in arm.numbers else None
            if pod is None:
                return ""
            name = pod["metadata"]["name"]
            text = self._api.log(name, container=CONTAINER, lines=_LOG_LINES, previous=has_restarted(pod))
        except CLUSTER_ERRORS:
            return ""
        lines = text.strip().splitlines()
        return lines[-1] if lines else ""

    def unit_ids(self) -> tuple[str, ...]:
        """Return the ids of all replicas that are wanted in the cluster; none while nobody can tell."""
        try:
            arms = self._look()
        except KubernetesSettingError:
            return ()  # no cluster is wanted
        except CLUSTER_ERRORS as error:
            self._note(error.message)
            return ()
        return tuple(f"{arm.deployment_id}-{number}" for arm in arms.values() for number in arm.numbers)

    def retire(self, unit_id: str) -> None:
        """Want one pod less; the last one takes everything with it. Pods answer what is under way before they end.

        Raises
        ------
        KubernetesUnavailableError, KubernetesForbiddenError
            When the cluster cannot be told; the same call may succeed later.
        """
        deployment_id, _, number = unit_id.rpartition("-")
        with self._lock:
            self._seen_at = None
            arm = self._look().get(deployment_id)
            if arm is None:
                return
            left = [each for each in arm.numbers if str(each) != number]
            if left:
                change = {"metadata": {"annotations": {NUMBERS: written(left)}}, "spec": {"replicas": len(left)}}
                self._api.change("Deployment", arm.name, change)
            else:
                # Everything else names it as its owner, and goes with it.
                self._api.delete("Deployment", arm.name)
            self._seen_at = None

    def has_gateways(self) -> bool:
        """Return whether the cluster has the Gateway API; without it only Redspot's router splits requests.

        Raises
        ------
        KubernetesUnavailableError, KubernetesForbiddenError
            When the cluster does not tell.
        """
        return self._api.serves("HTTPRoute")

    def close(self) -> None:
        """Close the connections to the cluster, where there are any."""
        if (api := self.__dict__.pop("_api", None)) is not None:
            api.close()

    def _start(self, arm: KubernetesArm, secret_text: str, number: int) -> None:
        found = self._api.get("Deployment", arm.name)
        numbers = {number} if found is None else {*numbers_of(found), number}
        arm = replace(arm, replicas=len(numbers))
        *around, main = arm_manifests(arm, self._cluster)
        main["metadata"]["annotations"] |= {NUMBERS: written(tuple(numbers)), DEPLOYMENT_ID: arm.deployment_id}
        if found is None:
            # First without pods: what they need is owned by it, and so nothing is left when it goes.
            found = self._api.apply({**main, "spec": {**main["spec"], "replicas": 0}})
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": arm.name, "uid": found["metadata"]["uid"]}
        for manifest in (secret(arm, self._cluster, secret_text), *around):
            self._api.apply(_owned(manifest, owner))
        self._api.apply(main)

    def _look(self) -> dict[str, ArmStanding]:
        """Return what stands in the cluster, as of a moment ago."""
        with self._lock:
            if self._seen_at is None or time.monotonic() - self._seen_at > _LOOK_S:
                ours = {
                    "app.kubernetes.io/managed-by": "redspot",
                    "org.redspot/installation": self._cluster.installation,
                }
                deployments = self._api.find("Deployment", ours)
                pods = self._api.find("Pod", ours) if deployments else []
                self._seen = arms_of(deployments, pods, self._now())
                self._seen_at = time.monotonic()
                self._note("")
                self._tell_of_gateways()
            return self._seen

    def _pod_address(self, deployment: Deployment, replica: Replica) -> TcpAddress | None:
        try:
            arm = self._look().get(deployment.id)
        except CLUSTER_ERRORS:
            arm = self._seen.get(deployment.id)
        pod = arm.pod_of(replica.number) if arm is not None and replica.number in arm.numbers else None
        address = pod.get("status", {}).get("podIP") if pod is not None and is_ready(pod) else None
        return TcpAddress(address, PORT) if address else None

    def _tell_of_gateways(self) -> None:
        if self._is_told:
            return
        self._is_told = True
        try:
            there = "has a" if self.has_gateways() else "has no"
        except CLUSTER_ERRORS as error:
            there = f"does not tell whether it has a ({error.message})"
        _log.info("the cluster %s Gateway API; Redspot's own router splits requests among versions", there)

    def _note(self, problem: str) -> None:
        """Log what is wrong with the cluster, once."""
        if problem and problem != self._problem:
            _log.warning("the cluster: %s", problem)
        self._problem = problem

    def _now(self) -> datetime:
        return self._clock.now()


def _owned(manifest: Manifest, owner: Mapping[str, str]) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "ownerReferences": [dict(owner)]}}


def _not_made(sentence: str) -> PodFailure:
    return PodFailure(ExitReason.NOT_STARTED, sentence)


def _alive(replica: Replica, begun: datetime | None, *, is_ready: bool = False) -> UnitStatus:
    phase = UnitPhase.RUNNING if is_ready else UnitPhase.STARTING
    return UnitStatus(replica.unit_id, UnitKind.REPLICA, phase, None, begun, None, None)


def _ended(replica: Replica, found: PodFailure, begun: datetime | None, now: datetime) -> UnitStatus:
    ended = ExitRecord(found.reason, found.exit_code, None, begun or now, now, 0, found.message)
    return UnitStatus(replica.unit_id, UnitKind.REPLICA, UnitPhase.ENDED, None, begun, None, ended)
