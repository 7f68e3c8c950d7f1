"""Partial results of one day, and how they merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from redspot.features.aggregation import Aggregation, Function
from redspot.features.group import Feature
from redspot.features.window import UNITS_US, Window

if TYPE_CHECKING:
    import pyarrow as pa

DAY_US = UNITS_US["d"]
TILED = frozenset(
    {
        Function.COUNT,
        Function.SUM,
        Function.MEAN,
        Function.MIN,
        Function.MAX,
        Function.FIRST,
        Function.LAST,
        Function.TIME_SINCE_LAST,
    }
)
INPUTS: Mapping[Function, tuple[Function, ...]] = {
    Function.SUM: (Function.SUM, Function.MIN, Function.MAX),
    Function.MEAN: (Function.SUM, Function.COUNT, Function.MIN, Function.MAX),
    Function.TIME_SINCE_LAST: (Function.TIME_SINCE_LAST,),
}
TIME = "__redspot_time"
LAST_EVENT = "last_event_us"


def midnight_us(day: date) -> int:
    """Return when a day begins in UTC, in microseconds since 1970."""
    return (day - date(1970, 1, 1)).days * DAY_US


def is_short(window: Window) -> bool:
    """Return whether a window lies within one day, and so looks at that day's own events."""
    return window.length_us is not None and window.length_us < DAY_US


def is_tiled(feature: Feature, lists: set[str]) -> bool:
    """Return whether a feature can be merged of days; `lists` are the columns that hold lists."""
    made, window = feature.aggregation, feature.window
    is_whole = window.length_us is None or is_short(window) or window.length_us % DAY_US == 0
    is_plain = made.bucket is None and made.column not in lists
    return made.function in TILED and is_plain and is_whole and window.hop_us is None


def merges(made: Aggregation) -> Iterator[tuple[Function, str]]:
    """Give what is merged of tiles for an aggregation: functions of tiles' columns."""
    for function in INPUTS.get(made.function, (made.function,)):
        if function is Function.TIME_SINCE_LAST:
            yield Function.MAX, LAST_EVENT
            continue
        column = Aggregation(function, made.column, (Window(DAY_US),)).names[0]
        yield (Function.SUM if function in (Function.COUNT, Function.SUM) else function), column


def final_value(found: pa.Table, feature: Feature, now_us: int) -> pa.ChunkedArray:
    """Return a feature of what was merged."""
    import pyarrow as pa
    import pyarrow.compute as pc

    made, window = feature.aggregation, feature.window

    def merged(function: Function, column: str) -> pa.ChunkedArray:
        return found.column(Aggregation(function, column, (window,)).names[0])

    parts = {column: merged(function, column) for function, column in merges(made)}
    match made.function:
        case Function.COUNT:
            return pc.cast(pc.fill_null(next(iter(parts.values())), 0.0), pa.int64())
        case Function.TIME_SINCE_LAST:
            return pc.divide(pc.cast(pc.subtract(pa.scalar(now_us), parts[LAST_EVENT]), pa.float64()), 1e6)
        case Function.SUM | Function.MEAN:
            name = str(made.column)
            total, low, high = (parts[f"{name}_{word}_1d"] for word in ("sum", "min", "max"))
            if pa.types.is_floating(low.type):
                both = pc.and_(pc.equal(low, -float("inf")), pc.equal(high, float("inf")))
                total = pc.if_else(pc.fill_null(both, False), float("nan"), total)
            return total if made.function is Function.SUM else pc.divide(total, parts[f"{name}_count_1d"])
    return next(iter(parts.values()))
