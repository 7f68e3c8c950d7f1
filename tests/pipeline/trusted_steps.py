"""Marked functions, and one that is not, for tests of loading."""

from __future__ import annotations

from typing import Any

import redspot.pipeline


@redspot.pipeline.step
def log_ratio(top: Any, bottom: Any, *, shift: float = 1.0) -> Any:
    """Return the logarithm of one column over another."""
    import numpy as np

    return np.log((np.abs(top) + shift) / (np.abs(bottom) + shift))


def not_marked(top: Any) -> Any:
    """Return the column."""
    return top
