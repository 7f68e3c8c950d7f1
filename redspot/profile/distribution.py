"""Order statistics and moments of numbers, safe for every finite float64."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from redspot.profile.column import Histogram

MAX_BINS = 20
SHARES: Mapping[str, float] = {
    name: float(name) for name in ("0", "0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99", "1")
}

# Beyond this many times the width of the middle 98 %, equal bins would show one bar and nothing else.
_FAR = 4.0


def mean_and_std(known: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean and the standard deviation of the population."""
    # Numbers near the end of float64 overflow in a sum or a square.
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = float(known.mean()), float(known.std())
    if np.isfinite(mean) and np.isfinite(std):
        return mean, std
    scale = float(np.abs(known).max())
    small = known / scale
    return float(small.mean()) * scale, float(small.std()) * scale


def quantiles(ordered: NDArray[np.float64], lowest: float, highest: float) -> dict[str, float]:
    """Return quantiles of ascending values by linear interpolation; the ends are given, they may lie further out."""
    places = np.array(list(SHARES.values())) * (len(ordered) - 1)
    below = np.floor(places).astype(np.intp)
    above = np.minimum(below + 1, len(ordered) - 1)
    weight = places - below
    # Not a + (b - a) * weight: the difference may overflow.
    between = ordered[below] * (1 - weight) + ordered[above] * weight
    values = np.clip(between, ordered[below], ordered[above])
    values[0], values[-1] = lowest, highest
    return dict(zip(SHARES, values.tolist(), strict=True))


def histogram(ordered: NDArray[np.float64], lowest: float, highest: float, *, whole: bool = False) -> Histogram:
    """Return counts of ascending values in at most 20 bins from `lowest` to `highest`.

    Parameters
    ----------
    ordered
        float64, ascending, within the bounds.
    lowest, highest
        Where the bins begin and end.
    whole
        Whether these are whole numbers; when few are possible each gets a bin round it.
    """
    edges = _edges(ordered, lowest, highest, whole)
    places = np.searchsorted(ordered, edges, side="left")
    places[-1] = len(ordered)
    return Histogram(tuple(edges.tolist()), tuple(np.diff(places).tolist()))


def _edges(ordered: NDArray[np.float64], lowest: float, highest: float, whole: bool) -> NDArray[np.float64]:
    if whole and max(-lowest, highest) < 2**50 and highest - lowest < MAX_BINS:
        return np.arange(lowest - 0.5, highest + 1)
    if lowest == highest:
        # Half a unit round a huge number is that number again.
        margin = max(0.5, abs(lowest) * 2.0**-30)
        end = float(np.finfo(np.float64).max)
        return np.array([max(lowest - margin, -end), min(highest + margin, end)])
    near, far = float(ordered[int(0.01 * (len(ordered) - 1))]), float(ordered[int(np.ceil(0.99 * (len(ordered) - 1)))])
    # Halves, because the difference of two huge numbers overflows.
    if near < far and highest / 2 - lowest / 2 > _FAR * (far / 2 - near / 2):
        edges = np.concatenate([[lowest], _steps(near, far, MAX_BINS - 1), [highest]])
    else:
        edges = _steps(lowest, highest, MAX_BINS + 1)
    # Between neighbouring floats there is no room for 20 bins.
    return np.unique(edges)


def _steps(first: float, last: float, count: int) -> NDArray[np.float64]:
    share = np.linspace(0.0, 1.0, count)
    steps = first * (1 - share) + last * share
    steps[0], steps[-1] = first, last
    return np.maximum.accumulate(np.clip(steps, first, last))
