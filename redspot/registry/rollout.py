"""A roll-out as a state machine: which stage follows from what is seen. It does nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from redspot.registry.endpoint import Arm, ArmRole
from redspot.registry.figures import ArmFigures, together
from redspot.registry.judging import broken_rule
from redspot.registry.policy import RolloutPolicy, Strategy

# A step that too few requests reach does not last for ever.
_PATIENCE = 10


class RolloutStage(StrEnum):
    """``starting`` → ``shadow`` → ``canary`` → ``done``; or ``rolled-back``, or ``replaced`` by another roll-out."""

    STARTING = "starting"
    SHADOW = "shadow"
    CANARY = "canary"
    DONE = "done"
    ROLLED_BACK = "rolled-back"
    REPLACED = "replaced"

    @property
    def is_over(self) -> bool:
        """Whether nothing follows."""
        return self in (RolloutStage.DONE, RolloutStage.ROLLED_BACK, RolloutStage.REPLACED)


@dataclass(frozen=True, slots=True)
class Rollout:
    """How an endpoint goes from some arms to others.

    Attributes
    ----------
    step
        Which of the policy's steps it is at, from 0; of meaning in stage ``canary``.
    since
        When this stage and step began (UTC).
    before, after
        The arms it comes from and goes to.
    reason
        Why it was rolled back or replaced, in one sentence; empty otherwise.
    """

    id: str
    endpoint: str
    generation: int
    stage: RolloutStage
    step: int
    since: datetime
    before: tuple[Arm, ...]
    after: tuple[Arm, ...]
    policy: RolloutPolicy
    created_at: datetime
    created_by: str
    why: str
    ended_at: datetime | None
    reason: str

    @property
    def new(self) -> tuple[str, ...]:
        """The deployments that answer after it and did not before."""
        known = {arm.deployment_id for arm in self.before if arm.role is ArmRole.LIVE}
        live = (arm.deployment_id for arm in self.after if arm.role is ArmRole.LIVE)
        return tuple(name for name in live if name not in known)

    @property
    def share(self) -> float:
        """The share of requests that has gone over."""
        if self.stage is RolloutStage.DONE:
            return 1.0
        return self.policy.stages[self.step] if self.stage is RolloutStage.CANARY else 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of a roll-out now.

    Attributes
    ----------
    is_ready
        Whether all replicas of the new arms answer.
    failure
        Why a new arm cannot go on, in one sentence; empty when it can.
    figures
        Counts since the stage and step began, by deployment; None when the router cannot be asked.
    """

    is_ready: bool
    failure: str = ""
    figures: Mapping[str, ArmFigures] | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """The stage and step that follow, and why in one sentence."""

    stage: RolloutStage
    step: int = 0
    reason: str = ""


def advance(rollout: Rollout, seen: Seen, now: datetime) -> Move | None:
    """Return what follows from what is seen; None when the roll-out stays where it is."""
    if rollout.stage.is_over:
        return None
    if seen.failure:
        return Move(RolloutStage.ROLLED_BACK, rollout.step, seen.failure)
    if rollout.stage is RolloutStage.STARTING:
        return _started(rollout) if seen.is_ready else None
    if seen.figures is None:
        return None
    new = together(seen.figures.get(name, ArmFigures()) for name in rollout.new)
    live = [arm.deployment_id for arm in rollout.before if arm.role is ArmRole.LIVE]
    broken = broken_rule(rollout.policy, new, together(seen.figures.get(name, ArmFigures()) for name in live))
    if broken:
        return Move(RolloutStage.ROLLED_BACK, rollout.step, broken)
    elapsed_s = (now - rollout.since).total_seconds()
    if rollout.stage is RolloutStage.SHADOW:
        return _canary(rollout, 0) if elapsed_s >= rollout.policy.shadow_s and seen.is_ready else None
    has_enough = new.requests >= rollout.policy.min_requests or elapsed_s >= _PATIENCE * rollout.policy.step_s
    if elapsed_s >= rollout.policy.step_s and has_enough and seen.is_ready:
        return _canary(rollout, rollout.step + 1)
    return None


def arms_at(rollout: Rollout, stage: RolloutStage, step: int) -> tuple[Arm, ...]:
    """Return the arms in a stage: live shares go over from the old to the new in proportion.

    Shadows that are wanted for good come and go when the roll-out is done.
    """
    if stage is RolloutStage.DONE:
        return rollout.after
    if stage is RolloutStage.SHADOW:
        new = rollout.new
        others = (arm for arm in rollout.before if arm.deployment_id not in new)
        return (*others, *(Arm(name, ArmRole.SHADOW, 1.0) for name in new))
    if stage is not RolloutStage.CANARY:
        return rollout.before
    over = rollout.policy.stages[step]
    shares: dict[str, float] = {}
    for arms, part in ((rollout.before, 1 - over), (rollout.after, over)):
        for arm in arms:
            if arm.role is ArmRole.LIVE:
                shares[arm.deployment_id] = shares.get(arm.deployment_id, 0.0) + part * arm.share
    shadows = (arm for arm in rollout.before if arm.role is ArmRole.SHADOW and arm.deployment_id not in shares)
    return (*(Arm(name, ArmRole.LIVE, share) for name, share in shares.items()), *shadows)


def _started(rollout: Rollout) -> Move:
    if not any(arm.role is ArmRole.LIVE and arm.share > 0 for arm in rollout.before) or not rollout.new:
        return Move(RolloutStage.DONE)
    if rollout.policy.strategy is Strategy.SHADOW_CANARY:
        return Move(RolloutStage.SHADOW)
    return _canary(rollout, 0)


def _canary(rollout: Rollout, step: int) -> Move:
    stages = rollout.policy.stages
    if step >= len(stages) or stages[step] >= 1:
        return Move(RolloutStage.DONE)
    return Move(RolloutStage.CANARY, step)
