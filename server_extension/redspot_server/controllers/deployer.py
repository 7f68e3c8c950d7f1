"""The deployer: takes every endpoint one step towards what its definition wants, and tells the router."""

from __future__ import annotations

import logging
import time

from redspot.errors import RedspotError
from redspot.registry.endpoint import EndpointState
from redspot.registry.standing import Standing
from redspot_server.controllers.autoscaler import Autoscaler, is_elastic
from redspot_server.controllers.backends import ReplicaBackends
from redspot_server.controllers.follower import Follower
from redspot_server.controllers.replica_keeper import ReplicaKeeper
from redspot_server.controllers.rollouts import Rollouts, is_rolling
from redspot_server.controllers.router_table import RouterTable
from redspot_server.controllers.stats import RouterStats, read_router_stats
from redspot_server.services import Services

_log = logging.getLogger(__name__)
_COUNT_EVERY_S = 0.5


class Deployer:
    """Looks at all endpoints, does one idempotent step for each, and remembers nothing that matters."""

    def __init__(self, services: Services) -> None:
        backends = ReplicaBackends(services)
        self._services = services
        self._follower = Follower(services)
        self._keeper = ReplicaKeeper(services, backends)
        self._rollouts = Rollouts(services, backends)
        self._scaler = Autoscaler(services)
        self._table = RouterTable(services, backends)
        self._stats: RouterStats | None = None
        self._counted_at = 0.0

    def step(self) -> None:
        """Look at every endpoint once, then write the router's table, then end what nobody is sent to any more."""
        standings = self._services.endpoints.standings()
        if self._follower.step(standings):
            standings = self._services.endpoints.standings()
        counted = self._count(standings)
        for standing in standings:
            try:
                self._reconcile(standing)
            except RedspotError:
                _log.exception(
                    "endpoint %s cannot be brought forward", standing.name, extra={"endpoint": standing.name}
                )
        if counted:
            self._scaler.step(standings, self._stats)
        standings = self._services.endpoints.standings()
        self._table.write(standings)
        self._keeper.end_unwanted(standings)

    def _reconcile(self, standing: Standing) -> None:
        if standing.state is EndpointState.STOPPED:
            return
        failures = {}
        for deployment in standing.deployments:
            failure = self._keeper.keep(deployment, standing.replicas_of(deployment.id))
            if failure:
                failures[deployment.id] = failure
        if is_rolling(standing):
            self._rollouts.step(self._services.endpoints.standing(standing.name), failures, self._stats)

    def _count(self, standings: tuple[Standing, ...]) -> bool:
        """Ask the router where its counts decide something; return whether they are new."""
        now = time.monotonic()
        if now - self._counted_at < _COUNT_EVERY_S:
            return False
        self._counted_at = now
        is_needed = any(is_rolling(each) or is_elastic(each) for each in standings)
        self._stats = read_router_stats(self._services) if is_needed else None
        return is_needed
