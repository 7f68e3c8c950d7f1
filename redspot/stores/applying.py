"""Applying a definition: its deployments and the roll-out that brings them in, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from redspot.ids import ModelRef, new_id
from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import DeploymentState, LedgerEvent
from redspot.registry.endpoint import Arm, ArmRole, EndpointConflictError, EndpointState
from redspot.registry.endpoint_store import StaleDefinitionError
from redspot.registry.plan import Target, is_fresh, plan_targets, starting_replicas
from redspot.registry.policy import RolloutPolicy
from redspot.registry.rollout import Rollout, RolloutStage
from redspot.stores import audit
from redspot.stores.codec import to_json
from redspot.stores.database import Database
from redspot.stores.endpoint_rows import definition_of, deployment_of, newest_rollout, open_rows, rollout_of
from redspot.stores.models import require_pipeline
from redspot.stores.shares import Cause, current_arms, end, note, shift
from redspot.stores.tables import DefinitionRow, DeploymentRow, EndpointRow, RolloutRow

_REPLACED = "replaced before it answered"


def apply_definition(
    session: Session,
    definition: EndpointDefinition,
    pins: Mapping[str, str],
    cause: Cause,
    *,
    expected: int | None = None,
    policy: RolloutPolicy | None = None,
) -> EndpointRow:
    """Want what a definition says; see `redspot.registry.endpoint_store.EndpointStore.apply`.

    Applying what is in force and not failed changes nothing.
    """
    for version in set(pins.values()):
        require_pipeline(session, ModelRef.parse(version))
    row = session.get(EndpointRow, definition.name, with_for_update=True)
    _check_expected(row, definition.name, expected)
    if row is None:
        row = EndpointRow(
            name=definition.name,
            owner=definition.owner or cause.who,
            state=EndpointState.LIVE,
            generation=0,
            created_at=cause.at,
            updated_at=cause.at,
        )
        session.add(row)
        session.flush()
    definition = replace(definition, owner=definition.owner or row.owner)
    targets = _targets(session, definition, pins)
    running = _running(session, row.name)
    goes_on = row.state == EndpointState.LIVE and _is_wanted(session, row.name, targets, running)
    if goes_on and _is_in_force(session, row, definition, pins):
        return row
    row.generation += 1
    row.owner, row.state, row.updated_at = definition.owner, EndpointState.LIVE, cause.at
    _keep_definition(session, row, definition, pins, cause)
    if not goes_on:
        if running is not None:
            _replace(session, row, running, targets, cause)
            targets = _targets(session, definition, pins)
        _bring_in(session, row, definition, targets, policy or definition.rollout, cause)
    _fit_replicas(session, definition)
    session.flush()
    return row


def want_deployment(
    session: Session, database: Database, name: str, ref: ModelRef, *, by: str, why: str
) -> EndpointRow:
    """Want one exact version at an endpoint, which is defined when it is new; all else of its definition stays."""
    if ref.number is None:
        raise EndpointConflictError(f"{ref} is not an exact version; resolve it first.")
    row = session.get(EndpointRow, name)
    version = str(ref)
    if row is None:
        definition = EndpointDefinition(name, model=version)
    else:
        current = definition_of(session.get_one(DefinitionRow, (name, row.generation))).definition
        definition = current.serving(version)
    return apply_definition(session, definition, {version: version}, Cause(by, database.clock.now(), why))


def _check_expected(row: EndpointRow | None, name: str, expected: int | None) -> None:
    found = 0 if row is None else row.generation
    if expected is None or expected == found:
        return
    if expected and not found:
        raise StaleDefinitionError(f"Endpoint {name!r} does not exist any more.", endpoint=name, generation=0)
    raise StaleDefinitionError(
        f"Endpoint {name!r} is at generation {found}, and the change was made for generation {expected}:"
        " look at what is in force now and apply it anew.",
        endpoint=name,
        generation=found,
    )


def _targets(session: Session, definition: EndpointDefinition, pins: Mapping[str, str]) -> tuple[Target, ...]:
    deployments = [deployment_of(each) for each in open_rows(session, definition.name)]
    return plan_targets(definition, pins, deployments)


def _running(session: Session, name: str) -> Rollout | None:
    newest = newest_rollout(session, name)
    rollout = None if newest is None else rollout_of(newest)
    return None if rollout is None or rollout.stage.is_over else rollout


def _is_wanted(session: Session, name: str, targets: Sequence[Target], running: Rollout | None) -> bool:
    """Return whether what is there, or is on its way, is what is wanted."""
    arms = {Arm(each.deployment.id, each.role, each.share) for each in targets if each.deployment}
    there = running.after if running else current_arms(session, name)
    return len(arms) == len(targets) and arms == set(there)


def _is_in_force(session: Session, row: EndpointRow, definition: EndpointDefinition, pins: Mapping[str, str]) -> bool:
    applied = definition_of(session.get_one(DefinitionRow, (row.name, row.generation)))
    return applied.definition == definition and dict(applied.pins) == dict(pins)


def _keep_definition(
    session: Session, row: EndpointRow, definition: EndpointDefinition, pins: Mapping[str, str], cause: Cause
) -> None:
    session.add(
        DefinitionRow(
            endpoint=row.name,
            generation=row.generation,
            definition=definition.to_dict(),
            pins=dict(pins),
            applied_at=cause.at,
            applied_by=cause.who,
            why=cause.why,
        )
    )
    versions = ", ".join(sorted(set(pins.values())))
    audit.note(
        session, cause.at, cause.who, "deploy", row.name, generation=row.generation, version=versions, why=cause.why
    )
    session.flush()


def _replace(session: Session, row: EndpointRow, running: Rollout, targets: Sequence[Target], cause: Cause) -> None:
    """Take back a roll-out that is under way; what is still wanted of it stays warm."""
    sentence = f"replaced by generation {row.generation}"
    found = session.get_one(RolloutRow, running.id)
    found.stage, found.ended_at, found.reason = RolloutStage.REPLACED, cause.at, sentence
    by = Cause(cause.who, cause.at, sentence)
    shift(session, row, running.before, by)
    kept = {each.deployment.id for each in targets if each.deployment} | {arm.deployment_id for arm in running.before}
    for each in open_rows(session, row.name):
        if each.id not in kept:
            why = sentence if each.live_at else _REPLACED
            end(session, each, DeploymentState.ENDED, row.generation, Cause(cause.who, cause.at, why))


def _bring_in(
    session: Session,
    row: EndpointRow,
    definition: EndpointDefinition,
    targets: Sequence[Target],
    policy: RolloutPolicy,
    cause: Cause,
) -> None:
    deployments = [deployment_of(each) for each in open_rows(session, row.name)]
    count = starting_replicas(definition, deployments)
    before = current_arms(session, row.name)
    fresh = any(is_fresh(each) for each in targets)
    after = tuple(Arm(_deployment_id(session, row, each, count, cause), each.role, each.share) for each in targets)
    if not fresh:
        shift(session, row, after, cause)
        for each in open_rows(session, row.name):
            if each.id not in {arm.deployment_id for arm in after}:
                end(session, each, DeploymentState.ENDED, row.generation, cause)
        return
    session.add(
        RolloutRow(
            id=new_id("o"),
            endpoint=row.name,
            generation=row.generation,
            stage=RolloutStage.STARTING,
            step=0,
            since=cause.at,
            before=[to_json(arm) for arm in before],
            after=[to_json(arm) for arm in after],
            policy=to_json(policy),
            baseline=None,
            created_at=cause.at,
            created_by=cause.who,
            why=cause.why,
            ended_at=None,
            reason="",
        )
    )
    session.flush()


def _deployment_id(session: Session, row: EndpointRow, target: Target, replicas: int, cause: Cause) -> str:
    if target.deployment is not None:
        found = session.get_one(DeploymentRow, target.deployment.id)
        if is_fresh(target):
            found.replicas = max(found.replicas, replicas)
        return found.id
    ref = ModelRef.parse(target.version)
    made = DeploymentRow(
        id=new_id("d"),
        endpoint=row.name,
        model=ref.name,
        version=ref.number,
        state=DeploymentState.STARTING,
        incarnation=0,
        created_at=cause.at,
        created_by=cause.who,
        why=cause.why,
        failure="",
        role=ArmRole.LIVE,
        share=0.0,
        replicas=replicas,
        generation=row.generation,
        spec=to_json(target.spec),
    )
    session.add(made)
    session.flush()
    note(session, made, LedgerEvent.CREATED, 0.0, row.generation, cause)
    return made.id


def _fit_replicas(session: Session, definition: EndpointDefinition) -> None:
    """Bring the numbers of replicas within new bounds; one that sleeps goes on sleeping where it may."""
    for row in open_rows(session, definition.name):
        row.replicas = min(max(row.replicas, definition.min_replicas), definition.max_replicas)
