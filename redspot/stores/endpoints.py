"""Endpoints and the deployments ledger in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from redspot.errors import JsonScalar
from redspot.ids import ModelRef
from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import (
    Deployment,
    DeploymentState,
    LedgerEntry,
    LedgerEvent,
    LiveArm,
    Replica,
    ReplicaState,
)
from redspot.registry.endpoint import ArmRole, EndpointConflictError, EndpointState
from redspot.registry.figures import Observation
from redspot.registry.policy import RolloutPolicy
from redspot.registry.rollout import Move, Rollout, RolloutStage, arms_at
from redspot.registry.standing import AppliedDefinition, Endpoint, Standing
from redspot.stores import audit
from redspot.stores.applying import apply_definition, want_deployment
from redspot.stores.codec import to_json
from redspot.stores.database import Database
from redspot.stores.endpoint_rows import (
    OPEN,
    definition_of,
    deployment_of,
    endpoint_of,
    endpoint_row,
    ledger_entry_of,
    newest_rollout,
    open_rows,
    replica_of,
    rollout_of,
    standing_of,
    standings_of,
)
from redspot.stores.shares import Cause, end, shift
from redspot.stores.tables import DefinitionRow, DeploymentRow, EndpointRow, LedgerRow, ReplicaRow, RolloutRow


class SqlEndpointStore:
    """Keeps endpoints and their ledger; see the port `redspot.registry.endpoint_store.EndpointStore`.

    Parameters
    ----------
    router_url
        Where endpoints answer; their URLs are made from it.
    """

    def __init__(self, database: Database, router_url: str) -> None:
        self._database = database
        self.router_url = router_url

    def apply(
        self,
        definition: EndpointDefinition,
        pins: Mapping[str, str],
        *,
        by: str,
        why: str,
        expected: int | None = None,
        policy: RolloutPolicy | None = None,
    ) -> Standing:
        """Want what the definition says, and begin the roll-out that takes."""
        cause = self._cause(by, why)
        with self._database.write() as session:
            row = apply_definition(session, definition, pins, cause, expected=expected, policy=policy)
            return standing_of(session, row)

    def deploy(self, name: str, ref: ModelRef, *, by: str, why: str) -> Endpoint:
        """Want an exact version to answer at the endpoint."""
        with self._database.write() as session:
            row = want_deployment(session, self._database, name, ref, by=by, why=why)
            return endpoint_of(session, row, self.router_url)

    def set_state(self, name: str, state: EndpointState, *, by: str) -> Endpoint:
        """Want the endpoint live or stopped; started again, it serves what it served when it was stopped."""
        with self._database.write() as session:
            row = endpoint_row(session, name, lock=True)
            if state is EndpointState.LIVE and row.state != EndpointState.LIVE:
                self._start_again(session, row, by)
            elif state is EndpointState.STOPPED and row.state != EndpointState.STOPPED:
                self._stop(session, row, by)
            session.flush()
            return endpoint_of(session, row, self.router_url)

    def get(self, name: str) -> Endpoint:
        """Return one endpoint."""
        with self._database.read() as session:
            return endpoint_of(session, endpoint_row(session, name), self.router_url)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return all endpoints by name."""
        with self._database.read() as session:
            rows = session.scalars(select(EndpointRow).order_by(EndpointRow.name)).all()
            return tuple(endpoint_of(session, row, self.router_url) for row in rows)

    def standing(self, name: str) -> Standing:
        """Return how an endpoint stands."""
        with self._database.read() as session:
            return standing_of(session, endpoint_row(session, name))

    def standings(self) -> tuple[Standing, ...]:
        """Return how all endpoints stand, by name."""
        with self._database.read() as session:
            rows = session.scalars(select(EndpointRow).order_by(EndpointRow.name)).all()
            return standings_of(session, rows)

    def definition(self, name: str, generation: int | None = None) -> AppliedDefinition:
        """Return the definition in force, or an earlier one."""
        with self._database.read() as session:
            row = endpoint_row(session, name)
            found = session.get(DefinitionRow, (name, row.generation if generation is None else generation))
            if found is None:
                raise EndpointConflictError(
                    f"Endpoint {name!r} has generations 1 to {row.generation}, and not {generation}.", endpoint=name
                )
            return definition_of(found)

    def deployments(self, name: str, *, limit: int = 100) -> tuple[Deployment, ...]:
        """Return the deployments of an endpoint, newest first."""
        with self._database.read() as session:
            endpoint_row(session, name)
            query = select(DeploymentRow).where(DeploymentRow.endpoint == name)
            return tuple(map(deployment_of, session.scalars(query.order_by(DeploymentRow.id.desc()).limit(limit))))

    def ledger(self, name: str, *, limit: int = 100, until: datetime | None = None) -> tuple[LedgerEntry, ...]:
        """Return what changed at an endpoint until some moment, newest first."""
        query = select(LedgerRow).where(LedgerRow.endpoint == name)
        if until is not None:
            query = query.where(LedgerRow.at <= until)
        with self._database.read() as session:
            endpoint_row(session, name)
            return tuple(map(ledger_entry_of, session.scalars(query.order_by(LedgerRow.id.desc()).limit(limit))))

    def live_at(self, name: str, moment: datetime) -> tuple[LiveArm, ...]:
        """Return what answered, and was compared, with which share, at some moment."""
        with self._database.read() as session:
            endpoint_row(session, name)
            query = select(LedgerRow).where(LedgerRow.endpoint == name, LedgerRow.at <= moment).order_by(LedgerRow.id)
            last = {row.deployment_id: row for row in session.scalars(query)}
        return tuple(
            LiveArm(row.deployment_id, row.version, ArmRole(row.role), row.share, row.at)
            for row in last.values()
            if row.share > 0
        )

    def move(self, rollout: Rollout, move: Move, *, baseline: Observation | None, by: str = "redspot") -> Rollout:
        """Take a roll-out to its next stage, unless it is no longer where `rollout` says."""
        with self._database.write() as session:
            row = session.get_one(RolloutRow, rollout.id, with_for_update=True)
            if (row.stage, row.step) != (rollout.stage, rollout.step):
                return rollout_of(row)
            endpoint = endpoint_row(session, rollout.endpoint, lock=True)
            cause = self._cause(by, move.reason or _sentence(rollout, move))
            row.stage, row.step, row.since, row.reason = move.stage, move.step, cause.at, move.reason
            row.baseline = to_json(baseline)
            if move.stage.is_over:
                row.ended_at = cause.at
                _end_others(session, endpoint, rollout, move, cause)
            shift(session, endpoint, arms_at(rollout, move.stage, move.step), cause)
            session.flush()
            return rollout_of(row)

    def rebase(self, rollout: Rollout, baseline: Observation) -> None:
        """Count from later on, unless the roll-out is no longer where `rollout` says."""
        with self._database.write() as session:
            row = session.get_one(RolloutRow, rollout.id, with_for_update=True)
            if (row.stage, row.step) == (rollout.stage, rollout.step):
                row.baseline = to_json(baseline)

    def scale(self, deployment_id: str, replicas: int, *, seen: int, why: str) -> Deployment:
        """Want so many replicas, unless the number is no longer `seen`."""
        with self._database.write() as session:
            row = session.get_one(DeploymentRow, deployment_id)
            if row.replicas == seen and row.replicas != replicas and row.state in OPEN:
                row.replicas = replicas
                facts: dict[str, JsonScalar] = {"deployment": row.id, "before": seen, "after": replicas}
                audit.note(session, self._database.clock.now(), "redspot", "scale", row.endpoint, **facts, why=why)
            return deployment_of(row)

    def add_replica(self, deployment_id: str, *, seen: int) -> Replica | None:
        """Count one more replica, unless somebody did since incarnation `seen`."""
        with self._database.write() as session:
            row = session.get_one(DeploymentRow, deployment_id, with_for_update=True)
            if row.incarnation != seen or row.state not in OPEN:
                return None
            row.incarnation += 1
            now = self._database.clock.now()
            made = ReplicaRow(deployment_id=row.id, number=row.incarnation, state=ReplicaState.STARTING, created_at=now)
            session.add(made)
            audit.note(session, now, "redspot", "replica-added", row.endpoint, replica=f"{row.id}-{row.incarnation}")
            return replica_of(made)

    def pin_image(self, deployment_id: str, image: str) -> None:
        """Record what all replicas of a deployment run in; the first word stays."""
        with self._database.write() as session:
            row = session.get_one(DeploymentRow, deployment_id)
            if not row.image:
                row.image = image
                now = self._database.clock.now()
                audit.note(session, now, "redspot", "image-pinned", row.endpoint, deployment=row.id, image=image)

    def mark_ready(self, replica: Replica) -> None:
        """Record that a replica answers."""
        with self._database.write() as session:
            row = session.get(ReplicaRow, (replica.deployment_id, replica.number))
            if row is not None and row.state != ReplicaState.READY:
                row.state = ReplicaState.READY
                deployment = session.get_one(DeploymentRow, replica.deployment_id)
                now = self._database.clock.now()
                audit.note(session, now, "redspot", "replica-ready", deployment.endpoint, replica=replica.unit_id)

    def drop_replica(self, replica: Replica, *, why: str) -> None:
        """Record that a replica is no longer wanted, or is gone."""
        with self._database.write() as session:
            where = (ReplicaRow.deployment_id == replica.deployment_id, ReplicaRow.number == replica.number)
            session.execute(delete(ReplicaRow).where(*where))
            row = session.get_one(DeploymentRow, replica.deployment_id)
            now = self._database.clock.now()
            audit.note(session, now, "redspot", "replica-dropped", row.endpoint, replica=replica.unit_id, why=why)

    def _cause(self, by: str, why: str) -> Cause:
        return Cause(by, self._database.clock.now(), why)

    def _stop(self, session: Session, row: EndpointRow, by: str) -> None:
        cause = self._cause(by, "stopped")
        rollout = newest_rollout(session, row.name)
        if rollout is not None and not RolloutStage(rollout.stage).is_over:
            rollout.stage, rollout.ended_at, rollout.reason = (
                RolloutStage.REPLACED,
                cause.at,
                "The endpoint was stopped.",
            )
        for each in open_rows(session, row.name):
            end(session, each, DeploymentState.ENDED, row.generation, cause)
        row.state, row.updated_at = EndpointState.STOPPED, cause.at
        audit.note(session, cause.at, by, f"endpoint-{row.state}", row.name)

    def _start_again(self, session: Session, row: EndpointRow, by: str) -> None:
        """Serve what the last deployments that ever answered served, and failing that what is defined."""
        applied = definition_of(session.get_one(DefinitionRow, (row.name, row.generation)))
        query = select(LedgerRow).where(
            LedgerRow.endpoint == row.name, LedgerRow.share_before > 0, LedgerRow.event == LedgerEvent.ENDED
        )
        last = session.scalar(query.order_by(LedgerRow.id.desc()).limit(1))
        if last is not None and last.at == row.updated_at and last.version not in applied.pins.values():
            # The newest definition was rolled back, and an earlier one answered.
            session.flush()
            want_deployment(session, self._database, row.name, ModelRef.parse(last.version), by=by, why="started again")
            return
        apply_definition(session, applied.definition, applied.pins, self._cause(by, "started again"))


def _sentence(rollout: Rollout, move: Move) -> str:
    if move.stage is RolloutStage.SHADOW:
        return "It is ready; requests are mirrored to it."
    if move.stage is RolloutStage.CANARY:
        return f"It gets {100 * rollout.policy.stages[move.step]:g} % of the requests."
    return rollout.why or "It is rolled out."


def _end_others(session: Session, endpoint: EndpointRow, rollout: Rollout, move: Move, cause: Cause) -> None:
    """End what has no part any more."""
    is_back = move.stage is RolloutStage.ROLLED_BACK
    kept = {arm.deployment_id for arm in (rollout.before if is_back else rollout.after)}
    state = DeploymentState.FAILED if is_back else DeploymentState.ENDED
    for row in open_rows(session, endpoint.name):
        if row.id not in kept:
            end(session, row, state, endpoint.generation, cause)
