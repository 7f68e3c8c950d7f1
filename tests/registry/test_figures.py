from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from redspot.registry.figures import (
    ArmFigures,
    LabelScores,
    NumberScores,
    Observation,
    joined_scores,
    stability,
    together,
)
from redspot.registry.judging import broken_rule
from redspot.registry.policy import RolloutPolicy

AT = datetime(2026, 3, 1, tzinfo=UTC)
BOUNDS = (1.0, 2.0, 5.0, 10.0, 50.0, 100.0)
EDGES = tuple(float(edge) for edge in np.linspace(-3, 3, 13))


def numbers(values: Any, edges: tuple[float, ...] = EDGES) -> NumberScores:
    counts = np.histogram(values, bins=[-np.inf, *edges, np.inf])[0]
    return NumberScores(edges, tuple(float(count) for count in counts))


def psi(before: NumberScores | LabelScores, now: NumberScores | LabelScores) -> tuple[float, float]:
    found = stability(before, now)
    assert found is not None
    return found.psi, found.by_chance


def test_the_95th_percentile_lies_within_its_bucket() -> None:
    figures = ArmFigures(100, 0, BOUNDS, (0, 90, 0, 10, 0, 0, 0))
    assert figures.p95_ms == pytest.approx(7.5)
    assert ArmFigures().p95_ms is None
    assert ArmFigures(1, 0, BOUNDS, (0, 0, 0, 0, 0, 0, 1)).p95_ms == 100.0


@pytest.mark.parametrize("rows", [30, 100, 1000])
def test_what_has_not_moved_stays_below_what_chance_explains(rows: int) -> None:
    random = np.random.default_rng(rows)
    above = 0
    for _ in range(300):
        found, chance = psi(numbers(random.normal(size=5 * rows)), numbers(random.normal(size=rows)))
        above += found > chance
    assert above <= 1


def test_what_has_moved_is_seen_among_few_rows() -> None:
    random = np.random.default_rng(1)
    found, chance = psi(numbers(random.normal(size=500)), numbers(random.normal(2.0, size=50)))
    assert found > 0.25 + chance


def test_numbers_counted_at_other_edges_are_compared() -> None:
    random = np.random.default_rng(2)
    other = tuple(float(edge) for edge in np.linspace(-4, 4, 33))
    before = numbers(random.normal(size=2000))
    same, chance = psi(before, numbers(random.normal(size=2000), other))
    assert same < 0.1 + chance
    far = numbers(random.normal(1000.0, size=200), tuple(edge + 1000 for edge in EDGES))
    assert psi(before, far)[0] > 1


def test_labels_are_compared_rare_ones_together() -> None:
    before = LabelScores({"a": 500, "b": 490, **{f"rare{n}": 1 for n in range(10)}})
    assert psi(before, LabelScores({"a": 50, "b": 49, "new": 1}))[0] < 0.05
    found, chance = psi(before, LabelScores({"a": 100}))
    assert found > 0.25 + chance
    assert stability(before, NumberScores((0.0,), (1, 1))) is None
    assert stability(before, LabelScores({})) is None


def test_counts_since_a_moment_know_a_router_that_began_anew() -> None:
    before = Observation(AT, 1.0, {"d": ArmFigures(10, 1, BOUNDS, (10, 0, 0, 0, 0, 0, 0))})
    now = {"d": ArmFigures(15, 1, BOUNDS, (12, 3, 0, 0, 0, 0, 0))}
    same = Observation(AT, 1.0, now).since(before)["d"]
    assert (same.requests, same.errors, same.latency[:2]) == (5, 0, (2, 3))
    assert Observation(AT, 2.0, now).since(before)["d"].requests == 15


def test_scores_since_a_moment_know_a_replica_that_was_replaced() -> None:
    def seen(*counts: float) -> Observation:
        return Observation(AT, 1.0, {"d": ArmFigures(scores={"p": NumberScores((0.0,), counts)})})

    assert seen(5, 9).since(seen(2, 3))["d"].scores["p"] == NumberScores((0.0,), (3, 6))
    assert seen(1, 9).since(seen(2, 3))["d"].scores["p"] == NumberScores((0.0,), (1, 9))


def test_arms_and_replicas_are_added_up() -> None:
    one = ArmFigures(1, 0, BOUNDS, (1, 0, 0, 0, 0, 0, 0), 2, 1, 0, {"p": LabelScores({"a": 1})})
    both = together((one, one))
    assert (both.requests, both.latency[0], both.compared, both.scores["p"]) == (2, 2, 4, LabelScores({"a": 2}))
    joined = joined_scores(({"p": NumberScores((0.0, 1.0), (1, 1, 1))}, {"p": NumberScores((0.0, 1.0), (0, 2, 0))}))
    assert joined["p"] == NumberScores((0.0, 1.0), (1, 3, 1))


POLICY = RolloutPolicy(min_requests=20)
OLD = ArmFigures(1000, 0, BOUNDS, (1000, 0, 0, 0, 0, 0, 0), scores={"p": LabelScores({"a": 500, "b": 500})})


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (ArmFigures(100, 2, BOUNDS, (100, 0, 0, 0, 0, 0, 0)), r"failed 2 of 100 requests \(2.0%\); 1.0% are allowed"),
        (ArmFigures(10, 10, BOUNDS, (10, 0, 0, 0, 0, 0, 0)), ""),
        (ArmFigures(100, 0, BOUNDS, (0, 0, 0, 0, 100, 0, 0)), "95 % of its answers took up to"),
        (ArmFigures(100, 0, BOUNDS, (0, 0, 100, 0, 0, 0, 0)), ""),
        (ArmFigures(compared=50, equal=10, failed=5), "failed 5 of 55"),
        (ArmFigures(compared=50, equal=10), ""),
        (ArmFigures(100, scores={"p": LabelScores({"a": 95, "b": 5})}), "stability index of 'p' is"),
        (ArmFigures(100, scores={"p": LabelScores({"a": 45, "b": 55})}), ""),
        (ArmFigures(100, scores={"other": LabelScores({"a": 100})}), ""),
    ],
)
def test_each_rule_says_what_broke_it(new: ArmFigures, says: str) -> None:
    sentence = broken_rule(POLICY, new, OLD)
    if not says:
        assert sentence == ""
    else:
        with pytest.raises(AssertionError, match=says):
            raise AssertionError(sentence)


def test_answers_that_must_be_equal_are() -> None:
    policy = RolloutPolicy(min_requests=20, max_mismatch=0.1)
    assert "80.0% of 50 mirrored requests" in broken_rule(policy, ArmFigures(compared=50, equal=10), OLD)
