"""The router's table, made from how all endpoints stand."""

from __future__ import annotations

from redspot.registry.deployment import Deployment, DeploymentState, ReplicaState
from redspot.registry.endpoint import ArmRole, EndpointState
from redspot.registry.standing import Standing
from redspot.serving.snapshot import ArmEntry, CallerEntry, EndpointEntry, Snapshot, token_hash, write_snapshot
from redspot_server.controllers.backends import ReplicaBackends
from redspot_server.controllers.router_unit import SERVICE_CALLER, own_token
from redspot_server.services import Services

# As long as a replica may need to start, with some room.
_HOLD_S = 30.0


class RouterTable:
    """Writes the table when it is not what was written last."""

    def __init__(self, services: Services, backends: ReplicaBackends) -> None:
        self._services = services
        self._backends = backends
        self._written: Snapshot | None = None

    def write(self, standings: tuple[Standing, ...]) -> None:
        """Write how endpoints stand, and who may call them."""
        callers = self._callers(standings)
        entries = {standing.name: self._entry(standing) for standing in standings}
        generation = self._written.generation if self._written else int(self._services.clock.now().timestamp() * 1000)
        if Snapshot(generation, callers, entries) != self._written:
            self._written = Snapshot(generation + 1, callers, entries)
            write_snapshot(self._services.config.snapshot_file, self._written)

    def _callers(self, standings: tuple[Standing, ...]) -> dict[str, CallerEntry]:
        callers = {}
        for grant in self._services.tokens.grants():
            allowed = grant.endpoints
            if self._services.is_shared:
                allowed = tuple(
                    standing.name
                    for standing in standings
                    if standing.applied.definition.access.allows(grant.owner, standing.owner)
                    and (grant.endpoints is None or standing.name in grant.endpoints)
                )
            ends = grant.expires_at.timestamp()
            callers[grant.digest] = CallerEntry(grant.owner, allowed, grant.rate_per_s, grant.burst, ends)
        callers[token_hash(own_token(self._services))] = CallerEntry(SERVICE_CALLER)
        return callers

    def _entry(self, standing: Standing) -> EndpointEntry:
        if standing.state is EndpointState.STOPPED:
            return EndpointEntry(EndpointState.STOPPED)
        definition = standing.applied.definition
        arms = [each for each in standing.deployments if each.state is DeploymentState.LIVE and each.share > 0]
        total = sum(each.share for each in arms if each.role is ArmRole.LIVE)
        if not total:
            arms = []
        replicas = tuple(
            self._backends.of(deployment).entry(deployment, replica)
            for deployment in arms
            if deployment.spec.backend in self._services.config.backends
            for replica in standing.replicas_of(deployment.id)
            if replica.state is ReplicaState.READY
        )
        return EndpointEntry(
            EndpointState.LIVE,
            replicas,
            tuple(_arm(each, total) for each in arms),
            definition.sticky or None,
            definition.access.cors_origins,
            # Nobody waits for what was never started, or has failed.
            _HOLD_S if standing.deployments else 0.0,
            definition.max_in_flight,
        )


def _arm(deployment: Deployment, total: float) -> ArmEntry:
    # Sums of floats miss 1 by a little; what is wanted is exact.
    share = deployment.share / total if deployment.role is ArmRole.LIVE else deployment.share
    return ArmEntry(deployment.id, deployment.role, min(1.0, share))
