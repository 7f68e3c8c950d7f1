"""Filling in missing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from redspot.pipeline.column import NUMERIC, Column, Dtype, Table, unique_names
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError, MissingValueError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.telling import written
from redspot.pipeline.texts import Texts

Strategy = Literal["mean", "median", "most_frequent", "constant"]


@dataclass(frozen=True)
class Impute(Step):
    """Replaces missing values by one learned or given value per column."""

    kind: ClassVar[str] = "impute"

    strategy: Strategy = "median"
    value: float | str | None = None
    indicator: bool = False

    def __post_init__(self) -> None:
        require_choice(self.kind, "strategy", self.strategy, ("mean", "median", "most_frequent", "constant"))
        if self.strategy == "constant" and self.value is None:
            raise InvalidStepError("impute: strategy 'constant' needs a value, such as impute('constant', 0).")
        if self.strategy != "constant" and self.value is not None:
            raise InvalidStepError(f"impute: a value goes with strategy 'constant', not {self.strategy!r}.")

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn one fill value per column."""
        return {"fills": [self._fill(column) for column in table.columns]}

    def apply(self, table: Table, state: State) -> Table:
        """Return the columns with their gaps filled."""
        filled = [self._filled(column, fill) for column, fill in zip(table.columns, state["fills"], strict=True)]
        if self.indicator:
            names = missing_names(table.names)
            bits = (column.numeric(column.missing().astype(np.float64)) for column in table.columns)
            filled.extend(replace(bit, name=name) for name, bit in zip(names, bits, strict=True))
        return Table(tuple(filled), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the filling of each value."""
        outputs = []
        for value, fill in zip(inputs, state["fills"], strict=True):
            dtype = self._dtype(value.dtype)
            if not value.may_miss:
                outputs.append(replace(value, dtype=dtype))
                continue
            variable, name = code.atom(value), code.fresh()
            known = f"{variable} == {variable}" if value.dtype in NUMERIC else f"{variable} is not None"
            code.line(f"{name} = {variable} if {known} else {code.literal(fill)}")
            base = (name, ()) if value.dtype in NUMERIC else None
            outputs.append(Value(value.name, dtype, name, may_miss=False, base=base))
        if self.indicator:
            names = missing_names([value.name for value in inputs])
            outputs.extend(_bit(code, name, value) for name, value in zip(names, inputs, strict=True))
        return outputs

    def told(self, state: State, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return what fills the gaps of each column."""
        return [(f"fill {name}", written(fill)) for name, fill in zip(names, state["fills"], strict=True)]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs, and behind them those of the indicators."""
        return (*inputs, *missing_names(inputs)) if self.indicator else inputs

    def _filled(self, column: Column, fill: float | str) -> Column:
        dtype = self._dtype(column.dtype)
        missing = column.missing()
        if not missing.any():
            return replace(column, dtype=dtype)
        if column.dtype == "text":
            texts = column.texts
            codes = np.where(missing, np.int32(len(texts.labels)), texts.codes)
            # The fill may be among the labels already; `mapped` then makes one of the two.
            return replace(column, data=Texts(codes, (*texts.labels, str(fill))).mapped(str))
        if column.dtype == "datetime":
            return replace(column, data=np.where(missing, np.datetime64(int(fill), "us"), column.times()))
        return replace(column, dtype=dtype, data=np.where(missing, fill, column.floats()))

    def _dtype(self, dtype: Dtype) -> Dtype:
        # A mean of whole numbers or of truths is neither; the type says so whether or not a gap was there.
        return "float" if dtype in NUMERIC and self.strategy != "most_frequent" else dtype

    def _fill(self, column: Column) -> float | str:
        if column.dtype not in NUMERIC and column.dtype not in ("text", "datetime"):
            raise ColumnTypeError(
                f"impute cannot fill column {column.name!r}, which holds {column.dtype}.", column=column.name
            )
        if self.strategy == "constant":
            return self._constant(column)
        if column.missing().all():
            raise MissingValueError(
                f"Column {column.name!r} has no value to learn a {self.strategy} from; "
                "leave it out or use impute('constant', …).",
                column=column.name,
            )
        if column.dtype == "datetime":
            return self._time(column)
        if self.strategy == "most_frequent":
            return _most_frequent(column)
        numbers = column.floats()
        numbers = numbers[~np.isnan(numbers)]
        return float(np.mean(numbers) if self.strategy == "mean" else np.median(numbers))

    def _time(self, column: Column) -> int:
        """Return the fill of a column of times, in whole microseconds since 1970 UTC."""
        times = column.times()
        micros = times[~np.isnat(times)].astype(np.int64)
        if self.strategy == "most_frequent":
            values, counts = np.unique(micros, return_counts=True)
            return int(values[counts.argmax()])
        # Counted from the first of them, the spans are small enough to be exact as float64.
        first = micros.min()
        spans = (micros - first).astype(np.float64)
        return int(first) + round(float(np.mean(spans) if self.strategy == "mean" else np.median(spans)))

    def _constant(self, column: Column) -> float | str:
        if column.dtype == "datetime":
            # Only a column of times needs the calendar.
            from redspot.pipeline.steps.calendar import require_moment

            return require_moment(self.kind, "value", self.value)
        if column.dtype == "text":
            if not isinstance(self.value, str):
                raise ColumnTypeError(f"Column {column.name!r} is text; fill it with text, not {self.value!r}.")
            return self.value
        if isinstance(self.value, str) or self.value is None:
            raise ColumnTypeError(f"Column {column.name!r} is {column.dtype}; fill it with a number.")
        return float(self.value)


def missing_names(names: Sequence[str]) -> list[str]:
    """Return the names of the columns that say where a value is missing, unlike those of the columns themselves."""
    return unique_names([*names, *(f"{name} is missing" for name in names)])[len(names) :]


def _bit(code: RowCode, name: str, value: Value) -> Value:
    if not value.may_miss:
        return Value(name, "float", "0.0", may_miss=False)
    variable = code.atom(value)
    known = f"{variable} == {variable}" if value.dtype in NUMERIC else f"{variable} is not None"
    return Value(name, "float", f"(0.0 if {known} else 1.0)", is_atom=False, may_miss=False)


def _most_frequent(column: Column) -> float | str:
    """Return the most frequent value; the smallest of several, so that the order of the rows does not matter."""
    if column.dtype == "text":
        texts = column.texts
        counts = texts.counts()
        return min(label for label, count in zip(texts.labels, counts, strict=True) if count == counts.max())
    numbers = column.floats()
    values, numbers_of = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    return float(values[numbers_of.argmax()])


def impute(strategy: Strategy = "median", value: float | str | None = None, *, indicator: bool = False) -> Impute:
    """Fill in missing values.

    Numbers, texts and times in, the same columns out, without a gap.

    Parameters
    ----------
    strategy
        ``mean`` or ``median`` of numbers or times, ``most_frequent`` of anything (of several the smallest), or
        ``constant``.
    value
        The constant; for times as ISO 8601, UTC where it says no time zone.
    indicator
        Whether to add, behind all columns, one column ``<column> is missing`` for each: 1 where a gap was filled.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("beds").then(impute("constant", 1, indicator=True)))
    >>> made.fit({"beds": [2, None]}).transform({"beds": [None, 3]})
    {'beds': array([1., 3.]), 'beds is missing': array([1., 0.])}
    """
    return Impute(strategy, value, indicator)
