"""Events of some keys in order of key and time, and where the windows of queries begin and end in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from redspot.features.embedded.arrays import Bools, Floats, Ints, Values, prefix_counts, ramp
from redspot.features.embedded.folding import Windows
from redspot.features.embedded.sums import Sums
from redspot.features.window import Window

Decode = Callable[[Values, Bools | None], pa.Array]


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as numbers in the order of its values.

    Attributes
    ----------
    values
        int64 or float64, shape (events,); what is missing is 0 or NaN.
    valid
        bool, shape (events,); None where nothing is missing.
    decode
        Gives the column's own values back as an Arrow array; the second argument marks what is missing.
    identity
        Gives 64 bits that only depend on a value, for sketches: uint64, shape of its argument.
    """

    values: Values
    valid: Bools | None
    decode: Decode
    identity: Callable[[Values], np.ndarray[tuple[int], np.dtype[np.uint64]]]


@dataclass
class Block:
    """Some keys' events and queries.

    Parameters
    ----------
    code, time
        Of each event: int64, its key from 0 on, and its time in microseconds since 1970.
    columns
        Of each event; in the same order as `code`.
    query_code, query_time
        Of each query; the block has them in the order of both, which is `query_sorting` of the given one.
    order
        Names of columns that order events of the same time.
    """

    code: Ints
    time: Ints
    columns: Mapping[str, Coded]
    query_code: Ints
    query_time: Ints
    order: tuple[str, ...] = ()
    _columns: dict[str, Coded] = field(default_factory=dict)
    _tied: dict[str, Coded] = field(default_factory=dict)
    _sums: dict[str, tuple[Sums, Bools | None]] = field(default_factory=dict)
    _valid: dict[str, Ints] = field(default_factory=dict)
    _ranks: dict[str, tuple[Values, Ints]] = field(default_factory=dict)
    _buckets: dict[str, tuple[Block, Ints, Values]] = field(default_factory=dict)
    _bounds: dict[Window, tuple[Ints, Ints]] = field(default_factory=dict)
    _totals: dict[tuple[str, Window], Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        codes = 1 + max(int(self.code.max(initial=0)), int(self.query_code.max(initial=0)))
        self._base = int(self.time.min()) if len(self.time) else 0
        self._span = int(self.time.max()) - self._base + 2 if len(self.time) else 2
        self._distinct_times: Ints | None = None
        if codes * self._span >= 2**62:  # the times' ranks in place of the times
            self._distinct_times = np.unique(self.time)
            self._span = len(self._distinct_times) + 1
        at = self._composite(self.code, self.time)
        self.sorting = np.argsort(at)
        self.at = at[self.sorting]
        self.query_sorting = np.argsort(self._composite(self.query_code, self.query_time), kind="stable")
        self.query_code = self.query_code[self.query_sorting]
        self.query_time = self.query_time[self.query_sorting]

    def _composite(self, code: Ints, time: Ints) -> Ints:
        """Return numbers in the order of key and time; equal times have the same one, others stand between."""
        if self._distinct_times is not None:
            step = np.searchsorted(self._distinct_times, time)
        else:
            step = np.clip(time, self._base, self._base + self._span - 1)
            step -= self._base
        step += code * self._span
        return step

    @cached_property
    def starts(self) -> Ints:
        """The position of each key's first event."""
        code = self.at // self._span
        return np.flatnonzero(np.concatenate((np.ones(min(1, len(code)), bool), code[1:] != code[:-1])))

    @cached_property
    def sorted_time(self) -> Ints:
        """Times of the events, in the block's order."""
        return self.time[self.sorting]

    def bounds(self, window: Window) -> tuple[Ints, Ints]:
        """Return the first position in each query's window and the one after the last, int64, shape (queries,)."""
        if window not in self._bounds:
            self._bounds[window] = self._find_bounds(window)
        return self._bounds[window]

    def _find_bounds(self, window: Window) -> tuple[Ints, Ints]:
        t = self.query_time
        if window.is_future:
            return self._position(t), self._position(t + (window.length_us or 0))
        if window.length_us is None:
            begin = np.full(len(t), np.iinfo(np.int64).min)
        else:
            begin = t - window.length_us
        if window.hop_us is not None:
            begin = begin // window.hop_us * window.hop_us
        return self._position(begin), self._now

    @cached_property
    def _now(self) -> Ints:
        return self._position(self.query_time)

    def _position(self, time: Ints) -> Ints:
        return np.searchsorted(self.at, self._composite(self.query_code, time))

    def column(self, name: str) -> Coded:
        """Return a column in the block's order."""
        if name not in self._columns:
            given = self.columns[name]
            valid = None if given.valid is None else given.valid[self.sorting]
            self._columns[name] = Coded(given.values[self.sorting], valid, given.decode, given.identity)
        return self._columns[name]

    def sums(self, name: str) -> tuple[Sums, Bools | None]:
        """Return sums of a column's finite values, and where it is infinite, if anywhere."""
        if name not in self._sums:
            column = self.in_tie_order(name)
            values = as_floats(column.values)
            if column.valid is not None:
                values = np.where(column.valid, values, 0.0)
            infinite = np.isinf(values)
            has_any = bool(infinite.any())
            if has_any:
                values = np.where(infinite, 0.0, values)
            self._sums[name] = (Sums(values, self.starts), infinite if has_any else None)
        return self._sums[name]

    def valid_counts(self, name: str) -> Ints | None:
        """Return how many values are there before each position, shape (events + 1,); None if all are."""
        valid = self.column(name).valid
        if valid is None:
            return None
        if name not in self._valid:
            self._valid[name] = prefix_counts(valid)
        return self._valid[name]

    def ranks(self, name: str) -> tuple[Values, Ints]:
        """Return a column's distinct values, ascending, and which of them each value that is there is."""
        if name not in self._ranks:
            column = self.column(name)
            there = column.values if column.valid is None else column.values[column.valid]
            distinct, ranks = np.unique(there, return_inverse=True)
            self._ranks[name] = (distinct, ranks)
        return self._ranks[name]

    def counts(self, name: str | None, window: Window) -> Ints:
        """Return how many events, or values of a column, each window holds."""
        lo, hi = self.bounds(window)
        running = None if name is None else self.valid_counts(name)
        return hi - lo if running is None else running[hi] - running[lo]

    def windows(self, window: Window) -> Windows:
        """Return where each query's window lies, and in which key."""
        lo, hi = self.bounds(window)
        return Windows(self.starts, self._query_key, lo, hi)

    @cached_property
    def _query_key(self) -> Ints:
        """Which of the starts is that of each query's key; that of another one if the key has no event."""
        found = np.searchsorted(self.at[self.starts], self.query_code * self._span)
        return np.minimum(found, max(0, len(self.starts) - 1))

    def totals(self, name: str, window: Window) -> Floats:
        """Return the sum of a column's values in each window; 0 of nothing."""
        if (name, window) not in self._totals:
            lo, hi = self.bounds(window)
            sums, infinite = self.sums(name)
            total = sums.of(self.windows(window))
            if infinite is not None:
                values = self.in_tie_order(name).values
                for sign in (1.0, -1.0):
                    running = prefix_counts(infinite & (values * sign > 0))
                    total += np.where(running[hi] > running[lo], sign * np.inf, 0.0)
            self._totals[name, window] = total
        return self._totals[name, window]

    def in_tie_order(self, name: str) -> Coded:
        """Return a column in the block's order; events of one time by `order`, then by value, missing ones first."""
        column = self.column(name)
        if name in self._tied:
            return self._tied[name]
        is_tie = self.at[1:] == self.at[:-1]
        if not is_tie.any():
            return column
        flags = np.zeros(len(self.at), bool)
        flags[1:] |= is_tie
        flags[:-1] |= is_tie
        tied = np.flatnonzero(flags)
        ranks: list[Values | Bools] = [column.values[tied]]
        if column.valid is not None:
            ranks.append(column.valid[tied])
        for other in reversed(self.order):
            by = self.column(other)
            ranks.append(by.values[tied])
            if by.valid is not None:
                ranks.append(by.valid[tied])
        moved = tied[np.lexsort((*ranks, self.at[tied]))]
        permutation = np.arange(len(self.at))
        permutation[tied] = moved
        valid = None if column.valid is None else column.valid[permutation]
        self._tied[name] = Coded(column.values[permutation], valid, column.decode, column.identity)
        return self._tied[name]

    def by_bucket(self, name: str) -> tuple[Block, Ints, Values]:
        """Return a block whose keys are key and bucket, and for each of its queries: which one here, whose bucket."""
        if name not in self._buckets:
            self._buckets[name] = self._part_by(name)
        return self._buckets[name]

    def _part_by(self, name: str) -> tuple[Block, Ints, Values]:
        bucket = self.columns[name]
        there = np.ones(len(self.code), bool) if bucket.valid is None else bucket.valid
        distinct, inverse = np.unique(bucket.values[there], return_inverse=True)
        width = max(1, len(distinct))
        pairs, code = np.unique(self.code[there] * width + inverse, return_inverse=True)
        first = np.searchsorted(pairs, self.query_code * width)
        each = np.searchsorted(pairs, (self.query_code + 1) * width) - first
        here = np.repeat(np.arange(len(self.query_code)), each)
        pair = np.repeat(first, each) + ramp(each)
        columns = {
            other: Coded(c.values[there], None if c.valid is None else c.valid[there], c.decode, c.identity)
            for other, c in self.columns.items()
        }
        block = Block(code, self.time[there], columns, pair, self.query_time[here], self.order)
        moved = block.query_sorting
        return block, here[moved], distinct[pairs[pair[moved]] % width]


def as_floats(values: Values) -> Floats:
    """Return values as float64, without a copy where they are."""
    return values.astype(np.float64, copy=False)
