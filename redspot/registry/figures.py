"""What was counted of the arms of an endpoint: requests, errors, latency, and how answers are distributed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate

import numpy as np

from redspot.registry.histogram import Bin, bins_of, quantile_ms

_Counts = np.ndarray[tuple[int], np.dtype[np.float64]]

# As in `redspot.profile.drifting`: in tiny bins the index measures chance.
_MIN_SHARE = 0.1
_MIN_LABEL_SHARE = 0.02
# Standard deviations that a normal variable exceeds once in 10,000 times.
_Z = 3.719


@dataclass(frozen=True, slots=True)
class NumberScores:
    """Numbers that were answered, counted between edges; the first and last count are open to their side.

    Attributes
    ----------
    counts
        One more than there are edges.
    """

    edges: tuple[float, ...]
    counts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Labels that were answered, by how often."""

    labels: Mapping[str, float]


Scores = NumberScores | LabelScores


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """Counts of one arm.

    Attributes
    ----------
    errors
        Answers with a status of 500 or above, and requests without one.
    bounds_ms, latency
        Upper bounds of the latency's buckets in milliseconds, and counts, one more than bounds.
    compared, equal, failed
        Of what was mirrored: answers that were compared, that were equal, that failed.
    scores
        By name of the output.
    client_errors
        Answers with a status from 400 to 499.
    """

    requests: int = 0
    errors: int = 0
    bounds_ms: tuple[float, ...] = ()
    latency: tuple[int, ...] = ()
    compared: int = 0
    equal: int = 0
    failed: int = 0
    scores: Mapping[str, Scores] = field(default_factory=dict)
    client_errors: int = 0

    @property
    def bins(self) -> tuple[Bin, ...]:
        """The counts of latency that are not 0."""
        return bins_of(self.bounds_ms, self.latency)

    @property
    def p95_ms(self) -> float | None:
        """The 95th percentile of latency in milliseconds, interpolated within its bucket; None without requests."""
        return quantile_ms(self.bins, 0.95)


@dataclass(frozen=True, slots=True)
class Observation:
    """Counts of all arms at one moment, since the router and the replicas started.

    Attributes
    ----------
    router_started_at
        Seconds since 1970 (UTC); other than before means that its counts began anew.
    arms
        By id of the deployment.
    """

    at: datetime
    router_started_at: float
    arms: Mapping[str, ArmFigures]

    def since(self, before: Observation | None) -> Mapping[str, ArmFigures]:
        """Return what was counted after `before`."""
        if before is None:
            return self.arms
        same = before.router_started_at == self.router_started_at
        return {
            name: _difference(figures, before.arms.get(name, ArmFigures()), same) for name, figures in self.arms.items()
        }


def together(figures: Iterable[ArmFigures]) -> ArmFigures:
    """Return the counts of several arms as one."""
    total = ArmFigures()
    for each in figures:
        total = ArmFigures(
            total.requests + each.requests,
            total.errors + each.errors,
            each.bounds_ms or total.bounds_ms,
            _added(total.latency, each.latency),
            total.compared + each.compared,
            total.equal + each.equal,
            total.failed + each.failed,
            joined_scores((total.scores, each.scores)),
            total.client_errors + each.client_errors,
        )
    return total


def joined_scores(parts: Iterable[Mapping[str, Scores]]) -> dict[str, Scores]:
    """Return the counts of several replicas or arms as one; numbers are counted at the edges that came first."""
    total: dict[str, Scores] = {}
    for part in parts:
        for name, scores in part.items():
            known = total.get(name)
            if isinstance(known, NumberScores) and isinstance(scores, NumberScores):
                moved = scores.counts if scores.edges == known.edges else _counts_at(scores, known.edges)
                counts = tuple(a + b for a, b in zip(known.counts, moved, strict=True))
                total[name] = NumberScores(known.edges, counts)
            elif isinstance(known, LabelScores) and isinstance(scores, LabelScores):
                labels = {key: known.labels.get(key, 0) + scores.labels.get(key, 0) for key in _keys(known, scores)}
                total[name] = LabelScores(labels)
            elif known is None:
                total[name] = scores
    return total


@dataclass(frozen=True, slots=True)
class Stability:
    """How far answers have moved.

    Attributes
    ----------
    psi
        Population stability index: the sum of ``(c - r) * ln(c / r)`` over bins, with half an answer more in each bin,
        so that one that happens to be empty among few answers weighs little.
    by_chance
        What it exceeds once in 10,000 times where nothing has moved: ``1 / n + 1 / m`` times the quantile of the
        chi-squared distribution with one degree of freedom less than bins (Yurdakul, "Statistical Properties of the
        Population Stability Index", 2018), by Wilson and Hilferty's approximation.
    rows
        Answers on the smaller side.
    """

    psi: float
    by_chance: float
    rows: float


