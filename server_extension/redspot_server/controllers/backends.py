"""Where replicas can run, by the name that definitions use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from redspot.errors import UnavailableError
from redspot.registry.deployment import Deployment
from redspot_server.controllers.docker_replicas import DockerReplicas
from redspot_server.controllers.process_replicas import ProcessReplicas
from redspot_server.controllers.replica_backend import ReplicaBackend
from redspot_server.kubernetes.factory import kubernetes_replicas
from redspot_server.kubernetes.replicas import KubernetesReplicas
from redspot_server.services import Services

_KINDS: Mapping[str, Callable[[Services], ReplicaBackend]] = {
    ProcessReplicas.name: ProcessReplicas,
    DockerReplicas.name: DockerReplicas,
    KubernetesReplicas.name: kubernetes_replicas,
}


class BackendMissingError(UnavailableError):
    """A deployment's replicas run where this service cannot start any."""

    code = "backend-missing"


class ReplicaBackends:
    """All backends of a service."""

    def __init__(self, services: Services) -> None:
        self._made = {name: _KINDS[name](services) for name in services.config.backends}

    def all(self) -> tuple[ReplicaBackend, ...]:
        """Return each of them."""
        return tuple(self._made.values())

    def of(self, deployment: Deployment) -> ReplicaBackend:
        """Return where a deployment's replicas run.

        Raises
        ------
        BackendMissingError
            When the deployment was made by a service that had another backend.
        """
        name = deployment.spec.backend
        if name not in self._made:
            raise BackendMissingError(f"{deployment.ref} runs on {name!r}; this service has {', '.join(self._made)}.")
        return self._made[name]
