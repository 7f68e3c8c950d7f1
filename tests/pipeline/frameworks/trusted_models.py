"""Marked functions and modules, and some that are not, as a user's own package would have them."""

from __future__ import annotations

from typing import Any

import numpy as np

import redspot.pipeline


@redspot.pipeline.step
def price_rule(area: Any, kind: Any, *, factor: float = 2.0) -> Any:
    """Return a price by area, dearer for a house."""
    return area * factor + np.where(kind == "house", 50.0, 0.0)


@redspot.pipeline.step
def size_rule(area: Any, kind: Any, *, limit: float = 50.0) -> Any:
    """Return a label by area."""
    return np.where(np.nan_to_num(area) > limit, "large", "small")


@redspot.pipeline.step
def two_columns(area: Any, kind: Any) -> Any:
    """Return more than a prediction is."""
    return {"one": area, "two": area}


def not_marked(area: Any, kind: Any) -> Any:
    """Return the area."""
    return area
