"""Logarithms of numbers that spread over orders of magnitude."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.values import numeral


@dataclass(frozen=True)
class Log(Step):
    """Takes log(1 + x), or the same of the size of x with the sign put back."""

    kind: ClassVar[str] = "log"

    signed: bool = False

    def fit(self, table: Table, target: Target | None) -> State:
        """Refuse a column that has numbers of -1 or less, unless the sign is put back."""
        for column in table.columns:
            if not self.signed and (column.floats() <= -1.0).any():
                raise ColumnTypeError(
                    f"Column {column.name!r} has numbers of -1 or less, without log(1 + x); use log(signed=True).",
                    column=column.name,
                )
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the logarithms."""
        made = []
        for column in table.columns:
            values = column.floats()
            if self.signed:
                logs = np.copysign(np.log1p(np.abs(values)), values)
            else:
                logs = np.log1p(np.where(values > -1.0, values, np.nan))
            made.append(column.numeric(logs))
        return Table(tuple(made), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the logarithm of each value."""
        log1p = code.constant(math.log1p)
        outputs = []
        for value in inputs:
            x = numeral(code, value)
            if self.signed:
                outputs.append(code.number(value, f"{code.constant(math.copysign)}({log1p}(abs({x})), {x})"))
            else:
                outputs.append(code.number(value, f"({log1p}({x}) if {x} > -1.0 else nan)", may_miss=True))
        return outputs

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def invert(self, values: NDArray[np.float64], state: State) -> NDArray[np.float64]:
        """Undo the logarithm; infinite where the number is too large for float64."""
        with np.errstate(over="ignore"):
            return np.copysign(np.expm1(np.abs(values)), values) if self.signed else np.expm1(values)

    def invert_row(self, code: RowCode, expression: str, state: State) -> str:
        """Write down the undoing for one number."""
        return f"{code.constant(_signed_expm1_of_one if self.signed else _expm1_of_one)}({expression})"


def _expm1_of_one(value: float) -> float:
    try:
        return math.expm1(value)
    except OverflowError:
        return math.inf


def _signed_expm1_of_one(value: float) -> float:
    return math.copysign(_expm1_of_one(abs(value)), value)


def log(*, signed: bool = False) -> Log:
    """Take the natural logarithm of 1 + x.

    Numbers in, float out, under the same names; missing stays missing. A number of -1 or less is refused in training
    and becomes missing later.

    Parameters
    ----------
    signed
        Whether to take the log of 1 plus the size of x and put the sign back, so that every number has a logarithm.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("price").then(log())).fit({"price": [0.0, 9.0]})
    >>> made.transform({"price": [0.0, None]})
    {'price': array([ 0., nan])}
    """
    return Log(signed)
