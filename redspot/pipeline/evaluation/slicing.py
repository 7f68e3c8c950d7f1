"""Rows by what a raw column says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.profile.values import Coded, Dtype, Values, as_floats

MAX_VALUES = 20
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Slice:
    """The metrics of the rows in which a column has a value, or a value within bounds."""

    column: str
    value: str
    rows: int
    metrics: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the slice as JSON."""
        return {"column": self.column, "value": self.value, "rows": self.rows, "metrics": dict(self.metrics)}


def plan_slices(dtype: Dtype, values: Values) -> list[tuple[str, NDArray[np.intp]]]:
    """Return slices of a column: what is written over each, and its rows.

    Text, truth and whole numbers with at most 20 values are sliced by value, the 20 most frequent first to last; other
    numbers and times at their quartiles. Rows without a value come last, as ``missing``.

    Examples
    --------
    >>> [(value, rows.tolist()) for value, rows in plan_slices("bool", np.array([1.0, 0.0, np.nan, 1.0]))]
    [('true', [0, 3]), ('false', [1]), ('missing', [2])]
    """
    if isinstance(values, Coded):
        return _by_code(values.codes, list(values.labels))
    floats = as_floats(dtype, values)
    known = np.isfinite(floats)
    codes = np.full(len(floats), -1, dtype=np.int64)
    uniques, codes[known] = np.unique(floats[known], return_inverse=True)
    if dtype == "bool" or (dtype == "int" and len(uniques) <= MAX_VALUES):
        names = [_truth(value) if dtype == "bool" else f"{value:.0f}" for value in uniques.tolist()]
        return _by_code(codes, names)
    if not len(uniques):
        return _by_code(codes, [])
    edges = np.unique(np.quantile(floats[known], [0.0, 0.25, 0.5, 0.75, 1.0]))
    inner = edges[1:-1]
    codes[known] = np.searchsorted(inner, floats[known], side="right")
    return _by_code(codes, _ranges(dtype, edges.tolist()), by_size=False)


def _by_code(codes: NDArray[Any], names: list[str], *, by_size: bool = True) -> list[tuple[str, NDArray[np.intp]]]:
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(-1, len(names) + 1))
    rows = [order[start:end] for start, end in pairwise(bounds.tolist())]
    used = [code for code in range(len(names)) if len(rows[code + 1])]
    if by_size:
        used = sorted(used, key=lambda code: (-len(rows[code + 1]), names[code]))[:MAX_VALUES]
    slices = [(names[code], rows[code + 1]) for code in used]
    return [*slices, (MISSING, rows[0])] if len(rows[0]) else slices


def _truth(value: float) -> str:
    return "true" if value else "false"


def _ranges(dtype: Dtype, edges: list[float]) -> list[str]:
    texts = [str(np.datetime64(int(edge), "us")) if dtype == "datetime" else f"{edge:.6g}" for edge in edges]
    if len(texts) == 1:
        return texts
    last = len(texts) - 2
    return [f"{texts[i]} – {texts[i + 1]}" if i == last else f"{texts[i]} – <{texts[i + 1]}" for i in range(last + 1)]
