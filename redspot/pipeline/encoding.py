"""Turning categories into numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np

from redspot.pipeline.column import Column, Table, unique_names
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError
from redspot.pipeline.node import State, Step, Target


@dataclass(frozen=True)
class OneHot(Step):
    """One column of 0 and 1 per category, one for any other value and one for missing."""

    kind: ClassVar[str] = "one_hot"

    max_categories: int | None = None
    min_count: int = 1

    def __post_init__(self) -> None:
        if self.max_categories is not None and self.max_categories < 1:
            raise InvalidStepError(f"one_hot: max_categories is 1 or more, not {self.max_categories}.")
        if self.min_count < 1:
            raise InvalidStepError(f"one_hot: min_count is 1 or more, not {self.min_count}.")

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the categories of each column, the most frequent ones where there is a limit."""
        return {"categories": [self._categories(column) for column in table.columns]}

    def apply(self, table: Table, state: State) -> Table:
        """Return the indicator columns, in the order: categories, other, missing."""
        encoded: list[Column] = []
        for column, categories in zip(table.columns, state["categories"], strict=True):
            encoded.extend(_indicators(column, categories))
        names = unique_names([column.name for column in encoded])
        named = (
            Column(name, "float", column.values, column.origins) for name, column in zip(names, encoded, strict=True)
        )
        return Table(tuple(named), table.rows)

    def _categories(self, column: Column) -> list[str]:
        counts = Counter(value for value in category_names(column) if value is not None)
        frequent = [value for value, count in counts.items() if count >= self.min_count]
        frequent.sort(key=lambda value: (-counts[value], value))
        return sorted(frequent[: self.max_categories])


def category_names(column: Column) -> list[str | None]:
    """Return each value as the text that names its category; None where it is missing."""
    if column.dtype == "text":
        return cast("list[str | None]", column.values.tolist())
    if column.dtype == "datetime":
        raise ColumnTypeError(f"one_hot cannot read the times of column {column.name!r}.", column=column.name)
    if column.dtype == "bool":
        return [None if np.isnan(value) else str(bool(value)) for value in column.floats().tolist()]
    return [None if np.isnan(value) else f"{value:.17g}" for value in column.floats().tolist()]


def _indicators(column: Column, categories: list[str]) -> list[Column]:
    position = {category: index for index, category in enumerate(categories)}
    other, missing = len(categories), len(categories) + 1
    codes = np.array(
        [missing if value is None else position.get(value, other) for value in category_names(column)], dtype=np.intp
    )
    names = [f"{column.name}={category}" for category in categories]
    names += [f"{column.name} is other", f"{column.name} is missing"]
    return [
        Column(name, "float", (codes == index).astype(np.float64), column.origins) for index, name in enumerate(names)
    ]


def one_hot(*, max_categories: int | None = None, min_count: int = 1) -> OneHot:
    """Turn each category into a column of 0 and 1.

    A category that training did not see counts as *other*, and a missing value as *missing*; both have
    a column of their own.

    Parameters
    ----------
    max_categories
        Keep only so many, the most frequent; the rest is *other*.
    min_count
        Keep only categories seen at least so often.

    Examples
    --------
    >>> one_hot(max_categories=20).params()
    {'max_categories': 20, 'min_count': 1}
    """
    return OneHot(max_categories, min_count)
