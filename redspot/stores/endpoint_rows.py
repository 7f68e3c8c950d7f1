"""From rows to what the domain knows of endpoints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import (
    Deployment,
    DeploymentState,
    LedgerEntry,
    LedgerEvent,
    Replica,
    ReplicaSpec,
    ReplicaState,
)
from redspot.registry.endpoint import Arm, ArmRole, EndpointNotFoundError, EndpointState
from redspot.registry.figures import Observation
from redspot.registry.policy import RolloutPolicy
from redspot.registry.rollout import Rollout, RolloutStage
from redspot.registry.standing import AppliedDefinition, ArmStatus, Endpoint, Standing
from redspot.stores.codec import from_json, maybe_from_json
from redspot.stores.tables import DefinitionRow, DeploymentRow, EndpointRow, LedgerRow, ReplicaRow, RolloutRow

OPEN = (DeploymentState.STARTING, DeploymentState.LIVE)

# Made once: controllers ask this several times a second.
_NAMES: BindParameter[list[str]] = bindparam("names", expanding=True)
_IN_FORCE = (
    select(DefinitionRow)
    .join(
        EndpointRow,
        (EndpointRow.name == DefinitionRow.endpoint) & (EndpointRow.generation == DefinitionRow.generation),
    )
    .where(DefinitionRow.endpoint.in_(_NAMES))
)
_OPENED = (
    select(DeploymentRow)
    .where(DeploymentRow.endpoint.in_(_NAMES), DeploymentRow.state.in_(OPEN))
    .order_by(DeploymentRow.id)
)
_WANTED_REPLICAS = (
    select(ReplicaRow, DeploymentRow.endpoint)
    .join(DeploymentRow, DeploymentRow.id == ReplicaRow.deployment_id)
    .where(DeploymentRow.endpoint.in_(_NAMES), DeploymentRow.state.in_(OPEN))
    .order_by(ReplicaRow.deployment_id, ReplicaRow.number)
)
_LATER = aliased(RolloutRow)
_NEWEST_ROLLOUTS = (
    select(RolloutRow)
    .where(
        RolloutRow.endpoint.in_(_NAMES),
        RolloutRow.generation
        == select(func.max(_LATER.generation)).where(_LATER.endpoint == RolloutRow.endpoint).scalar_subquery(),
    )
    .order_by(RolloutRow.generation, RolloutRow.id)
)


def endpoint_row(session: Session, name: str, *, lock: bool = False) -> EndpointRow:
    """Return the row (EndpointNotFoundError, listing what there is)."""
    row = session.get(EndpointRow, name, with_for_update=lock)
    if row is None:
        known = ", ".join(session.scalars(select(EndpointRow.name).order_by(EndpointRow.name).limit(20))) or "none yet"
        raise EndpointNotFoundError(f"No endpoint {name!r} is defined; endpoints: {known}.", endpoint=name)
    return row


def newest_rollout(session: Session, name: str) -> RolloutRow | None:
    """Return the row of an endpoint's newest roll-out."""
    query = select(RolloutRow).where(RolloutRow.endpoint == name)
    return session.scalar(query.order_by(RolloutRow.generation.desc(), RolloutRow.id.desc()).limit(1))


def open_rows(session: Session, name: str) -> list[DeploymentRow]:
    """Return the deployments that are starting or live, oldest first."""
    query = select(DeploymentRow).where(DeploymentRow.endpoint == name, DeploymentRow.state.in_(OPEN))
    return list(session.scalars(query.order_by(DeploymentRow.id)))


def endpoint_of(session: Session, row: EndpointRow, router_url: str) -> Endpoint:
    """Return an endpoint as people see it."""
    newest = session.scalar(
        select(DeploymentRow).where(DeploymentRow.endpoint == row.name).order_by(DeploymentRow.id.desc()).limit(1)
    )
    arms = [each for each in open_rows(session, row.name) if each.state == DeploymentState.LIVE]
    answering = [each for each in arms if each.role == ArmRole.LIVE and each.share > 0]
    most = max(answering, key=lambda each: (each.share, each.id), default=None)
    rollout = newest_rollout(session, row.name)
    return Endpoint(
        name=row.name,
        owner=row.owner,
        state=EndpointState(row.state),
        created_at=row.created_at,
        updated_at=row.updated_at,
        deployment=deployment_of(newest) if newest else None,
        serving=f"{most.model}@{most.version}" if most else None,
        url=f"{router_url}/endpoints/{row.name}",
        generation=row.generation,
        arms=tuple(_arm_status(session, each) for each in arms),
        rollout=rollout_of(rollout) if rollout else None,
    )


