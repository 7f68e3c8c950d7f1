"""The deployer: makes replicas of what the ledger wants, and tells the router."""

from __future__ import annotations

import logging
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor

from redspot.compute.unit import ExitReason, UnitExistsError, UnitNotFoundError, UnitPhase, UnitStatus
from redspot.errors import RedspotError
from redspot.registry.endpoint import Deployment, DeploymentState, Endpoint, EndpointState
from redspot.serving.snapshot import (
    CallerEntry,
    EndpointEntry,
    ReplicaEntry,
    Snapshot,
    token_hash,
    write_snapshot,
)
from redspot_server.controllers.replica import is_ready, secret_of, socket_of, start_replica
from redspot_server.controllers.router_unit import own_token
from redspot_server.services import Services

_log = logging.getLogger(__name__)
_START_TIMEOUT_S = 120.0
_RETIRE_AFTER_S = 1.5  # the router reads a new table within half a second
_RESTART_PAUSE_S = 2.0


class Deployer:
    """Takes every endpoint one step towards what is wanted of it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._written: Snapshot | None = None
        self._retired: dict[str, float] = {}
        self._gone_at: dict[str, float] = {}
        self._stops = ThreadPoolExecutor(max_workers=4, thread_name_prefix="stop")
        self._stopping: dict[str, Future[object]] = {}

    def step(self) -> None:
        """Look at every endpoint once, then write the router's table, then end what nobody is sent to any more."""
        endpoints = self._services.endpoints.endpoints()
        for endpoint in endpoints:
            try:
                self._reconcile(endpoint)
            except RedspotError:
                _log.exception(
                    "endpoint %s cannot be brought forward", endpoint.name, extra={"endpoint": endpoint.name}
                )
        self._write(tuple(self._services.endpoints.get(endpoint.name) for endpoint in endpoints))
        self._end_retired(endpoints)

    def _reconcile(self, endpoint: Endpoint) -> None:
        wanted = self._services.endpoints.open_deployments(endpoint.name)
        if endpoint.state is EndpointState.STOPPED:
            for deployment in wanted:
                self._services.endpoints.mark(deployment.id, DeploymentState.ENDED)
            return
        if not wanted:
            return
        *older, target = wanted
        for deployment in older:
            if deployment.state is DeploymentState.LIVE:
                self._keep_alive(deployment)
            else:
                self._services.endpoints.mark(
                    deployment.id, DeploymentState.ENDED, failure="replaced before it answered"
                )
        self._keep_alive(target)
        if self._is_live(target):
            for deployment in older:
                self._services.endpoints.mark(deployment.id, DeploymentState.ENDED)

    def _is_live(self, deployment: Deployment) -> bool:
        ledger = self._services.endpoints.open_deployments(deployment.endpoint)
        return any(row.id == deployment.id and row.state is DeploymentState.LIVE for row in ledger)

    def _keep_alive(self, deployment: Deployment) -> None:
        """Start the deployment's replica, say when it is live, replace it when it died."""
        try:
            unit = self._services.backend.observe(deployment.unit_id)
        except UnitNotFoundError:
            self._start(deployment)
            return
        if unit.phase in (UnitPhase.STARTING, UnitPhase.RUNNING):
            if deployment.state is DeploymentState.STARTING:
                self._await_ready(deployment, unit)
        elif deployment.state is DeploymentState.STARTING and deployment.incarnation == 1:
            self._fail(deployment, self._why(deployment, unit))
        else:
            self._replace(deployment)

    def _start(self, deployment: Deployment) -> None:
        try:
            start_replica(self._services, deployment)
        except UnitExistsError:
            _log.info("replica %s was started before; watching it", deployment.unit_id)
        except RedspotError as error:
            self._fail(deployment, error.message)

    def _await_ready(self, deployment: Deployment, unit: UnitStatus) -> None:
        if is_ready(self._services, deployment):
            self._services.endpoints.mark(deployment.id, DeploymentState.LIVE)
        elif unit.started_at and (self._services.clock.now() - unit.started_at).total_seconds() > _START_TIMEOUT_S:
            self._fail(deployment, f"Its replica was not ready within {_START_TIMEOUT_S:.0f} seconds.")

    def _replace(self, deployment: Deployment) -> None:
        """Start another replica for one that died, not more often than every two seconds."""
        gone_at = self._gone_at.setdefault(deployment.unit_id, time.monotonic())
        if deployment.incarnation == 1 or time.monotonic() - gone_at > _RESTART_PAUSE_S:
            self._gone_at.pop(deployment.unit_id, None)
            renewed = self._services.endpoints.next_incarnation(deployment.id, deployment.incarnation)
            _log.warning("replica %s is gone; starting %s", deployment.unit_id, renewed.unit_id)
            self._start(renewed)

    def _why(self, deployment: Deployment, unit: UnitStatus) -> str:
        lines = self._services.backend.log_tail(deployment.unit_id, max_bytes=4096).strip().splitlines()
        last = lines[-1] if lines else ""
        if unit.exit is not None and unit.exit.reason is ExitReason.EXITED:
            return last or f"Its replica ended with exit status {unit.exit.exit_code}."
        return (unit.exit.message if unit.exit else "") or last or "Its replica vanished without an exit record."

    def _fail(self, deployment: Deployment, why: str) -> None:
        self._services.endpoints.mark(deployment.id, DeploymentState.FAILED, failure=why[:2000])

    def _write(self, endpoints: tuple[Endpoint, ...]) -> None:
        """Write the router's table when it is not what was written last."""
        callers = {grant.digest: CallerEntry(grant.owner, grant.endpoints) for grant in self._services.tokens.grants()}
        callers[token_hash(own_token(self._services))] = CallerEntry("redspot-service")
        entries = {endpoint.name: self._entry(endpoint) for endpoint in endpoints}
        generation = self._written.generation if self._written else int(self._services.clock.now().timestamp() * 1000)
        snapshot = Snapshot(generation, callers, entries)
        if snapshot != self._written:
            self._written = Snapshot(generation + 1, callers, entries)
            write_snapshot(self._services.config.snapshot_file, self._written)

    def _entry(self, endpoint: Endpoint) -> EndpointEntry:
        if endpoint.state is EndpointState.STOPPED:
            return EndpointEntry(EndpointState.STOPPED)
        live = [
            row for row in self._services.endpoints.open_deployments(endpoint.name) if row.state is DeploymentState.LIVE
        ]
        return EndpointEntry(EndpointState.LIVE, tuple(self._replica(row) for row in live))

    def _replica(self, deployment: Deployment) -> ReplicaEntry:
        return ReplicaEntry(
            deployment.id,
            deployment.model,
            str(deployment.version),
            str(socket_of(self._services, deployment)),
            secret_of(self._services, deployment),
        )

    def _end_retired(self, endpoints: tuple[Endpoint, ...]) -> None:
        """Stop the replicas that the router's table has not named for a while."""
        wanted = {
            row.unit_id for endpoint in endpoints for row in self._services.endpoints.open_deployments(endpoint.name)
        }
        now = time.monotonic()
        for unit_id in self._services.backend.unit_ids():
            if not unit_id.startswith("d_") or unit_id in wanted:
                self._retired.pop(unit_id, None)
                continue
            since = self._retired.setdefault(unit_id, now)
            if now - since >= _RETIRE_AFTER_S and unit_id not in self._stopping:
                self._stopping[unit_id] = self._stops.submit(self._stop, unit_id)
        for unit_id, stop in list(self._stopping.items()):
            if stop.done():
                del self._stopping[unit_id]
                if (error := stop.exception()) is not None:
                    _log.error("replica %s cannot be stopped", unit_id, exc_info=error)

    def _stop(self, unit_id: str) -> None:
        self._services.backend.stop(unit_id, grace_s=12.0)
        self._services.backend.forget(unit_id)
        shutil.rmtree(self._services.config.work_dir / unit_id, ignore_errors=True)
        (self._services.config.runtime_dir() / f"{unit_id}.sock").unlink(missing_ok=True)
        self._retired.pop(unit_id, None)
