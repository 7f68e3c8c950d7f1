"""From a definition to what has to be done: which arms, which of them are new, and the same in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import Deployment, DeploymentState, ReplicaSpec
from redspot.registry.endpoint import ArmRole
from redspot.registry.policy import RolloutPolicy, Strategy
from redspot.registry.standing import Standing


@dataclass(frozen=True, slots=True)
class Target:
    """An arm that is wanted.

    Attributes
    ----------
    deployment
        One that serves the very same already, or None.
    """

    version: str
    role: ArmRole
    share: float
    spec: ReplicaSpec
    deployment: Deployment | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the definition that changes; values as JSON."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """What applying a definition would do.

    Attributes
    ----------
    generation
        The one it was compared with; 0 for an endpoint that does not exist yet.
    changes
        Fields that change.
    actions
        What happens then, in words and in order.
    unchecked
        Versions without recorded rows, which somebody has to confirm.
    """

    name: str
    generation: int
    changes: tuple[FieldChange, ...]
    actions: tuple[str, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def etag(self) -> str:
        """The entity tag that a change made by this plan has to match."""
        return f'"{self.generation}"'


def plan_endpoint(definition: EndpointDefinition, pins: Mapping[str, str], current: Standing | None) -> EndpointPlan:
    """Return what applying a definition would do.

    Parameters
    ----------
    pins
        Exact version of each that the definition names.
    current
        How the endpoint stands; None when it does not exist.
    """
    before = {} if current is None else current.applied.definition.to_dict()
    if current is not None and not definition.owner:
        before["owner"] = ""
    after = definition.to_dict()
    changes = tuple(
        FieldChange(name, old, new)
        for (name, new), old in zip(_flat(after).items(), _values(_flat(before), _flat(after)), strict=True)
        if old != new and not (current is None and new in (None, "", [], {}))
    )
    generation = 0 if current is None else current.applied.generation
    targets = plan_targets(definition, pins, () if current is None else current.deployments)
    return EndpointPlan(definition.name, generation, changes, tuple(_actions(definition, targets, current)))


def plan_targets(
    definition: EndpointDefinition, pins: Mapping[str, str], deployments: Sequence[Deployment]
) -> tuple[Target, ...]:
    """Return the arms that are wanted; one that serves the very same goes on."""
    shares: dict[str, float] = {}
    for text, share in definition.shares.items():
        shares[pins[text]] = shares.get(pins[text], 0.0) + share
    arms = [(version, ArmRole.LIVE, share) for version, share in shares.items()]
    if definition.shadow and pins[definition.shadow] not in shares:
        arms.append((pins[definition.shadow], ArmRole.SHADOW, 1.0))
    targets = []
    for version, role, share in arms:
        same = [each for each in deployments if str(each.ref) == version and each.spec == definition.spec]
        targets.append(Target(version, role, share, definition.spec, same[-1] if same else None))
    return tuple(targets)


def starting_replicas(definition: EndpointDefinition, deployments: Sequence[Deployment]) -> int:
    """Return how many replicas a new arm starts with: as many as those before it have together."""
    before = sum(each.replicas for each in deployments if each.role is ArmRole.LIVE and each.share > 0)
    return min(max(1, definition.min_replicas, before), definition.max_replicas)


def is_fresh(target: Target) -> bool:
    """Return whether an arm answers nothing yet, so that a roll-out has to bring it in."""
    deployment = target.deployment
    if deployment is None or deployment.state is not DeploymentState.LIVE or deployment.share == 0:
        return True
    return deployment.role is ArmRole.SHADOW and target.role is ArmRole.LIVE


def describe_policy(policy: RolloutPolicy) -> tuple[str, ...]:
    """Return what a policy does with a new version, in words."""
    said = []
    if policy.strategy is Strategy.SHADOW_CANARY:
        said.append(f"mirror requests to it for {policy.shadow_s:g} s and compare the answers")
    if policy.strategy is Strategy.BLUE_GREEN:
        said.append("send it all requests once it is ready")
    else:
        steps = " → ".join(f"{100 * step:g} %" for step in policy.steps)
        said.append(f"canary {steps}, each step for {policy.step_s:g} s at least")
    return tuple(said)


def _actions(definition: EndpointDefinition, targets: Sequence[Target], current: Standing | None) -> list[str]:
    deployments = () if current is None else current.deployments
    answering = [each for each in deployments if each.role is ArmRole.LIVE and each.share > 0]
    count = starting_replicas(definition, deployments)
    replicas = "1 replica" if count == 1 else f"{count} replicas"
    said = [
        f"start {replicas} of {target.version}" + (" as a shadow" if target.role is ArmRole.SHADOW else "")
        for target in targets
        if target.deployment is None
    ]
    if any(is_fresh(target) for target in targets):
        said += describe_policy(definition.rollout) if answering else ["send it all requests once it is ready"]
    for target in targets:
        part = (
            None if target.deployment is None or is_fresh(target) else (target.deployment.role, target.deployment.share)
        )
        if part is not None and part != (target.role, target.share):
            said.append(f"give {target.version} {100 * target.share:g} % instead of {100 * part[1]:g} %")
    kept = {target.deployment.id for target in targets if target.deployment}
    said += [f"end {each.ref}" for each in deployments if each.id not in kept]
    return said


def _flat(content: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping) and key != "split":
            flat |= {f"{key}.{name}": each for name, each in value.items()}
        else:
            flat[key] = value
    return flat


def _values(before: Mapping[str, Any], keys: Mapping[str, Any]) -> list[Any]:
    return [before.get(key) for key in keys]
