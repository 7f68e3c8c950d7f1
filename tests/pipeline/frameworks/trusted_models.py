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


def _modules() -> dict[str, Any]:
    """Return module classes; made only where PyTorch is asked for."""
    from torch import nn

    class Gated(nn.Module):
        """Two branches, of which one lets the other through."""

        def __init__(self, inputs: int, outputs: int, *, units: int = 16) -> None:
            super().__init__()
            self.value = nn.Linear(inputs, units)
            self.gate = nn.Linear(inputs, units)
            self.norm = nn.LayerNorm(units)
            self.out = nn.Linear(units, outputs)

        def forward(self, x: Any) -> Any:
            return self.out(self.norm(self.value(x) * self.gate(x).sigmoid()))

    class Unmarked(nn.Module):
        """Not for files."""

        def __init__(self, inputs: int, outputs: int) -> None:
            super().__init__()
            self.out = nn.Linear(inputs, outputs)

        def forward(self, x: Any) -> Any:
            return self.out(x)

    Gated.__qualname__, Unmarked.__qualname__ = "Gated", "Unmarked"
    return {"Gated": redspot.pipeline.module(Gated), "Unmarked": Unmarked}


def __getattr__(name: str) -> Any:
    if name not in ("Gated", "Unmarked"):
        raise AttributeError(name)
    globals().update(_modules())
    return globals()[name]


@redspot.pipeline.module
def stacked(inputs: int, outputs: int, *, units: int = 12) -> Any:
    """Return layers that compile, nested."""
    from torch import nn

    first = nn.Sequential(nn.Linear(inputs, units, bias=False), nn.BatchNorm1d(units), nn.Tanh())
    return nn.Sequential(first, nn.Identity(), nn.Linear(units, outputs))
