from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.registry.endpoint import Arm, ArmRole
from redspot.registry.figures import ArmFigures
from redspot.registry.policy import RolloutPolicy, Strategy
from redspot.registry.rollout import Move, Rollout, RolloutStage, Seen, advance, arms_at

AT = datetime(2026, 3, 1, tzinfo=UTC)
OLD, NEW = Arm("d_1", ArmRole.LIVE, 1.0), Arm("d_2", ArmRole.LIVE, 1.0)
QUIET = {"d_1": ArmFigures(100), "d_2": ArmFigures(100)}
READY = Seen(is_ready=True, figures=QUIET)


def rollout(
    strategy: Strategy, before: tuple[Arm, ...] = (OLD,), after: tuple[Arm, ...] = (NEW,), **changes: object
) -> Rollout:
    policy = RolloutPolicy(strategy=strategy, steps=(0.1, 0.5, 1.0), step_s=10, shadow_s=20, min_requests=50)
    made = Rollout("o_1", "front", 2, RolloutStage.STARTING, 0, AT, before, after, policy, AT, "ada", "", None, "")
    return replace(made, **changes)  # type: ignore[arg-type]


def walk(started: Rollout, seen: Seen = READY) -> list[tuple[RolloutStage, int, float]]:
    """Return the stages that are gone through, with the seconds at which each began."""
    stages, now, at = [], started, 0.0
    while at < 2000 and not now.stage.is_over:
        move = advance(now, seen, AT + timedelta(seconds=at))
        if move is not None:
            stages.append((move.stage, move.step, at))
            now = replace(now, stage=move.stage, step=move.step, since=AT + timedelta(seconds=at), reason=move.reason)
        at += 0.5
    return stages


def test_blue_green_goes_over_at_once() -> None:
    assert walk(rollout(Strategy.BLUE_GREEN)) == [(RolloutStage.DONE, 0, 0.0)]


def test_a_canary_goes_over_by_steps() -> None:
    assert walk(rollout(Strategy.CANARY)) == [
        (RolloutStage.CANARY, 0, 0.0),
        (RolloutStage.CANARY, 1, 10.0),
        (RolloutStage.DONE, 0, 20.0),
    ]


def test_a_shadow_is_compared_first() -> None:
    stages = [(stage, at) for stage, _, at in walk(rollout(Strategy.SHADOW_CANARY))]
    assert stages[:2] == [(RolloutStage.SHADOW, 0.0), (RolloutStage.CANARY, 20.0)]


@pytest.mark.parametrize("strategy", Strategy)
def test_the_first_version_has_nothing_to_be_compared_with(strategy: Strategy) -> None:
    assert walk(rollout(strategy, before=())) == [(RolloutStage.DONE, 0, 0.0)]


def test_a_step_that_too_few_requests_reach_lasts_longer_but_not_for_ever() -> None:
    seen = Seen(is_ready=True, figures={"d_1": ArmFigures(100), "d_2": ArmFigures(3)})
    assert [at for _, _, at in walk(rollout(Strategy.CANARY), seen)] == [0.0, 100.0, 200.0]


def test_it_waits_for_replicas_and_for_the_router() -> None:
    assert walk(rollout(Strategy.CANARY), Seen(is_ready=False)) == []
    assert [stage for stage, *_ in walk(rollout(Strategy.CANARY), Seen(is_ready=True))] == [RolloutStage.CANARY]


def test_what_cannot_start_or_breaks_a_rule_is_rolled_back_with_the_sentence() -> None:
    failed = advance(rollout(Strategy.CANARY), Seen(is_ready=False, failure="No such file."), AT)
    assert failed == Move(RolloutStage.ROLLED_BACK, 0, "No such file.")
    bad = Seen(is_ready=True, figures={"d_1": ArmFigures(100), "d_2": ArmFigures(100, errors=50)})
    at_work = rollout(Strategy.CANARY, stage=RolloutStage.CANARY, step=1)
    move = advance(at_work, bad, AT)
    assert move is not None
    assert (move.stage, move.step) == (RolloutStage.ROLLED_BACK, 1)
    assert "50 of 100" in move.reason


@pytest.mark.parametrize("stage", [stage for stage in RolloutStage if stage.is_over])
def test_what_is_over_stays_so(stage: RolloutStage) -> None:
    assert advance(rollout(Strategy.CANARY, stage=stage), Seen(is_ready=True, failure="x"), AT) is None


def test_a_shadow_for_good_is_not_judged_as_new() -> None:
    shadow = Arm("d_3", ArmRole.SHADOW, 1.0)
    only = rollout(Strategy.CANARY, after=(OLD, shadow))
    assert only.new == ()
    assert walk(only) == [(RolloutStage.DONE, 0, 0.0)]
    assert arms_at(rollout(Strategy.CANARY, before=(OLD, shadow)), RolloutStage.CANARY, 0)[-1] == shadow


def arms(names: str) -> st.SearchStrategy[tuple[Arm, ...]]:
    def shared(parts: list[int]) -> tuple[Arm, ...]:
        total = sum(parts)
        return tuple(Arm(f"d_{name}", ArmRole.LIVE, part / total) for name, part in zip(names, parts, strict=False))

    return st.lists(st.integers(1, 100), min_size=1, max_size=len(names)).map(shared)


@given(arms("abc"), arms("bcd"), st.integers(0, 2), st.sampled_from(RolloutStage))
def test_live_shares_sum_to_one_in_every_stage(
    before: tuple[Arm, ...], after: tuple[Arm, ...], step: int, stage: RolloutStage
) -> None:
    found = arms_at(rollout(Strategy.CANARY, before, after), stage, step)
    assert sum(arm.share for arm in found if arm.role is ArmRole.LIVE) == pytest.approx(1, abs=1e-9)
    assert len({arm.deployment_id for arm in found}) == len(found)


@given(arms("abc"), arms("bcd"))
def test_what_is_new_only_gains_from_step_to_step(before: tuple[Arm, ...], after: tuple[Arm, ...]) -> None:
    way = rollout(Strategy.CANARY, before, after)
    steps = [
        arms_at(way, RolloutStage.CANARY, 0),
        arms_at(way, RolloutStage.CANARY, 1),
        arms_at(way, RolloutStage.DONE, 0),
    ]
    for name in way.new:
        gained = [sum(arm.share for arm in step if arm.deployment_id == name) for step in steps]
        assert gained == sorted(gained)
