"""Profiles of columns and tables."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.profile.association import Measured, associate
from redspot.profile.column import ColumnProfile
from redspot.profile.distribution import histogram, mean_and_std, quantiles
from redspot.profile.errors import InvalidProfileError
from redspot.profile.table import Profile
from redspot.profile.values import MAX_SAMPLE, Coded, Dtype, Values, as_coded, as_floats, spread

MAX_TOP = 20
MAX_LISTS = 10_000

# Whole numbers within such a range are counted one by one, which is exact and faster than sorting.
_MAX_RANGE = 1 << 16


def profile_values(name: str, dtype: Dtype, values: Values) -> ColumnProfile:
    """Return what a column holds.

    Counts of missing values, mean, standard deviation, smallest and largest value, and all counts of text are
    exact. With more than 100,000 known values the histogram, the other quantiles and the number of distinct
    numbers come from 100,000 of them at even distances; `distinct_exact` is then False. The same values always
    give the same profile.

    Parameters
    ----------
    name, dtype
        Name and type of the column.
    values
        float, int, bool: float64, NaN for missing. datetime: datetime64[us] in UTC, NaT for missing. text: `Coded`,
        or an array of ``str`` and None. An infinite number is not missing, but is in no statistic.

    Examples
    --------
    >>> import numpy as np
    >>> profile = profile_values("mass", "float", np.array([3.0, 5.0, np.nan]))
    >>> profile.missing, profile.mean, profile.quantiles["0.5"]
    (1, 4.0, 4.0)
    """
    if dtype == "text":
        return _text(name, as_coded(values))
    floats = as_floats(dtype, values)
    return _truth(name, floats) if dtype == "bool" else _numbers(name, dtype, floats)


def profile_lists(name: str, lists: Sequence[Sequence[object] | None]) -> ColumnProfile:
    """Return which items a column of lists holds; None is missing.

    Beyond 10,000 known rows, items are counted in 10,000 of them at even distances and the counts scaled up;
    `distinct_exact` is then False.

    Examples
    --------
    >>> profile_lists("amenities", [["Wifi", "Pool"], ["Wifi"], None]).top
    (('Wifi', 2), ('Pool', 1))
    """
    known = [each for each in lists if each is not None]
    chosen = [known[row] for row in spread(len(known), MAX_LISTS).tolist()]
    counts = Counter(chain.from_iterable({str(item) for item in items} for items in chosen))
    scale = len(known) / len(chosen) if chosen else 1.0
    most = heapq.nsmallest(MAX_TOP, counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ColumnProfile(
        name,
        "list",
        rows=len(lists),
        missing=len(lists) - len(known),
        distinct=len(counts),
        distinct_exact=len(chosen) == len(known),
        top=tuple((item, round(count * scale)) for item, count in most),
    )


def profile_table(
    table: Mapping[str, tuple[Dtype, Values]], target: str | tuple[Dtype, Values] | None = None
) -> Profile:
    """Return what the columns of a table hold, and how each goes with a target.

    Parameters
    ----------
    table
        Type and values of each column; see `profile_values`.
    target
        Name of a column of the table, or the type and the values of another one. Labels of classes that are
        written as numbers are best given as text. Beyond 100,000 rows the association is that of 100,000 rows at
        even distances.

    Raises
    ------
    InvalidProfileError
        When the columns differ in length, or the target is no column of the table.

    Examples
    --------
    >>> import numpy as np
    >>> table = {"x": ("float", np.array([1.0, 2.0, 3.0])), "y": ("float", np.array([2.0, 4.0, 6.0]))}
    >>> target = profile_table(table, target="y")["x"].target
    >>> target.kind, round(target.value, 6)
    ('pearson', 1.0)
    """
    if isinstance(target, str) and target not in table:
        raise InvalidProfileError(f"No column {target!r} to be the target; there are {', '.join(map(repr, table))}.")
    chosen = table[target] if isinstance(target, str) else target
    lengths = {len(values) for _, values in (*table.values(), *([] if chosen is None else [chosen]))}
    if len(lengths) > 1:
        raise InvalidProfileError(f"The columns have different lengths: {', '.join(map(str, sorted(lengths)))}.")
    rows = lengths.pop() if lengths else 0
    prepared = {
        name: (dtype, as_coded(values) if dtype == "text" else values) for name, (dtype, values) in table.items()
    }
    columns = [profile_values(name, dtype, values) for name, (dtype, values) in prepared.items()]
    if chosen is not None:
        sample = spread(rows)
        measured = _measured(*chosen, sample)
        columns = [
            column
            if column.name == target
            else replace(
                column,
                target=associate(
                    _measured(*prepared[column.name], sample),
                    measured,
                    column_dtype=prepared[column.name][0],
                    target_dtype=chosen[0],
                ),
            )
            for column in columns
        ]
    return Profile(rows, tuple(columns))


def _measured(dtype: Dtype, values: Values, sample: NDArray[np.intp]) -> Measured:
    if isinstance(values, Coded):
        return values.merged().take(sample)
    return Coded.of(values[sample]) if dtype == "text" else as_floats(dtype, values[sample])


def _text(name: str, coded: Coded) -> ColumnProfile:
    counts = np.bincount(coded.codes + 1, minlength=len(coded.labels) + 1)
    known = counts[1:]
    return ColumnProfile(
        name,
        "text",
        rows=len(coded),
        missing=int(counts[0]),
        distinct=int(np.count_nonzero(known)),
        distinct_exact=True,
        top=_top(coded.labels, known),
    )


def _truth(name: str, values: NDArray[np.float64]) -> ColumnProfile:
    missing = int(np.isnan(values).sum())
    known, yes = len(values) - missing, int((values == 1).sum())
    counts = np.array([known - yes, yes])
    share = yes / known if known else 0.0
    return ColumnProfile(
        name,
        "bool",
        rows=len(values),
        missing=missing,
        distinct=int(np.count_nonzero(counts)),
        distinct_exact=True,
        top=_top(("false", "true"), counts),
        mean=share if known else None,
        std=float(np.sqrt(share * (1 - share))) if known else None,
    )


def _numbers(name: str, dtype: Dtype, values: NDArray[np.float64]) -> ColumnProfile:
    missing = int(np.isnan(values).sum())
    known = values[np.isfinite(values)]
    start: dict[str, Any] = {"name": name, "dtype": dtype, "rows": len(values), "missing": missing}
    if not len(known):
        return ColumnProfile(**start, distinct=0, distinct_exact=missing == len(values))
    lowest, highest = float(known.min()), float(known.max())
    ordered = np.sort(known[spread(len(known))])
    distinct, is_exact, top = _distinct(dtype, known, ordered, lowest, highest)
    mean, std = (None, None) if dtype == "datetime" else mean_and_std(known)
    return ColumnProfile(
        **start,
        distinct=distinct,
        distinct_exact=is_exact,
        histogram=histogram(ordered, lowest, highest, whole=dtype == "int"),
        top=top,
        quantiles=quantiles(ordered, lowest, highest),
        mean=mean,
        std=std,
    )


def _distinct(
    dtype: Dtype, known: NDArray[np.float64], ordered: NDArray[np.float64], lowest: float, highest: float
) -> tuple[int, bool, tuple[tuple[str, int], ...] | None]:
    """Return the number of distinct values, whether it is exact, and the most frequent of few whole ones."""
    if dtype == "int" and max(-lowest, highest) < 2**53 and highest - lowest < _MAX_RANGE:
        counts = np.bincount((known - lowest).astype(np.int64))
        used = np.flatnonzero(counts)
        few = len(used) <= MAX_TOP
        return len(used), True, _top([str(int(lowest) + code) for code in used], counts[used]) if few else None
    distinct = int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1
    if dtype != "int" or distinct > MAX_TOP:
        return distinct, len(known) <= MAX_SAMPLE, None
    uniques, counts = np.unique(known, return_counts=True)
    few = len(uniques) <= MAX_TOP
    return len(uniques), True, _top([str(int(value)) for value in uniques], counts) if few else None


def _top(labels: tuple[str, ...] | list[str], counts: NDArray[np.intp]) -> tuple[tuple[str, int], ...]:
    """Return the most frequent labels; among equals those that come first in the order of text."""
    used = np.flatnonzero(counts)
    if len(used) > MAX_TOP:
        bound = np.partition(counts[used], -MAX_TOP)[-MAX_TOP]
        above = used[counts[used] > bound].tolist()
        equal = used[counts[used] == bound].tolist()
        used = np.array([*above, *heapq.nsmallest(MAX_TOP - len(above), equal, key=lambda code: labels[code])])
    pairs = [(labels[code], int(counts[code])) for code in used.tolist()]
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
