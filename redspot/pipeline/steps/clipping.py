"""Cutting off extreme numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from redspot.pipeline.column import Column, Table
from redspot.pipeline.errors import InvalidStepError, MissingValueError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import Rising, RowCode, Value
from redspot.pipeline.steps.parameters import require_number
from redspot.pipeline.steps.values import numeral
from redspot.pipeline.telling import figure


@dataclass(frozen=True)
class Clip(Step):
    """Moves numbers below a lower limit up to it, and numbers above an upper one down."""

    kind: ClassVar[str] = "clip"

    lower: float | None = None
    upper: float | None = None
    quantiles: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name, value in (("lower", self.lower), ("upper", self.upper)):
            if value is not None:
                require_number(self.kind, name, value)
        has_limits = self.lower is not None or self.upper is not None
        if has_limits == (self.quantiles is not None):
            raise InvalidStepError("clip: give lower or upper or both, or quantiles such as (0.01, 0.99).")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise InvalidStepError(f"clip: lower is not above upper, as {self.lower!r} is above {self.upper!r}.")
        if self.quantiles is not None:
            pair = tuple(self.quantiles)
            for share in pair:
                require_number(self.kind, "quantiles", share, 0.0, 1.0)
            if len(pair) != 2 or pair[0] >= pair[1]:
                raise InvalidStepError(f"clip: quantiles are two shares, the lower one first, not {list(pair)!r}.")
            object.__setattr__(self, "quantiles", pair)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the limits of each column."""
        limits = [self._limits(column) for column in table.columns]
        return {"limits": np.array(limits, dtype=np.float64).reshape(len(limits), 2)}

    def apply(self, table: Table, state: State) -> Table:
        """Return the columns without what lies outside."""
        made = (
            column.numeric(np.clip(column.floats(), low, high))
            for column, (low, high) in zip(table.columns, state["limits"].tolist(), strict=True)
        )
        return Table(tuple(made), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the limits of each value."""
        outputs = []
        for value, (low, high) in zip(inputs, state["limits"].tolist(), strict=True):
            x, least, most = numeral(code, value), code.literal(low), code.literal(high)
            cut = f"({least} if {x} < {least} else {most} if {x} > {most} else {x})"
            outputs.append(code.number(value, cut, rising=_clipped(low, high)))
        return outputs

    def told(self, state: State, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return the limits of each column."""
        return [
            (name, " to ".join(figure(limit) if np.isfinite(limit) else "any" for limit in limits))
            for name, limits in zip(names, state["limits"].tolist(), strict=True)
        ]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def _limits(self, column: Column) -> tuple[float, float]:
        numbers = column.floats()
        if self.quantiles is None:
            low = -np.inf if self.lower is None else float(self.lower)
            return low, np.inf if self.upper is None else float(self.upper)
        known = numbers[np.isfinite(numbers)]
        if not len(known):
            raise MissingValueError(
                f"Column {column.name!r} has no value to learn quantiles from; leave it out or give clip its limits.",
                column=column.name,
            )
        low, high = np.quantile(known, self.quantiles).tolist()
        return low, high


def _clipped(low: float, high: float) -> Rising:
    return lambda values: np.clip(values, low, high)


def clip(
    lower: float | None = None, upper: float | None = None, *, quantiles: tuple[float, float] | None = None
) -> Clip:
    """Move numbers that lie outside of limits to the nearest limit; with `quantiles`, winsorize.

    Numbers in, float out, under the same names; missing stays missing.

    Parameters
    ----------
    lower, upper
        Limits for every column; one of them may be left out.
    quantiles
        Instead of limits, to winsorize: two shares, such as ``(0.01, 0.99)``. The limits of each column are then its
        quantiles in training (with straight lines between values, as `numpy.quantile`), so that the one percent of
        smallest and of largest numbers become the 1st and the 99th percentile.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("nights").then(clip(upper=30))).fit({"nights": [1, 2]})
    >>> made.transform({"nights": [400, None, 7]})
    {'nights': array([30., nan,  7.])}
    """
    return Clip(lower, upper, quantiles)
