"""Times as how long ago they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table, listed, merged_origins
from redspot.pipeline.errors import InvalidStepError, MissingValueError, UnknownColumnError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.calendar import require_moment
from redspot.pipeline.steps.values import made, require_dtype

Unit = Literal["years", "days", "hours", "seconds"]

# A year is that of the Gregorian calendar on average: 365.2425 days.
_MICROS: Mapping[str, float] = {"years": 31_556_952e6, "days": 86_400e6, "hours": 3_600e6, "seconds": 1e6}


@dataclass(frozen=True)
class Age(Step):
    """How long before another moment each time lies."""

    kind: ClassVar[str] = "age"

    unit: Unit = "days"
    until: str | None = None
    until_column: str | None = None

    def __post_init__(self) -> None:
        require_choice(self.kind, "unit", self.unit, tuple(_MICROS))
        if self.until is not None and self.until_column is not None:
            raise InvalidStepError("age: give until or until_column, or neither for the last moment of training.")
        if self.until is not None:
            require_moment(self.kind, "until", self.until)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the moment that ages are counted until, in microseconds since 1970 UTC, for each column."""
        self._require_column(table.names)
        for column in table.columns:
            require_dtype(self.kind, column, ("datetime",))
        if self.until_column is not None:
            return {"moments": []}
        if self.until is not None:
            return {"moments": [require_moment(self.kind, "until", self.until)] * len(table.columns)}
        return {"moments": [_last(column) for column in table.columns]}

    def apply(self, table: Table, state: State) -> Table:
        """Return the ages."""
        unit = _MICROS[self.unit]
        if self.until_column is None:
            pairs = zip(table.columns, state["moments"], strict=True)
            return Table(
                tuple(c.numeric(_ages(c, np.datetime64(moment, "us"), unit)) for c, moment in pairs), table.rows
            )
        until = table[self.until_column]
        columns = []
        for column in table.columns:
            if column.name != self.until_column:
                origins = merged_origins((column, until))
                columns.append(Column(column.name, "float", _ages(column, until.times(), unit), origins))
        return Table(tuple(columns), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the age of each time."""
        unit = code.literal(_MICROS[self.unit])
        if self.until_column is None:
            outputs = []
            for value, moment in zip(inputs, state["moments"], strict=True):
                time = code.atom(value)
                known = f" if {time} is not None else nan" if value.may_miss else ""
                age = code.variable(f"float({moment} - {time}) / {unit}{known}")
                outputs.append(made(value.name, "float", age, may_miss=value.may_miss))
            return outputs
        until = next(value for value in inputs if value.name == self.until_column)
        end = code.atom(until)
        outputs = []
        for value in inputs:
            if value is not until:
                time = code.atom(value)
                age = code.variable(
                    f"float({end} - {time}) / {unit} if {end} is not None and {time} is not None else nan"
                )
                outputs.append(made(value.name, "float", age, may_miss=value.may_miss or until.may_miss))
        return outputs

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs, but for the one that ages are counted until."""
        self._require_column(inputs)
        return tuple(name for name in inputs if name != self.until_column)

    def _require_column(self, names: Sequence[str]) -> None:
        if self.until_column is None:
            return
        if self.until_column not in names:
            raise UnknownColumnError(
                f"age: no column {self.until_column!r}; there are {listed(names)}.", column=self.until_column
            )
        if len(names) < 2:
            raise InvalidStepError(f"age needs a column besides {self.until_column!r}, and is given {listed(names)}.")


def _last(column: Column) -> int:
    times = column.times()
    known = times[~np.isnat(times)]
    if not len(known):
        raise MissingValueError(
            f"Column {column.name!r} has no time to learn the last moment from; leave it out or use age(until=…).",
            column=column.name,
        )
    return int(known.max().astype(np.int64))


def _ages(column: Column, until: Any, unit: float) -> NDArray[np.float64]:
    spans = until - column.times()
    return np.where(np.isnat(spans), np.nan, spans.astype(np.int64).astype(np.float64) / unit)


def age(
    unit: Unit = "days", *, until: str | date | np.datetime64 | None = None, until_column: str | None = None
) -> Age:
    """Count how long ago times were.

    Times in, float out, under the same names; a time after the moment that ages are counted until has an age below 0.
    Missing stays missing.

    Parameters
    ----------
    unit
        ``years`` (of 365.2425 days, the mean of the Gregorian calendar), ``days`` (of 24 hours), ``hours`` or
        ``seconds``; with fractions.
    until
        The moment, UTC where it says no time zone. When neither this nor `until_column` is given, it is the last one
        in training, for each column its own.
    until_column
        Instead, a column of times among the inputs, row by row; it is not among the outputs, and where it is missing
        so are the ages.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> times = {"built": np.array(["2026-01-01", "2026-01-31T12:00"], dtype="datetime64[us]")}
    >>> Pipeline(x=branch("built").then(age())).fit(times).transform(times)
    {'built': array([30.5,  0. ])}
    """
    if isinstance(until, np.datetime64):
        until = str(until.astype("datetime64[us]"))
    return Age(unit, until.isoformat() if isinstance(until, date) else until, until_column)
