"""Filling in missing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from redspot.pipeline.column import NUMERIC, Column, Dtype, Table
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError, MissingValueError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.texts import Texts

Strategy = Literal["mean", "median", "most_frequent", "constant"]


@dataclass(frozen=True)
class Impute(Step):
    """Replaces missing values by one learned or given value per column."""

    kind: ClassVar[str] = "impute"

    strategy: Strategy = "median"
    value: float | str | None = None

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
        filled = tuple(self._filled(column, fill) for column, fill in zip(table.columns, state["fills"], strict=True))
        return Table(filled, table.rows)

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
        return outputs

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
        return replace(column, dtype=dtype, data=np.where(missing, fill, column.floats()))

    def _dtype(self, dtype: Dtype) -> Dtype:
        # A mean of whole numbers or of truths is neither; the type says so whether or not a gap was there.
        return "float" if dtype in NUMERIC and self.strategy != "most_frequent" else dtype

    def _fill(self, column: Column) -> float | str:
        if column.dtype not in NUMERIC and column.dtype != "text":
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
        if self.strategy == "most_frequent":
            return _most_frequent(column)
        numbers = column.floats()
        numbers = numbers[~np.isnan(numbers)]
        return float(np.mean(numbers) if self.strategy == "mean" else np.median(numbers))

    def _constant(self, column: Column) -> float | str:
        if column.dtype == "text":
            if not isinstance(self.value, str):
                raise ColumnTypeError(f"Column {column.name!r} is text; fill it with text, not {self.value!r}.")
            return self.value
        if isinstance(self.value, str) or self.value is None:
            raise ColumnTypeError(f"Column {column.name!r} is {column.dtype}; fill it with a number.")
        return float(self.value)


def _most_frequent(column: Column) -> float | str:
    """Return the most frequent value; the smallest of several, so that the order of the rows does not matter."""
    if column.dtype == "text":
        texts = column.texts
        counts = texts.counts()
        return min(label for label, count in zip(texts.labels, counts, strict=True) if count == counts.max())
    numbers = column.floats()
    values, numbers_of = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    return float(values[numbers_of.argmax()])


def impute(strategy: Strategy = "median", value: float | str | None = None) -> Impute:
    """Fill in missing values.

    Parameters
    ----------
    strategy
        ``mean`` or ``median`` of numbers, ``most_frequent`` of anything, or ``constant``.
    value
        The constant.

    Examples
    --------
    >>> impute("constant", 0.0).params()
    {'strategy': 'constant', 'value': 0.0}
    """
    return Impute(strategy, value)
