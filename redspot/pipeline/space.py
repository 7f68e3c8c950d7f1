"""The values that a search may give to parameters."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from redspot.pipeline.errors import InvalidSearchError


@dataclass(frozen=True, slots=True)
class Uniform:
    """Real numbers between bounds; `is_log` makes each power of ten equally likely."""

    low: float
    high: float
    is_log: bool = False

    def __post_init__(self) -> None:
        _require_bounds(self.low, self.high)
        if self.is_log and self.low <= 0:
            raise InvalidSearchError(f"The bounds of log_uniform are above zero, not {self.low}.")

    @property
    def size(self) -> int | None:
        """How many values there are; None for more than can be counted."""
        return None

    def draw(self, generator: np.random.Generator) -> Hashable:
        """Return a mark for a value; equal marks are equal values."""
        if not self.is_log:
            return float(generator.uniform(self.low, self.high))
        drawn = math.exp(generator.uniform(math.log(self.low), math.log(self.high)))
        return min(max(drawn, self.low), self.high)

    def value(self, mark: Any) -> Any:
        """Return the value of a mark."""
        return mark


@dataclass(frozen=True, slots=True)
class Integers:
    """Whole numbers between bounds, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        _require_bounds(self.low, self.high)

    @property
    def size(self) -> int | None:
        """How many values there are."""
        return self.high - self.low + 1

    def draw(self, generator: np.random.Generator) -> Hashable:
        """Return a mark for a value."""
        return int(generator.integers(self.low, self.high, endpoint=True))

    def value(self, mark: Any) -> Any:
        """Return the value of a mark."""
        return mark


@dataclass(frozen=True, slots=True)
class Choice:
    """Some values, each equally likely; steps and estimators may be among them."""

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise InvalidSearchError("choice() takes one or more values.")

    @property
    def size(self) -> int | None:
        """How many values there are."""
        return len(self.values)

    def draw(self, generator: np.random.Generator) -> Hashable:
        """Return a mark for a value: its place."""
        return int(generator.integers(len(self.values)))

    def value(self, mark: Any) -> Any:
        """Return the value of a mark."""
        return self.values[mark]


Dimension = Uniform | Integers | Choice
Space = Mapping[str, Dimension]


def uniform(low: float, high: float) -> Uniform:
    """Search real numbers from `low` to `high`."""
    return Uniform(low, high)


def log_uniform(low: float, high: float) -> Uniform:
    """Search real numbers from `low` to `high`, each power of ten equally likely.

    Examples
    --------
    >>> 0.001 <= log_uniform(0.001, 1000).draw(np.random.default_rng(0)) <= 1000
    True
    """
    return Uniform(low, high, is_log=True)


def integers(low: int, high: int) -> Integers:
    """Search whole numbers from `low` to `high`, both included."""
    return Integers(low, high)


def choice(*values: Any) -> Choice:
    """Search some values.

    Examples
    --------
    >>> choice("mean", "median").size
    2
    """
    return Choice(values)


def _require_bounds(low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidSearchError(f"The lower bound is below the upper one, and both are finite, not {low} and {high}.")
