"""How sure metrics are, by drawing the rows again."""

from __future__ import annotations

import numpy as np

from redspot.pipeline.evaluation.metrics import metrics, scorer
from redspot.pipeline.evaluation.outcome import Outcome
from redspot.profile.values import spread

LEVEL = 0.95

# Weights times passes over them: a few seconds.
_BUDGET = 3e8
_MIN_UNITS = 1_000
_CHUNK = 4_000_000

# An interval from few draws that were defined says little.
_MIN_DEFINED = 0.5


def intervals(outcome: Outcome, replicates: int, seed: int) -> dict[str, tuple[float, float]]:
    """Return 95 % percentile intervals of the metrics.

    Each replicate draws as many rows as there are, with replacement; where lists are judged, it draws whole queries.
    With so many rows that this would take more than a few seconds (from about 50,000 with 1,000 replicates), an evenly
    spread part of them is drawn from, and the interval round the metric shrinks by the root of the part's share.
    A metric that is undefined in half of the replicates or more has no interval.

    Parameters
    ----------
    outcome
        The rows.
    replicates
        How often to draw; 1,000 is customary, 0 gives no intervals.
    seed
        The same seed gives the same intervals.
    """
    whole = metrics(outcome)
    prepared = scorer(outcome)
    if replicates < 1 or prepared.units == 0:
        return {}
    limit = max(_MIN_UNITS, int(_BUDGET / (replicates * prepared.passes)))
    part, shrink = whole, 1.0
    if prepared.units > limit:
        shrink = float(np.sqrt(limit / prepared.units))
        reduced = outcome.take(_rows_of(outcome, prepared.units, limit))
        part, prepared = metrics(reduced), scorer(reduced)
    generator = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    per_chunk = max(1, _CHUNK // prepared.units)
    for start in range(0, replicates, per_chunk):
        count = min(per_chunk, replicates - start)
        weights = np.empty((count, prepared.units))
        for row in weights:
            row[:] = np.bincount(generator.integers(0, prepared.units, prepared.units), minlength=prepared.units)
        for name, values in prepared.compute(weights).items():
            drawn.setdefault(name, []).extend(values[np.isfinite(values)].tolist())
    tail = (1 - LEVEL) / 2
    found = {}
    for name, numbers in drawn.items():
        if name in whole and name in part and len(numbers) > _MIN_DEFINED * replicates:
            low, high = np.quantile(numbers, [tail, 1 - tail])
            middle = part[name]
            found[name] = (
                float(whole[name] + (low - middle) * shrink),
                float(whole[name] + (high - middle) * shrink),
            )
    return found


def _rows_of(outcome: Outcome, units: int, limit: int) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """Return the rows of some of the units: rows themselves, or all rows of some queries."""
    chosen = spread(units, limit)
    if outcome.groups is None:
        return chosen
    return np.flatnonzero(np.isin(outcome.groups, np.unique(outcome.groups)[chosen]))
