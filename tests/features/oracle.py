"""What features must be, computed one event at a time in plain Python, from the rules and nothing of the engine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from redspot.features import Aggregation, Function, Window

Event = dict[str, Any]
TIME = "t"


@dataclass(frozen=True)
class Close:
    """A number and how far from it an answer may be."""

    value: float
    within: float


def answer(
    events: Sequence[Event], key: tuple[Any, ...], keys: Sequence[str], t: int, made: Aggregation, window: Window
) -> Any:
    """Return a feature of one row."""
    if any(part is None for part in key):
        here: list[Event] = []
    else:
        begin, end = reach(t, window)
        here = [e for e in events if tuple(e[k] for k in keys) == key and begin <= e[TIME] < end]
    if made.bucket is None:
        return of_events(here, made, t)
    buckets = sorted({e[made.bucket] for e in here if e[made.bucket] is not None})
    found = {}
    for bucket in buckets:
        inside = [e for e in here if e[made.bucket] == bucket]
        if made.column is None or any(is_there(e[made.column]) for e in inside):
            found[bucket] = of_events(inside, made, t)
    return found


def reach(t: int, window: Window) -> tuple[float, float]:
    """Return where a window begins, and ends before."""
    if window.length_us is None:
        return -math.inf, t
    if window.is_future:
        return t, t + window.length_us
    begin = t - window.length_us
    return (begin if window.hop_us is None else begin // window.hop_us * window.hop_us), t


def is_there(value: Any) -> bool:
    """Whether a value is not missing."""
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def of_events(events: Sequence[Event], made: Aggregation, t: int) -> Any:
    """Return an aggregation of the events of a window."""
    if made.column is None:
        if made.function is Function.COUNT:
            return len(events)
        return (t - max(e[TIME] for e in events)) / 1e6 if events else None
    flat = [
        (e[TIME], e["seq"], v)
        for e in events
        for v in (e[made.column] if isinstance(e[made.column], list) else [e[made.column]])
        if is_there(v)
    ]
    flat.sort()
    return of_values([v for *_, v in flat], made)


def of_values(values: list[Any], made: Aggregation) -> Any:
    """Return an aggregation of values in order of time."""
    k = made.k or 0
    match made.function:
        case Function.COUNT:
            return len(values)
        case Function.DISTINCT:
            return len(set(values))
        case Function.APPROX_DISTINCT:
            return Close(len(set(values)), 0.05 * len(set(values)))
        case Function.HISTOGRAM:
            return histogram(values, made.edges)
        case Function.FIRST_K:
            return values[:k]
        case Function.LAST_K:
            return values[::-1][:k]
        case Function.TOP_K:
            return sorted(values, reverse=True)[:k]
        case Function.BOTTOM_K:
            return sorted(values)[:k]
    if not values:
        return None
    match made.function:
        case Function.MIN:
            return min(values)
        case Function.MAX:
            return max(values)
        case Function.FIRST:
            return values[0]
        case Function.LAST:
            return values[-1]
        case Function.QUANTILE:
            return quantile([float(v) for v in values], made.share or 0.0)
        case Function.SUM:
            return total(values)
        case Function.MEAN:
            found = total(values)
            return Close(found.value / len(values), found.within / len(values))
    return moment(values, made.function)


def total(values: Sequence[float]) -> Close:
    """Return an exact sum, to 1e-9 of the sum of sizes."""
    if any(math.isinf(v) for v in values):
        signs = {v > 0 for v in values if math.isinf(v)}
        return Close(math.nan if len(signs) > 1 else math.inf if True in signs else -math.inf, 0.0)
    exact, sizes = sum(map(Fraction, values)), sum(abs(Fraction(v)) for v in values)
    return Close(float(exact), float(sizes * Fraction(1, 10**9)))


def quantile(values: list[float], share: float) -> Any:
    """Return a quantile, linear between neighbours."""
    values.sort()
    place = (len(values) - 1) * share
    lower, upper = values[math.floor(place)], values[math.ceil(place)]
    if lower == upper or place == math.floor(place) or (math.isinf(lower) and not math.isinf(upper)):
        return lower
    if math.isinf(lower) or math.isinf(upper):
        return math.nan if math.isinf(lower) else upper
    return Close(lower + (upper - lower) * (place - math.floor(place)), 1e-9 * max(abs(lower), abs(upper)))


def histogram(values: Sequence[float], edges: Sequence[float]) -> list[int]:
    """Return how many values are in each bin."""
    bins = [0] * (len(edges) - 1)
    for value in values:
        for i in range(len(bins)):
            is_last = i == len(bins) - 1
            if edges[i] <= value and (value < edges[i + 1] or (is_last and value == edges[-1])):
                bins[i] += 1
    return bins


def moment(values: Sequence[float], function: Function) -> Any:
    """Return variance, deviation, skewness or kurtosis by exact fractions."""
    if any(math.isinf(v) for v in values):
        return math.nan
    if function in (Function.SKEW, Function.KURTOSIS) and max(abs(v) for v in values) > 1e70:
        return ...  # fourth powers leave double precision
    exact = [Fraction(v) for v in values]
    n = len(exact)
    center = sum(exact) / n
    powers = {p: sum((v - center) ** p for v in exact) for p in (2, 3, 4)}
    if function in (Function.VARIANCE, Function.STD):
        if n < 2:
            return None
        found = float(powers[2] / (n - 1))
        slack = 1e-9 * float(max(abs(v) for v in exact)) ** 2
        if function is Function.VARIANCE:
            return Close(found, 1e-9 * found + slack * 1e-3)
        return Close(math.sqrt(found), 1e-9 * math.sqrt(found) + math.sqrt(slack * 1e-3))
    if len(set(values)) == 1:
        return None
    spread = math.sqrt(powers[2] / n)
    if spread < 1e-4 * float(max(abs(v) for v in exact)):
        return ...  # too flat for a shape in double precision
    if function is Function.SKEW:
        return Close(float(powers[3] / n) / spread**3, 1e-6)
    return Close(float(powers[4] / n) / spread**4 - 3, 1e-6)


def agrees(found: Any, expected: Any) -> bool:
    """Whether an answer is what it must be."""
    if expected is ...:
        return True
    if isinstance(expected, Close):
        if found is None:
            return False
        if math.isnan(expected.value):
            return math.isnan(found)
        return found == expected.value or abs(found - expected.value) <= expected.within + np.spacing(
            abs(expected.value)
        )
    if isinstance(expected, float) and math.isnan(expected):
        return isinstance(found, float) and math.isnan(found)
    if isinstance(expected, dict):
        pairs = dict(found)
        return (
            len(found) == len(pairs)
            and set(pairs) == set(expected)
            and all(agrees(pairs[b], expected[b]) for b in pairs)
        )
    return bool(found == expected)