def standing_of(session: Session, row: EndpointRow) -> Standing:
    """Return an endpoint as controllers see it."""
    (standing,) = standings_of(session, [row])
    return standing


def standings_of(session: Session, rows: Sequence[EndpointRow]) -> tuple[Standing, ...]:
    """Return endpoints as controllers see them, with as many queries for a hundred of them as for one."""
    given = {"names": [row.name for row in rows]}
    names = given["names"]
    definitions = {each.endpoint: each for each in session.scalars(_IN_FORCE, given)}
    deployments: dict[str, list[Deployment]] = {name: [] for name in names}
    for deployment in session.scalars(_OPENED, given):
        deployments[deployment.endpoint].append(deployment_of(deployment))
    replicas: dict[str, list[Replica]] = {name: [] for name in names}
    for replica, name in session.execute(_WANTED_REPLICAS, given):
        replicas[name].append(replica_of(replica))
    # The newest of each endpoint comes last, and stays.
    rollouts = {each.endpoint: each for each in session.scalars(_NEWEST_ROLLOUTS, given)}
    return tuple(
        Standing(
            name=row.name,
            owner=row.owner,
            state=EndpointState(row.state),
            applied=definition_of(definitions[row.name]),
            deployments=tuple(deployments[row.name]),
            replicas=tuple(replicas[row.name]),
            rollout=rollout_of(rollouts[row.name]) if row.name in rollouts else None,
            baseline=maybe_from_json(Observation, rollouts[row.name].baseline) if row.name in rollouts else None,
        )
        for row in rows
    )


def definition_of(row: DefinitionRow) -> AppliedDefinition:
    """Return a definition."""
    definition = _definition(json.dumps(row.definition))
    return AppliedDefinition(definition, row.generation, row.pins, row.applied_at, row.applied_by, row.why)


@lru_cache(maxsize=1024)
def _definition(text: str) -> EndpointDefinition:
    return EndpointDefinition.from_dict(json.loads(text))


def deployment_of(row: DeploymentRow) -> Deployment:
    """Return a deployment."""
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
        role=ArmRole(row.role),
        share=row.share,
        replicas=row.replicas,
        generation=row.generation,
        spec=from_json(ReplicaSpec, row.spec),
        image=row.image,
    )


def replica_of(row: ReplicaRow) -> Replica:
    """Return a replica."""
    return Replica(row.deployment_id, row.number, ReplicaState(row.state), row.created_at)


def rollout_of(row: RolloutRow) -> Rollout:
    """Return a roll-out."""
    return Rollout(
        id=row.id,
        endpoint=row.endpoint,
        generation=row.generation,
        stage=RolloutStage(row.stage),
        step=row.step,
        since=row.since,
        before=from_json(tuple[Arm, ...], row.before),
        after=from_json(tuple[Arm, ...], row.after),
        policy=from_json(RolloutPolicy, row.policy),
        created_at=row.created_at,
        created_by=row.created_by,
        why=row.why,
        ended_at=row.ended_at,
        reason=row.reason,
    )


def ledger_entry_of(row: LedgerRow) -> LedgerEntry:
    """Return an entry of the ledger."""
    return LedgerEntry(
        id=row.id,
        at=row.at,
        endpoint=row.endpoint,
        deployment_id=row.deployment_id,
        version=row.version,
        event=LedgerEvent(row.event),
        role=ArmRole(row.role),
        share_before=row.share_before,
        share=row.share,
        generation=row.generation,
        who=row.who,
        why=row.why,
    )


def _arm_status(session: Session, row: DeploymentRow) -> ArmStatus:
    states = session.scalars(select(ReplicaRow.state).where(ReplicaRow.deployment_id == row.id)).all()
    ready = sum(state == ReplicaState.READY for state in states)
    return ArmStatus(row.id, f"{row.model}@{row.version}", ArmRole(row.role), row.share, row.replicas, ready)
