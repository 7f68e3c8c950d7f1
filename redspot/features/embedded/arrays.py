"""Types of the arrays that kernels work on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Values = npt.NDArray[np.int64 | np.float64]


def prefix_counts(flags: Bools) -> Ints:
    """Return how many flags are set before each position, shape (n + 1,)."""
    counts = np.zeros(len(flags) + 1, np.int64)
    np.cumsum(flags, out=counts[1:])
    return counts


def ramp(lengths: Ints) -> Ints:
    """Return 0, 1, … for each length, one after another."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - lengths, lengths)
