"""Moving the threshold of a split through what was done to the number: exactly, by bisection over all floats.

A scaler, and a framework's cast to float32, never fall. So *transformed value ≤ threshold* is the same as *raw value ≤
some other threshold*, and that one is found once, when the model is compiled. The row then compares raw numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.rowcode import Rising

_FLOAT32_MAX = float(np.finfo(np.float32).max)


def as_float32(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a framework that computes in float32 sees: rounded, and cut off at its largest number."""
    return np.clip(values, -_FLOAT32_MAX, _FLOAT32_MAX).astype(np.float32).astype(np.float64)


def moved(thresholds: NDArray[np.float64], steps: Sequence[Rising]) -> NDArray[np.float64]:
    """Return for each threshold t the largest number v with f(v) ≤ t, f being all steps in turn.

    Minus infinity stands for no number at all.
    """
    low = np.full(len(thresholds), _ordered(np.float64(-np.inf)), dtype=np.int64)
    high = np.full(len(thresholds), _ordered(np.float64(np.finfo(np.float64).max)), dtype=np.int64)

    def holds(places: NDArray[np.int64]) -> NDArray[np.bool_]:
        values = _float(places)
        with np.errstate(all="ignore"):
            for step in steps:
                values = step(values)
            return np.asarray(values <= thresholds)

    is_all = holds(high)
    # Invariant: low holds, or is minus infinity; high does not hold.
    while True:
        # The sum of two far numbers would overflow.
        middle = (low >> 1) + (high >> 1) + (low & high & 1)
        if (middle == low).all():
            break
        is_held = holds(middle)
        low = np.where(is_held, middle, low)
        high = np.where(is_held, high, middle)
    return np.where(is_all, np.inf, _float(low))


def _ordered(value: np.float64) -> np.int64:
    """Return the place of a float among all floats."""
    bits = np.asarray(value).view(np.int64)
    return np.int64(np.where(bits < 0, ~bits ^ np.int64(-(2**63)), bits))


def _float(places: NDArray[np.int64]) -> NDArray[np.float64]:
    bits = np.where(places < 0, ~(places ^ np.int64(-(2**63))), places)
    return bits.view(np.float64)
