"""Bringing numbers to one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from redspot.pipeline.column import Table
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import Rising, RowCode, Value


@dataclass(frozen=True)
class Scale(Step):
    """Subtracts the mean of a column and divides by its standard deviation; missing stays missing."""

    kind: ClassVar[str] = "scale"

    center: bool = True
    spread: bool = True

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn mean and standard deviation (of the population) of each column."""
        means = np.zeros(len(table.columns))
        spreads = np.ones(len(table.columns))
        for index, column in enumerate(table.columns):
            known = column.floats()
            known = known[np.isfinite(known)]
            if not len(known):
                continue
            with np.errstate(over="ignore", invalid="ignore"):
                mean, spread = float(np.mean(known)), float(np.std(known))
            if not math.isfinite(spread):
                raise ColumnTypeError(f"Column {column.name!r} has numbers too large to scale.", column=column.name)
            means[index] = mean if self.center else 0.0
            # The spread of equal numbers is rounding noise; dividing by it would blow the noise up.
            is_noise = spread <= 10 * np.finfo(np.float64).eps * abs(mean)
            spreads[index] = spread if self.spread and not is_noise else 1.0
        return {"means": means, "spreads": spreads}

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the scaling of each value."""
        pairs = zip(inputs, state["means"].tolist(), state["spreads"].tolist(), strict=True)
        return [
            code.number(
                value,
                f"({code.floats(value)} - {code.literal(mean)}) / {code.literal(spread)}",
                rising=_shifted(mean, spread),
            )
            for value, mean, spread in pairs
        ]

    def apply(self, table: Table, state: State) -> Table:
        """Return the scaled columns."""
        scaled = tuple(
            column.numeric((column.floats() - mean) / spread)
            for column, mean, spread in zip(table.columns, state["means"], state["spreads"], strict=True)
        )
        return Table(scaled, table.rows)


def _shifted(mean: float, spread: float) -> Rising:
    return lambda values: (values - mean) / spread


def scale(*, center: bool = True, spread: bool = True) -> Scale:
    """Scale numbers to mean 0 and standard deviation 1.

    Examples
    --------
    >>> scale().params()
    {'center': True, 'spread': True}
    """
    return Scale(center, spread)
