"""Variance, skewness and kurtosis of windows, merged pairwise.

Source of the merges: P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order
statistical moments", Sandia report SAND2008-6212, 2008.
"""

from __future__ import annotations

import numpy as np

from redspot.features.embedded.arrays import Bools, Floats
from redspot.features.embedded.folding import State, Windows, fold


def merge_two(a: State, b: State) -> State:
    """Return (count, mean, Σd²) of two sets of values together; d is the distance from the mean."""
    count = a[0] + b[0]
    safe = np.where(count > 0, count, 1)
    delta = b[1] - a[1]
    return count, a[1] + delta * (b[0] / safe), a[2] + b[2] + delta * delta * (a[0] * b[0] / safe)


def merge_four(a: State, b: State) -> State:
    """Return (count, mean, Σd², Σd³, Σd⁴) of two sets of values together."""
    n_a, n_b = a[0], b[0]
    count, mean, second = merge_two(a[:3], b[:3])
    n = np.where(count > 0, count, 1)
    delta = b[1] - a[1]
    third = a[3] + b[3] + delta**3 * (n_a * n_b * (n_a - n_b) / n**2) + 3 * delta * (n_a * b[2] - n_b * a[2]) / n
    fourth = (
        a[4]
        + b[4]
        + delta**4 * (n_a * n_b * (n_a**2 - n_a * n_b + n_b**2) / n**3)
        + 6 * delta**2 * (n_a**2 * b[2] + n_b**2 * a[2]) / n**2
        + 4 * delta * (n_a * b[3] - n_b * a[3]) / n
    )
    return count, mean, second, third, fourth


def central_moments(values: Floats, valid: Bools | None, order: int, windows: Windows) -> State:
    """Return count, mean and sums of powers of distances from the mean, up to an order of 2 or 4, of each window."""
    ones = np.ones(len(values)) if valid is None else valid.astype(np.float64)
    zeros = np.zeros(len(values))
    here = values if valid is None else np.where(valid, values, 0.0)
    if order == 2:
        return fold((ones, here, zeros), merge_two, (0.0,) * 3, windows)
    return fold((ones, here, zeros, zeros, zeros), merge_four, (0.0,) * 5, windows)
