"""Gives each arm as many replicas as the requests under way need."""

from __future__ import annotations

import time

from redspot.registry.deployment import Deployment, DeploymentState
from redspot.registry.endpoint import ArmRole
from redspot.registry.scaling import Load, trimmed, wanted_replicas
from redspot.registry.standing import Standing
from redspot_server.controllers.rollouts import is_rolling
from redspot_server.controllers.stats import EndpointStats, RouterStats
from redspot_server.services import Services


class Autoscaler:
    """Remembers what arms had to do; after a restart it learns that anew, and changes nothing before."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._history: dict[str, tuple[Load, ...]] = {}

    def step(self, standings: tuple[Standing, ...], stats: RouterStats | None) -> None:
        """Look at every arm once."""
        if stats is None:
            return
        seen: dict[str, tuple[Load, ...]] = {}
        for standing in standings:
            counted = stats.endpoints.get(standing.name)
            if counted is not None and is_elastic(standing):
                for deployment in standing.deployments:
                    if deployment.state is DeploymentState.LIVE:
                        seen[deployment.id] = self._scale(standing, deployment, counted)
        self._history = seen

    def _scale(self, standing: Standing, deployment: Deployment, counted: EndpointStats) -> tuple[Load, ...]:
        definition, now_s = standing.applied.definition, time.monotonic()
        is_answering = deployment.role is ArmRole.LIVE and deployment.share > 0
        arm = counted.arms.get(deployment.id)
        load = Load(
            now_s,
            counted.in_flight.get(deployment.id, 0),
            # Nobody knows yet which arm a request that waits will come to.
            counted.held if is_answering else 0,
            (arm.requests + arm.compared + arm.failed if arm else 0) + (counted.requests if is_answering else 0),
        )
        history = (*trimmed(self._history.get(deployment.id, ()), definition, now_s), load)
        wanted = wanted_replicas(history, definition, now_s, current=deployment.replicas)
        # What is judged is not disturbed by fewer replicas.
        if wanted > deployment.replicas or (wanted < deployment.replicas and not is_rolling(standing)):
            why = _why(wanted, deployment.replicas, load)
            self._services.endpoints.scale(deployment.id, wanted, seen=deployment.replicas, why=why)
        return history


def is_elastic(standing: Standing) -> bool:
    """Return whether an endpoint's number of replicas may change by itself."""
    definition = standing.applied.definition
    return definition.min_replicas < definition.max_replicas


def _why(wanted: int, before: int, load: Load) -> str:
    if not wanted:
        return "nobody asked for a while"
    if not before:
        return "a request waits"
    return f"{load.in_flight} requests under way"
