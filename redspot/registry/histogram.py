"""Counts of durations between bounds: added to others, and read as quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bin:
    """How many durations were above `low_ms` and up to `high_ms`, in milliseconds; None is without a limit."""

    low_ms: float
    high_ms: float | None
    count: int


def bins_of(bounds_ms: Sequence[float], counts: Sequence[int]) -> tuple[Bin, ...]:
    """Return the bins that are not empty.

    Parameters
    ----------
    bounds_ms
        Upper bounds, ascending.
    counts
        One more than there are bounds; the last is of what lies above all of them.

    Examples
    --------
    >>> bins_of((1.0, 2.0), (0, 3, 1))
    (Bin(low_ms=1.0, high_ms=2.0, count=3), Bin(low_ms=2.0, high_ms=None, count=1))
    """
    lows, highs = (0.0, *bounds_ms), (*bounds_ms, None)
    return tuple(Bin(low, high, count) for low, high, count in zip(lows, highs, counts, strict=False) if count)


def added_bins(parts: Iterable[Iterable[Bin]]) -> tuple[Bin, ...]:
    """Return the counts of several as one."""
    total: dict[tuple[float, float | None], int] = {}
    for part in parts:
        for each in part:
            key = each.low_ms, each.high_ms
            total[key] = total.get(key, 0) + each.count
    found = (Bin(low, high, count) for (low, high), count in total.items())
    return tuple(sorted(found, key=lambda each: (each.low_ms, each.high_ms or float("inf"))))


def quantile_ms(bins: Sequence[Bin], share: float) -> float | None:
    """Return the duration that `share` of those counted do not exceed, in milliseconds; None where none was counted.

    Within its bin it is interpolated, as if durations lay evenly in it; of a bin without a limit it is the lower end.

    Examples
    --------
    >>> quantile_ms((Bin(1.0, 2.0, 4),), 0.5)
    1.5
    """
    wanted, below = share * sum(each.count for each in bins), 0.0
    for each in bins:
        if below + each.count >= wanted and each.count > 0:
            if each.high_ms is None:
                return each.low_ms
            return each.low_ms + (each.high_ms - each.low_ms) * max(0.0, wanted - below) / each.count
        below += each.count
    return None
