"""What has to be known of an installation before a definition can be applied: versions, backends, recorded rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from redspot.config import BACKEND_SETTINGS
from redspot.errors import ConflictError
from redspot.ids import ModelRef
from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import DeploymentState
from redspot.registry.endpoint import EndpointConflictError, EndpointNotFoundError
from redspot.registry.policy import DefinitionError, Parity, RolloutPolicy
from redspot.registry.standing import AppliedDefinition, Standing
from redspot_server.services import Services


class UncheckedVersionError(ConflictError):
    """A version has no recorded rows, so that nobody can prove that it answers here as where it was fitted."""

    code = "unchecked-version"


def resolve(services: Services, definition: EndpointDefinition) -> dict[str, str]:
    """Return the exact version of each that a definition names (ModelNotFoundError, VersionNotFoundError)."""
    texts = (*definition.shares, *([definition.shadow] if definition.shadow else ()))
    return {text: str(services.models.get(ModelRef.parse(text)).ref) for text in texts}


def check_definition(services: Services, definition: EndpointDefinition) -> None:
    """Refuse what this installation does not have (DefinitionError)."""
    if definition.name == "plan":
        raise DefinitionError("Field 'name' is 'plan', which is a word of the API; choose another.", field="name")
    backends = services.config.backends
    if definition.backend in BACKEND_SETTINGS and definition.backend not in backends:
        raise DefinitionError(
            f"Field 'backend' is {definition.backend!r}, which needs the setting"
            f" {BACKEND_SETTINGS[definition.backend]!r}.",
            field="backend",
        )
    definition.check(instance_types=[each.name for each in services.instance_types], backends=backends)


def check_parity(
    services: Services, definition: EndpointDefinition, pins: Mapping[str, str], *, is_confirmed: bool
) -> None:
    """Refuse versions without recorded rows, as far as the definition says so.

    Raises
    ------
    UncheckedVersionError
        Naming the version, and what to do.
    """
    parity = definition.rollout.parity
    if parity is Parity.SKIP or (parity is Parity.ASK and is_confirmed):
        return
    for version in unchecked_versions(services, pins):
        remedy = "confirm it, or set" if parity is Parity.ASK else "set"
        raise UncheckedVersionError(
            f"{version} has no recorded rows to prove that it answers here as where it was fitted:"
            f" {remedy} 'rollout.parity' to 'skip' to deploy it all the same.",
            version=version,
        )


def unchecked_versions(services: Services, pins: Mapping[str, str]) -> tuple[str, ...]:
    """Return the versions that have no recorded rows."""
    versions = sorted(set(pins.values()))
    return tuple(each for each in versions if not services.models.get(ModelRef.parse(each)).parity_rows)


def standing_or_none(services: Services, name: str) -> Standing | None:
    """Return how an endpoint stands; None when there is none of that name."""
    try:
        return services.endpoints.standing(name)
    except EndpointNotFoundError:
        return None


def earlier_definition(services: Services, name: str, deployment_id: str | None) -> AppliedDefinition:
    """Return the definition to go back to: that of a row of the ledger, or the last that answered before.

    Raises
    ------
    EndpointConflictError
        When that row never answered, or there is nothing to go back to.
    """
    rows = services.endpoints.deployments(name, limit=1000)
    if deployment_id is None:
        answered = [row for row in rows if row.live_at is not None and row.state is DeploymentState.ENDED]
        if not answered:
            raise EndpointConflictError(f"Nothing answered at endpoint {name!r} before what does now.", endpoint=name)
        return services.endpoints.definition(name, answered[0].generation)
    found = next((row for row in rows if row.id == deployment_id), None)
    if found is None:
        raise EndpointConflictError(f"Endpoint {name!r} has no deployment {deployment_id!r}.", endpoint=name)
    if found.live_at is None:
        raise EndpointConflictError(f"Deployment {found.id} of {found.ref} never answered.", endpoint=name)
    return services.endpoints.definition(name, found.generation)


def pinned(applied: AppliedDefinition) -> EndpointDefinition:
    """Return a definition that names exactly what it was resolved to, and follows nothing."""
    definition, pins = applied.definition, applied.pins
    split: dict[str, float] = {}
    for text, share in definition.split.items():
        split[pins[text]] = split.get(pins[text], 0.0) + share
    model = pins[definition.model] if definition.model else ""
    shadow = pins[definition.shadow] if definition.shadow else ""
    return replace(definition, model=model, split=split, shadow=shadow, follow=False)


# What answered before has shown that it can: all requests go back to it as soon as it is ready.
AT_ONCE = RolloutPolicy(parity=Parity.SKIP)
