"""Filling in missing values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, cast

import numpy as np

from redspot.pipeline.column import NUMERIC, Column, Table
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError, MissingValueError
from redspot.pipeline.node import State, Step, Target, require_choice

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
        filled = []
        for column, fill in zip(table.columns, state["fills"], strict=True):
            missing = column.missing()
            values = column.values
            if missing.any():
                values = values.copy()
                values[missing] = fill
            # A mean of whole numbers or of truths is neither; the type says so whether or not a gap was there.
            dtype = "float" if column.dtype in NUMERIC and self.strategy != "most_frequent" else column.dtype
            filled.append(replace(column, dtype=dtype, values=values))
        return Table(tuple(filled), table.rows)

    def _fill(self, column: Column) -> float | str:
        if column.dtype == "datetime":
            raise ColumnTypeError(f"impute cannot fill the times of column {column.name!r}.", column=column.name)
        if self.strategy == "constant":
            return self._constant(column)
        known = column.values[~column.missing()]
        if not len(known):
            raise MissingValueError(
                f"Column {column.name!r} has no value to learn a {self.strategy} from; "
                "leave it out or use impute('constant', …).",
                column=column.name,
            )
        if self.strategy == "most_frequent":
            counts = Counter(cast("list[float | str]", known.tolist()))
            # The smallest of the most frequent, so that the order of the rows does not matter.
            return min(counts, key=lambda value: (-counts[value], value))
        numbers = replace(column, values=known).floats()
        return float(np.mean(numbers) if self.strategy == "mean" else np.median(numbers))

    def _constant(self, column: Column) -> float | str:
        if column.dtype == "text":
            if not isinstance(self.value, str):
                raise ColumnTypeError(f"Column {column.name!r} is text; fill it with text, not {self.value!r}.")
            return self.value
        if isinstance(self.value, str) or self.value is None:
            raise ColumnTypeError(f"Column {column.name!r} is {column.dtype}; fill it with a number.")
        return float(self.value)


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
