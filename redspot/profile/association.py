"""How strongly two columns go together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redspot.profile.column import Association
from redspot.profile.values import Coded, Dtype

# A column in the form that associations read: codes with -1 for missing, or float64 with NaN.
Measured = Coded | NDArray[np.float64]


def associate(column: Measured, target: Measured, *, column_dtype: Dtype, target_dtype: Dtype) -> Association | None:
    """Return how a column goes with the target, or None where one of them does not vary.

    Two columns of numbers, truth or times have Pearson's correlation. Two of text, or text and truth, have
    Cramér's V with Bergsma's correction. A column of text and a target of numbers have the correlation ratio, a
    column of numbers and a target of text its mirror image ``eta``, both with Kelley's correction. The corrections
    keep a column with a value of its own in each row, such as a key, from looking like a perfect match.
    Rows in which either is missing are left out.
    """
    if isinstance(column, Coded) and isinstance(target, Coded):
        value = cramers_v(column.codes, target.codes)
        return None if value is None else Association("cramers_v", value)
    if isinstance(column, Coded) and not isinstance(target, Coded):
        if target_dtype == "bool":
            value = cramers_v(column.codes, _codes(target))
            return None if value is None else Association("cramers_v", value)
        value = correlation_ratio(column.codes, target)
        return None if value is None else Association("correlation_ratio", value)
    if isinstance(target, Coded) and not isinstance(column, Coded):
        if column_dtype == "bool":
            value = cramers_v(_codes(column), target.codes)
            return None if value is None else Association("cramers_v", value)
        value = correlation_ratio(target.codes, column)
        return None if value is None else Association("eta", value)
    value = pearson(np.asarray(column), np.asarray(target))
    return None if value is None else Association("pearson", value)


def pearson(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    """Return Pearson's correlation of the rows in which both are finite."""
    known = np.isfinite(one) & np.isfinite(other)
    left, right = _standardised(one[known]), _standardised(other[known])
    if left is None or right is None:
        return None
    return float(np.clip((left * right).mean(), -1.0, 1.0))


def correlation_ratio(groups: NDArray[np.int32], values: NDArray[np.float64]) -> float | None:
    """Return the share of the spread of values that lies between groups, as a root, corrected for their number."""
    known = (groups >= 0) & np.isfinite(values)
    centred = _standardised(values[known])
    if centred is None:
        return None
    _, codes = np.unique(groups[known], return_inverse=True)
    sizes = np.bincount(codes)
    rows, count = len(centred), len(sizes)
    if count < 2 or count == rows:
        return None
    between = float((np.bincount(codes, weights=centred) ** 2 / sizes).sum()) / rows
    corrected = 1 - (1 - min(between, 1.0)) * (rows - 1) / (rows - count)
    return float(np.sqrt(max(corrected, 0.0)))


def cramers_v(one: NDArray[np.int32], other: NDArray[np.int32]) -> float | None:
    """Return Cramér's V of the rows in which both are known, with Bergsma's correction."""
    known = (one >= 0) & (other >= 0)
    _, left = np.unique(one[known], return_inverse=True)
    _, right = np.unique(other[known], return_inverse=True)
    if not len(left):
        return None
    rows = len(left)
    left_sizes, right_sizes = np.bincount(left), np.bincount(right)
    r, k = len(left_sizes), len(right_sizes)
    if r < 2 or k < 2:
        return None
    # Only cells that occur: the whole table of two keys would not fit into memory.
    cells, counts = np.unique(left.astype(np.int64) * k + right, return_counts=True)
    expected = left_sizes[cells // k].astype(np.float64) * right_sizes[cells % k]
    phi2 = float((counts.astype(np.float64) ** 2 / expected).sum()) - 1
    phi2 = max(0.0, phi2 - (r - 1) * (k - 1) / (rows - 1))
    smaller = min(r - (r - 1) ** 2 / (rows - 1), k - (k - 1) ** 2 / (rows - 1)) - 1
    if smaller <= 0:
        return None
    return float(min(1.0, np.sqrt(phi2 / smaller)))


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    if len(values) < 2:
        return None
    largest = float(np.abs(values).max())
    if largest == 0.0:
        return None
    # A power of two changes no digit, and keeps squares of huge or tiny numbers within float64.
    scaled = np.ldexp(values, -int(np.frexp(largest)[1]))
    centred = scaled - scaled.mean()
    std = float(np.sqrt((centred**2).mean()))
    # What remains of a constant after its rounded mean is no variation.
    if std <= 1e-14:
        return None
    standardised: NDArray[np.float64] = centred / std
    return standardised


def _codes(truth: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.where(np.isnan(truth), -1.0, truth).astype(np.int32)
