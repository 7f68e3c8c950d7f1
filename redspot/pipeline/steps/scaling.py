"""Bringing numbers to one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import Rising, RowCode, Value
from redspot.pipeline.telling import figure

Method = Literal["standard", "min_max", "robust", "quantile"]

# What is subtracted and by what is divided, in words.
_PLACES: Mapping[str, tuple[str, str]] = {
    "standard": ("mean", "deviation"),
    "min_max": ("least", "range"),
    "robust": ("median", "quartiles apart"),
}


@dataclass(frozen=True)
class Scale(Step):
    """Brings each column to a common scale; missing stays missing."""

    kind: ClassVar[str] = "scale"

    method: Method = "standard"
    center: bool = True
    spread: bool = True
    quantiles: int = 1000

    def __post_init__(self) -> None:
        require_choice(self.kind, "method", self.method, ("standard", "min_max", "robust", "quantile"))
        if self.method in ("min_max", "quantile") and not (self.center and self.spread):
            raise InvalidStepError(f"scale: center and spread go with 'standard' and 'robust', not {self.method!r}.")
        if isinstance(self.quantiles, bool) or not isinstance(self.quantiles, int) or self.quantiles < 2:
            raise InvalidStepError(f"scale: quantiles is a whole number, 2 or more, not {self.quantiles!r}.")

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn where each column lies and how far it spreads."""
        if self.method == "quantile":
            from redspot.pipeline.steps.ranks import fit_ranks

            return fit_ranks([_known(column) for column in table.columns], self.quantiles)
        means = np.zeros(len(table.columns))
        spreads = np.ones(len(table.columns))
        for index, column in enumerate(table.columns):
            known = _known(column)
            if len(known):
                means[index], spreads[index] = self._place(column.name, known)
        return {"means": means, "spreads": spreads}

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the scaling of each value."""
        if self.method == "quantile":
            from redspot.pipeline.steps.ranks import rank_row

            return rank_row(code, inputs, state)
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
        if self.method == "quantile":
            from redspot.pipeline.steps.ranks import apply_ranks

            return apply_ranks(table, state)
        scaled = tuple(
            column.numeric((column.floats() - mean) / spread)
            for column, mean, spread in zip(table.columns, state["means"], state["spreads"], strict=True)
        )
        return Table(scaled, table.rows)

    def told(self, state: State, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return what is subtracted from each column, and by what it is divided."""
        if self.method == "quantile":
            counts = np.diff(state["starts"]).tolist()
            return [(name, f"{count:,} quantiles") for name, count in zip(names, counts, strict=True)]
        middle, spread = _PLACES[self.method]
        pairs = zip(names, state["means"].tolist(), state["spreads"].tolist(), strict=True)
        return [(name, f"{middle} {figure(mean)}, {spread} {figure(width)}") for name, mean, width in pairs]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def invert(self, values: NDArray[np.float64], state: State) -> NDArray[np.float64] | None:
        """Undo the scaling; None for ``quantile``, whose ends stand for many numbers."""
        if self.method == "quantile":
            return None
        return values * float(state["spreads"][0]) + float(state["means"][0])

    def invert_row(self, code: RowCode, expression: str, state: State) -> str | None:
        """Write down the undoing for one number."""
        if self.method == "quantile":
            return None
        spread, mean = code.literal(state["spreads"][0]), code.literal(state["means"][0])
        return f"(({expression}) * {spread} + {mean})"

    def _place(self, name: str, known: NDArray[np.float64]) -> tuple[float, float]:
        """Return what is subtracted, and by what is then divided."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self.method == "standard":
                middle, spread = float(np.mean(known)), float(np.std(known))
            elif self.method == "min_max":
                middle, spread = float(known.min()), float(np.ptp(known))
            else:
                low, middle, high = np.quantile(known, (0.25, 0.5, 0.75)).tolist()
                spread = high - low
        if not math.isfinite(spread):
            raise ColumnTypeError(f"Column {name!r} has numbers too large to scale.", column=name)
        # The spread of equal numbers is rounding noise; dividing by it would blow the noise up.
        is_noise = spread <= 10 * np.finfo(np.float64).eps * abs(middle)
        return middle if self.center else 0.0, spread if self.spread and not is_noise else 1.0


def _known(column: Column) -> NDArray[np.float64]:
    numbers = column.floats()
    return numbers[np.isfinite(numbers)]


def _shifted(mean: float, spread: float) -> Rising:
    return lambda values: (values - mean) / spread


def scale(method: Method = "standard", *, center: bool = True, spread: bool = True, quantiles: int = 1000) -> Scale:
    """Bring numbers to a common scale; numbers in, float out, under the same names; missing stays missing.

    ``standard`` subtracts the mean and divides by the standard deviation (of the population); ``min_max`` maps the
    smallest number of the training rows to 0 and the largest to 1, and goes on outside of them; ``robust`` subtracts
    the median and divides by the distance of the quartiles; ``quantile`` gives the share of training numbers that are
    smaller, from 0 to 1, with straight lines between the learned quantiles (as scikit-learn's `QuantileTransformer`).
    A column whose numbers are all equal is not divided.

    Parameters
    ----------
    method
        One of the four.
    center, spread
        Whether to subtract, and whether to divide; for ``standard`` and ``robust``.
    quantiles
        How many quantiles are learned; never more than there are training rows.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("beds").then(scale("min_max"))).fit({"beds": [1, 2, 5]})
    >>> made.transform({"beds": [3, None]})
    {'beds': array([0.5, nan])}
    """
    return Scale(method, center, spread, quantiles)