def stability(before: Scores, now: Scores) -> Stability | None:
    """Return how far answers have moved; None when they cannot be compared, or there are none on a side.

    Neighbouring bins are joined until each has a tenth of what was before; labels that are rarer than 2 % are one bin.
    """
    if isinstance(before, LabelScores) and isinstance(now, LabelScores):
        reference, current = _label_counts(before, now)
    elif isinstance(before, NumberScores) and isinstance(now, NumberScores):
        counts = np.array(before.counts, dtype=np.float64)
        moved = now.counts if now.edges == before.edges else _counts_at(now, before.edges)
        cuts = _cuts(counts)
        reference = np.add.reduceat(counts, cuts)
        current = np.add.reduceat(np.array(moved, dtype=np.float64), cuts)
    else:
        return None
    rows, others = float(current.sum()), float(reference.sum())
    if rows <= 0 or others <= 0:
        return None
    bins = len(reference)
    r, c = (reference + 0.5) / (others + 0.5 * bins), (current + 0.5) / (rows + 0.5 * bins)
    psi = float(((c - r) * np.log(c / r)).sum())
    return Stability(psi, _chance(bins - 1) * (1 / rows + 1 / others), min(rows, others))


def _chance(freedom: int) -> float:
    if not freedom:
        return 0.0
    spread = 2 / (9 * freedom)
    return float(freedom * (1 - spread + _Z * np.sqrt(spread)) ** 3)


def _label_counts(before: LabelScores, now: LabelScores) -> tuple[_Counts, _Counts]:
    least = _MIN_LABEL_SHARE * sum(before.labels.values())
    common = [key for key, count in before.labels.items() if count >= least]
    sides = []
    for scores in (before, now):
        counts = [scores.labels.get(key, 0.0) for key in common]
        sides.append(np.array([*counts, sum(scores.labels.values()) - sum(counts)], dtype=np.float64))
    return sides[0], sides[1]


def _cuts(counts: _Counts) -> list[int]:
    """Return where to cut, so that each bin has a tenth of the reference; neighbours are joined."""
    least, cuts, held = _MIN_SHARE * counts.sum(), [0], 0.0
    for place, count in enumerate(counts[:-1]):
        held += count
        if held >= least and counts[place + 1 :].sum() >= least:
            cuts.append(place + 1)
            held = 0.0
    return cuts


def _counts_at(scores: NumberScores, edges: tuple[float, ...]) -> tuple[float, ...]:
    """Return the counts between other edges, as if answers lay evenly within each of their own bins.

    An open bin is taken to be as wide as its neighbour.
    """
    own = scores.edges
    if len(own) < 2:
        own = (own[0], own[0] + 1.0) if own else (0.0, 1.0)
        counts: tuple[float, ...] = (scores.counts[0], 0.0, scores.counts[-1]) if scores.edges else (0, 0, 0)
    else:
        counts = scores.counts
    ends = (own[0] - (own[1] - own[0]), *own, own[-1] + (own[-1] - own[-2]))
    below = np.interp(edges, ends, [0.0, *accumulate(counts)])
    return tuple(float(each) for each in np.diff([0.0, *below, float(sum(counts))]))


def _difference(now: ArmFigures, before: ArmFigures, same_router: bool) -> ArmFigures:
    old = before if same_router else ArmFigures()
    return ArmFigures(
        now.requests - old.requests,
        now.errors - old.errors,
        now.bounds_ms,
        _added(now.latency, tuple(-count for count in old.latency)),
        now.compared - old.compared,
        now.equal - old.equal,
        now.failed - old.failed,
        {name: scores_since(scores, before.scores.get(name)) for name, scores in now.scores.items()},
        now.client_errors - old.client_errors,
    )


def scores_since(now: Scores, before: Scores | None) -> Scores:
    """Return what was answered since; a replica that was replaced has begun anew, which less than before tells."""
    if isinstance(now, NumberScores) and isinstance(before, NumberScores) and now.edges == before.edges:
        counts = tuple(a - b for a, b in zip(now.counts, before.counts, strict=True))
        return now if min(counts, default=0) < 0 else NumberScores(now.edges, counts)
    if isinstance(now, LabelScores) and isinstance(before, LabelScores):
        labels = {key: now.labels.get(key, 0) - before.labels.get(key, 0) for key in _keys(now, before)}
        return now if min(labels.values(), default=0) < 0 else LabelScores(labels)
    return now


def _keys(one: LabelScores, other: LabelScores) -> list[str]:
    return sorted(set(one.labels) | set(other.labels))


def _added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    if not one or not other:
        return one or other
    return tuple(a + b for a, b in zip(one, other, strict=True))
