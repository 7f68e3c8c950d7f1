"""Definitions of endpoints: planned, applied, scaled, taken back, and the ledger of what came of them."""

from __future__ import annotations

from dataclasses import replace

from redspot.clock import as_utc
from redspot.contracts.replies import Ledger
from redspot.contracts.requests import DefinitionIn, LedgerQuery, PlanIn, RollbackIn, ScaleIn, WhyIn
from redspot.errors import InvalidError
from redspot.registry.definition import EndpointDefinition
from redspot.registry.endpoint import EndpointConflictError
from redspot.registry.plan import EndpointPlan, plan_endpoint
from redspot.registry.policy import DefinitionError, Parity
from redspot.registry.rollout import Move, Rollout, RolloutStage
from redspot.registry.standing import AppliedDefinition, Endpoint
from redspot_server.controllers.rollouts import is_ready
from redspot_server.definitions import (
    AT_ONCE,
    check_definition,
    check_parity,
    earlier_definition,
    pinned,
    resolve,
    standing_or_none,
    unchecked_versions,
)
from redspot_server.identity import Caller
from redspot_server.services import Services


class PreconditionFormError(InvalidError):
    """``If-Match`` is not an entity tag that this service gave."""

    code = "if-match"


class MomentError(InvalidError):
    """A moment has no time zone."""

    code = "moment-without-zone"


def plan(services: Services, caller: Caller, body: PlanIn) -> EndpointPlan:
    """Return what applying a definition would do."""
    definition = EndpointDefinition.from_dict(body.definition)
    check_definition(services, definition)
    pins = resolve(services, definition)
    made = plan_endpoint(definition, pins, standing_or_none(services, definition.name))
    asks = definition.rollout.parity is not Parity.SKIP
    return replace(made, unchecked=unchecked_versions(services, pins)) if asks else made


def read_definition(services: Services, caller: Caller, name: str) -> AppliedDefinition:
    """Return the definition in force; its generation is the entity tag."""
    return services.endpoints.definition(name)


def apply_definition(
    services: Services, caller: Caller, name: str, body: DefinitionIn, if_match: str | None
) -> AppliedDefinition:
    """Want what a definition says; with If-Match only when that generation is in force, "0" for none."""
    definition = EndpointDefinition.from_dict({"name": name, **body.definition})
    if definition.name != name:
        raise DefinitionError(f"Field 'name' is {definition.name!r}, and the path says {name!r}.", field="name")
    check_definition(services, definition)
    pins = resolve(services, definition)
    check_parity(services, definition, pins, is_confirmed=body.confirm)
    expected = _generation(if_match)
    return services.endpoints.apply(definition, pins, by=caller.name, why=body.why, expected=expected).applied


def scale(services: Services, caller: Caller, name: str, body: ScaleIn) -> Endpoint:
    """Bound the replicas of each version of an endpoint."""
    applied = services.endpoints.definition(name)
    definition = replace(applied.definition, min_replicas=body.min_replicas, max_replicas=body.max_replicas)
    services.endpoints.apply(
        definition, applied.pins, by=caller.name, why=body.why or "scaled", expected=applied.generation
    )
    return services.endpoints.get(name)


def roll_back(services: Services, caller: Caller, name: str, body: RollbackIn) -> Endpoint:
    """Go back to a row of the ledger at once; without one, abort the roll-out, or undo the last one."""
    standing = services.endpoints.standing(name)
    rollout = standing.rollout
    if body.deployment_id is None and rollout is not None and not rollout.stage.is_over:
        return abort(services, caller, name, body)
    applied = earlier_definition(services, name, body.deployment_id)
    definition = pinned(applied)
    versions = ", ".join(sorted(set(applied.pins.values())))
    services.endpoints.apply(
        definition,
        {version: version for version in applied.pins.values()},
        by=caller.name,
        why=body.why or f"rolled back to {versions}",
        policy=AT_ONCE,
    )
    return services.endpoints.get(name)


def promote(services: Services, caller: Caller, name: str, body: WhyIn) -> Endpoint:
    """Give what is being rolled out all requests now."""
    standing = services.endpoints.standing(name)
    rollout = _running(standing.rollout, name)
    if not is_ready(standing):
        raise EndpointConflictError(f"The roll-out of {name!r} is not ready: its replicas are starting.", endpoint=name)
    services.endpoints.move(rollout, Move(RolloutStage.DONE, rollout.step), baseline=None, by=caller.name)
    return services.endpoints.get(name)


def abort(services: Services, caller: Caller, name: str, body: WhyIn) -> Endpoint:
    """Take back what is being rolled out now."""
    rollout = _running(services.endpoints.standing(name).rollout, name)
    reason = f"Taken back by {caller.name}" + (f": {body.why}" if body.why else ".")
    move = Move(RolloutStage.ROLLED_BACK, rollout.step, reason)
    services.endpoints.move(rollout, move, baseline=None, by=caller.name)
    return services.endpoints.get(name)


def read_ledger(services: Services, caller: Caller, name: str, query: LedgerQuery) -> Ledger:
    """Return what answered at some moment with which share, and what had changed until then."""
    if query.at is not None and query.at.tzinfo is None:
        raise MomentError(f"{query.at.isoformat()} has no time zone: write it like 2026-03-01T12:00:00Z.", field="at")
    at = services.clock.now() if query.at is None else as_utc(query.at)
    store = services.endpoints
    return Ledger(at, store.live_at(name, at), store.ledger(name, limit=query.limit, until=at))


def _running(rollout: Rollout | None, name: str) -> Rollout:
    if rollout is None or rollout.stage.is_over:
        raise EndpointConflictError(f"Nothing is being rolled out at endpoint {name!r}.", endpoint=name)
    return rollout


def _generation(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise PreconditionFormError(
            f"If-Match is {if_match!r}; it is the ETag of the definition that was changed, such as '\"3\"'.",
            field="If-Match",
        )
    return int(text)
