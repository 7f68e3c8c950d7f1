"""Endpoints and the deployments ledger in SQL."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from redspot.ids import ModelRef, new_id, parse_name
from redspot.registry.endpoint import (
    Deployment,
    DeploymentState,
    Endpoint,
    EndpointConflictError,
    EndpointNotFoundError,
    EndpointState,
)
from redspot.stores import audit
from redspot.stores.database import Database
from redspot.stores.tables import DeploymentRow, EndpointRow

_OPEN = (DeploymentState.STARTING, DeploymentState.LIVE)


class SqlEndpointStore:
    """Keeps endpoints and their ledger; see the port `redspot.registry.endpoint.EndpointStore`.

    Parameters
    ----------
    router_url
        Where endpoints answer; their URLs are made from it.
    """

    def __init__(self, database: Database, router_url: str) -> None:
        self._database = database
        self.router_url = router_url

    def deploy(self, name: str, ref: ModelRef, *, by: str, why: str) -> Endpoint:
        """Want an exact version to answer at the endpoint."""
        with self._database.write() as session:
            row = want_deployment(session, self._database, name, ref, by=by, why=why)
            return self._endpoint(session, row)

    def set_state(self, name: str, state: EndpointState, *, by: str) -> Endpoint:
        """Want the endpoint live or stopped; starting again deploys the version that answered last."""
        with self._database.write() as session:
            row = _endpoint_row(session, name)
            if state is EndpointState.LIVE and row.state != EndpointState.LIVE:
                last = _newest(session, name)
                if last is None:
                    raise EndpointConflictError(f"Endpoint {name!r} has no version to serve yet: deploy one.")
                ref = ModelRef(last.model, str(last.version))
                want_deployment(session, self._database, name, ref, by=by, why="started again")
            elif row.state != state:
                row.state, row.updated_at = state, self._database.clock.now()
                audit.note(session, row.updated_at, by, f"endpoint-{state}", name)
            session.flush()
            return self._endpoint(session, row)

    def get(self, name: str) -> Endpoint:
        """Return one endpoint."""
        with self._database.read() as session:
            return self._endpoint(session, _endpoint_row(session, name))

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return all endpoints by name."""
        with self._database.read() as session:
            rows = session.scalars(select(EndpointRow).order_by(EndpointRow.name)).all()
            return tuple(self._endpoint(session, row) for row in rows)

    def deployments(self, name: str, *, limit: int = 100) -> tuple[Deployment, ...]:
        """Return the ledger of an endpoint, newest first."""
        with self._database.read() as session:
            _endpoint_row(session, name)
            query = select(DeploymentRow).where(DeploymentRow.endpoint == name)
            return tuple(map(_deployment, session.scalars(query.order_by(DeploymentRow.id.desc()).limit(limit))))

    def open_deployments(self, name: str) -> tuple[Deployment, ...]:
        """Return its deployments that are starting or live, oldest first."""
        with self._database.read() as session:
            query = select(DeploymentRow).where(DeploymentRow.endpoint == name, DeploymentRow.state.in_(_OPEN))
            return tuple(map(_deployment, session.scalars(query.order_by(DeploymentRow.id))))

    def mark(self, deployment_id: str, state: DeploymentState, *, failure: str = "") -> Deployment:
        """Record what became of a deployment; what has ended stays as it is."""
        with self._database.write() as session:
            row = session.get_one(DeploymentRow, deployment_id)
            if row.state not in _OPEN or row.state == state:
                return _deployment(row)
            now = self._database.clock.now()
            row.state, row.failure = state, failure
            if state is DeploymentState.LIVE:
                row.live_at = now
            else:
                row.ended_at = now
            audit.note(session, now, "redspot", f"deployment-{state}", row.endpoint, deployment=row.id, failure=failure)
            return _deployment(row)

    def next_incarnation(self, deployment_id: str, seen: int) -> Deployment:
        """Count one more replica, unless somebody did since `seen` was read."""
        with self._database.write() as session:
            row = session.get_one(DeploymentRow, deployment_id)
            if row.incarnation == seen and row.state in _OPEN:
                row.incarnation += 1
                now = self._database.clock.now()
                audit.note(session, now, "redspot", "replica-replaced", row.endpoint, incarnation=row.incarnation)
            return _deployment(row)

    def _endpoint(self, session: Session, row: EndpointRow) -> Endpoint:
        newest = _newest(session, row.name)
        live = session.scalar(
            select(DeploymentRow)
            .where(DeploymentRow.endpoint == row.name, DeploymentRow.state == DeploymentState.LIVE)
            .order_by(DeploymentRow.id.desc())
            .limit(1)
        )
        return Endpoint(
            name=row.name,
            owner=row.owner,
            state=EndpointState(row.state),
            created_at=row.created_at,
            updated_at=row.updated_at,
            deployment=_deployment(newest) if newest else None,
            serving=f"{live.model}@{live.version}" if live else None,
            url=f"{self.router_url}/endpoints/{row.name}",
        )


def want_deployment(
    session: Session, database: Database, name: str, ref: ModelRef, *, by: str, why: str
) -> EndpointRow:
    """Add the deployment within the caller's transaction; wanting what is there already changes nothing."""
    parse_name(name, "endpoint")
    number = ref.number
    if number is None:
        raise EndpointConflictError(f"{ref} is not an exact version; resolve it first.")
    now = database.clock.now()
    row = session.get(EndpointRow, name, with_for_update=True)
    if row is None:
        row = EndpointRow(name=name, owner=by, state=EndpointState.LIVE, created_at=now, updated_at=now)
        session.add(row)
        session.flush()
    newest = _newest(session, name)
    same = newest is not None and (newest.model, newest.version) == (ref.name, number) and newest.state in _OPEN
    if same and row.state == EndpointState.LIVE:
        return row
    row.state, row.updated_at = EndpointState.LIVE, now
    deployment = DeploymentRow(
        id=new_id("d"),
        endpoint=name,
        model=ref.name,
        version=number,
        state=DeploymentState.STARTING,
        incarnation=1,
        created_at=now,
        created_by=by,
        why=why,
        failure="",
    )
    session.add(deployment)
    audit.note(session, now, by, "deploy", name, version=str(ref), why=why)
    session.flush()
    return row


def _endpoint_row(session: Session, name: str) -> EndpointRow:
    row = session.get(EndpointRow, name)
    if row is None:
        known = ", ".join(session.scalars(select(EndpointRow.name).order_by(EndpointRow.name).limit(20))) or "none yet"
        raise EndpointNotFoundError(f"No endpoint {name!r} is defined; endpoints: {known}.", endpoint=name)
    return row


def _newest(session: Session, name: str) -> DeploymentRow | None:
    query = select(DeploymentRow).where(DeploymentRow.endpoint == name).order_by(DeploymentRow.id.desc()).limit(1)
    return session.scalar(query)


def _deployment(row: DeploymentRow) -> Deployment:
    return Deployment(
        id=row.id,
        endpoint=row.endpoint,
        model=row.model,
        version=row.version,
        state=DeploymentState(row.state),
        incarnation=row.incarnation,
        created_at=row.created_at,
        created_by=row.created_by,
        why=row.why,
        live_at=row.live_at,
        ended_at=row.ended_at,
        failure=row.failure,
    )
