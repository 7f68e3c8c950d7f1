"""Keeps as many replicas of each deployment as are wanted."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from redspot.compute.unit import ExitReason, UnitNotFoundError, UnitPhase, UnitStatus
from redspot.errors import RedspotError
from redspot.registry.deployment import Deployment, DeploymentState, Replica, ReplicaState
from redspot.registry.standing import Standing
from redspot_server.controllers.backends import ReplicaBackends
from redspot_server.controllers.replica_backend import ReplicaBackend
from redspot_server.services import Services

_log = logging.getLogger(__name__)
_START_TIMEOUT_S = 120.0
_RETIRE_AFTER_S = 1.5  # the router reads a new table within half a second
_RESTART_PAUSE_S = 2.0
_MOST_DEATHS = 3


class ReplicaKeeper:
    """Starts, adopts, replaces and ends replicas; what it remembers only paces it."""

    def __init__(self, services: Services, backends: ReplicaBackends) -> None:
        self._services = services
        self._backends = backends
        self._replaced_at: dict[str, float] = {}
        self._unwanted: dict[str, float] = {}
        self._stops = ThreadPoolExecutor(max_workers=4, thread_name_prefix="stop")
        self._stopping: dict[str, Future[object]] = {}

    def keep(self, deployment: Deployment, replicas: tuple[Replica, ...]) -> str:
        """Take a deployment one step towards its number of replicas.

        Returns
        -------
        str
            Why a version that is being rolled out cannot go on, in one sentence; empty when it can.
        """
        backend = self._backends.of(deployment)
        alive = []
        for replica in replicas:
            try:
                gone = self._look(backend, deployment, replica)
            except RedspotError as error:
                gone = error.message
            if not gone:
                alive.append(replica)
            elif deployment.state is DeploymentState.STARTING:
                return gone
            else:
                self._services.endpoints.drop_replica(replica, why=gone)
        if len(alive) > deployment.replicas:
            for replica in sorted(alive, key=lambda each: (each.state is ReplicaState.READY, -each.number)):
                if len(alive) == deployment.replicas:
                    break
                alive.remove(replica)
                self._services.endpoints.drop_replica(replica, why="fewer are wanted")
        elif len(alive) < deployment.replicas and self._may_start(deployment, len(alive)):
            self._add(backend, deployment, deployment.replicas - len(alive))
        deaths = deployment.incarnation - max(deployment.replicas, len(replicas))
        return f"Its replicas ended {deaths} times." if deaths >= _MOST_DEATHS else ""

    def end_unwanted(self, standings: tuple[Standing, ...]) -> None:
        """End the replicas that the router's table has not named for a while."""
        wanted = {replica.unit_id for standing in standings for replica in standing.replicas}
        now = time.monotonic()
        for backend in self._backends.all():
            for unit_id in backend.unit_ids():
                if unit_id in wanted:
                    self._unwanted.pop(unit_id, None)
                    continue
                since = self._unwanted.setdefault(unit_id, now)
                if now - since >= _RETIRE_AFTER_S and unit_id not in self._stopping:
                    self._stopping[unit_id] = self._stops.submit(backend.retire, unit_id)
        for unit_id, stop in list(self._stopping.items()):
            if stop.done():
                del self._stopping[unit_id]
                self._unwanted.pop(unit_id, None)
                if (error := stop.exception()) is not None:
                    _log.error("replica %s cannot be stopped", unit_id, exc_info=error)

    def _look(self, backend: ReplicaBackend, deployment: Deployment, replica: Replica) -> str:
        """Start the replica, or say that it is ready; return why it is gone, or empty."""
        try:
            unit = backend.observe(replica)
        except UnitNotFoundError:
            if replica.state is ReplicaState.READY:
                return "It is gone."
            backend.start(deployment, replica)
            return ""
        if unit.phase not in (UnitPhase.STARTING, UnitPhase.RUNNING):
            return _why(unit, backend.last_words(replica))
        if replica.state is ReplicaState.STARTING:
            if backend.is_ready(deployment, replica):
                self._services.endpoints.mark_ready(replica)
            elif self._lasts_s(unit.started_at or replica.created_at) > _START_TIMEOUT_S:
                return f"Its replica was not ready within {_START_TIMEOUT_S:.0f} seconds."
        return ""

    def _lasts_s(self, since: datetime) -> float:
        return (self._services.clock.now() - since).total_seconds()

    def _may_start(self, deployment: Deployment, alive: int) -> bool:
        """Return whether a replica may be started now: one that dies again and again is not started all the time."""
        if deployment.incarnation - alive < deployment.replicas:
            return True  # these are the first ones
        now = time.monotonic()
        last = self._replaced_at.get(deployment.id)
        if last is not None and now - last < _RESTART_PAUSE_S:
            return False
        self._replaced_at[deployment.id] = now
        return True

    def _add(self, backend: ReplicaBackend, deployment: Deployment, count: int) -> None:
        for number in range(deployment.incarnation, deployment.incarnation + count):
            replica = self._services.endpoints.add_replica(deployment.id, seen=number)
            if replica is None:
                return
            _log.info("starting replica %s", replica.unit_id, extra={"endpoint": deployment.endpoint})
            try:
                backend.start(deployment, replica)
            except RedspotError:
                # The next step tries again, and knows what to do when it cannot.
                _log.exception("replica %s cannot be started", replica.unit_id)


def _why(unit: UnitStatus, last_words: str) -> str:
    if unit.exit is not None and unit.exit.reason is ExitReason.EXITED:
        return last_words or f"Its replica ended with exit status {unit.exit.exit_code}."
    return (unit.exit.message if unit.exit else "") or last_words or "Its replica vanished without an exit record."
