"""What a step has learned, in a few short texts for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_ENTRIES = 20
MAX_TEXT = 120
MAX_SHOWN = 8
MAX_SPLIT_ON = 10

# A name, such as that of a column, and what was learned of it.
Told = list[tuple[str, str]]


def bounded(told: Iterable[tuple[str, str]]) -> Told:
    """Return at most 20 entries of short texts; the last one says how many more there are."""
    entries = [(_short(name), _short(text)) for name, text in told]
    if len(entries) <= MAX_ENTRIES:
        return entries
    return [*entries[: MAX_ENTRIES - 1], ("…", f"and {len(entries) - MAX_ENTRIES + 1} more")]


def told_of_state(state: Mapping[str, Any], names: Sequence[str]) -> Told:
    """Return arrays, lists and single values of a state, whatever they mean.

    What has one entry per input column is told column by column.

    Examples
    --------
    >>> told_of_state({"shares": [0.25, 0.5], "rows": 3}, ["a", "b"])
    [('rows', '3'), ('shares a', '0.25'), ('shares b', '0.5')]
    """
    told: Told = []
    for key in sorted(state):
        value = state[key]
        is_many = isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)
        if is_many and len(names) == len(value):
            told.extend((f"{key} {name}", written(each)) for name, each in zip(names, value, strict=True))
        else:
            told.append((key, written(value)))
    return told


def told_of_trees(splits: NDArray[np.integer], names: Sequence[str], trees: int, leaves: int, depth: int) -> Told:
    """Return the size of an ensemble, and the columns that it splits on most; `splits` are places of columns."""
    size = f"{trees:,} tree{'' if trees == 1 else 's'}, {leaves:,} leaves, at most {depth} deep"
    counts = np.bincount(splits, minlength=len(names))
    most = [place for place in np.argsort(-counts, kind="stable")[:MAX_SPLIT_ON].tolist() if counts[place]]
    return [("trees", size), *((names[place], f"{counts[place]:,} splits") for place in most)]


def written(value: Any) -> str:
    """Return a value, or the first of many values and their number, as text.

    Examples
    --------
    >>> written([1.0, 2.5]), written({"a": 1}), written("x")
    ('1, 2.5', 'a: 1', 'x')
    """
    if isinstance(value, np.ndarray):
        if value.ndim > 1:
            return f"{' × '.join(map(str, value.shape))} numbers"
        value = value.tolist()
    if isinstance(value, bool | str) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return figure(value)
    if isinstance(value, Mapping):
        # A file keeps no order of its own.
        return listing([f"{key}: {written(value[key])}" for key in sorted(value, key=str)])
    if isinstance(value, Iterable):
        return listing([written(each) for each in value])
    return str(value)


def listing(texts: Sequence[str], limit: int = MAX_SHOWN) -> str:
    """Return the first texts, and how many more there are."""
    more = len(texts) - limit
    return ", ".join(texts[:limit]) + (f", … ({more:,} more)" if more > 0 else "")


def figure(value: float) -> str:
    """Return a number in a few digits.

    Examples
    --------
    >>> figure(4050.0), figure(44.4512), figure(1234567), figure(0.00012)
    ('4,050', '44.45', '1,234,567', '0.00012')
    """
    if abs(value) < 2**53 and value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= MAX_TEXT else f"{plain[: MAX_TEXT - 1]}…"
