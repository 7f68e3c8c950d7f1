"""Categories as columns of 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from redspot.pipeline.column import Column, Indicator, Table, unique_names
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import Choice, RowCode, Value
from redspot.pipeline.steps.categories import category_code, category_counts, category_texts, frequent_categories
from redspot.pipeline.steps.parameters import require_support
from redspot.pipeline.telling import listing


@dataclass(frozen=True)
class OneHot(Step):
    """One column of 0 and 1 per category, one for any other value and one for missing."""

    kind: ClassVar[str] = "one_hot"

    max_categories: int | None = None
    min_support: int = 1

    def __post_init__(self) -> None:
        require_support(self.kind, self.max_categories, self.min_support)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the categories of each column, the most frequent ones where there is a limit."""
        return {"categories": [self._categories(column) for column in table.columns]}

    def apply(self, table: Table, state: State) -> Table:
        """Return the indicator columns, in the order: categories, other, missing."""
        encoded: list[Column] = []
        for column, categories in zip(table.columns, state["categories"], strict=True):
            texts = category_texts(column, self.kind)
            positions = {category: index for index, category in enumerate(categories)}
            other = len(categories)
            per_label = [*(positions.get(label, other) for label in texts.labels), other + 1]
            codes = texts.gathered(per_label, np.int32)
            encoded.extend(
                Column(name, "float", Indicator(codes, index), column.origins)
                for index, name in enumerate(bit_names(column.name, categories))
            )
        names = unique_names([column.name for column in encoded])
        named = (replace(column, name=name) for name, column in zip(names, encoded, strict=True))
        return Table(tuple(named), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down which bit of each block is set."""
        bits: list[Value] = []
        for value, categories in zip(inputs, state["categories"], strict=True):
            source = category_code(code, value)
            positions = {category: index for index, category in enumerate(categories)}
            other = len(categories)
            for index, name in enumerate(bit_names(value.name, categories)):
                choice = Choice(source, positions, other, other + 1, index)
                bits.append(Value(name, "float", "", is_atom=False, may_miss=False, choice=choice))
        names = unique_names([bit.name for bit in bits])
        return [replace(bit, name=name) for name, bit in zip(names, bits, strict=True)]

    def told(self, state: State, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return the number of categories of each column, and the first of them."""
        return [
            (name, f"{len(known):,} categor{'y' if len(known) == 1 else 'ies'}: {listing(known)}")
            for name, known in zip(names, state["categories"], strict=True)
        ]

    def _categories(self, column: Column) -> list[str]:
        counts = category_counts(column, self.kind)
        return sorted(frequent_categories(counts, self.max_categories, self.min_support))


def bit_names(name: str, categories: Sequence[str]) -> list[str]:
    """Return the names of the columns of a one-hot block."""
    return [*(f"{name}={category}" for category in categories), f"{name} is other", f"{name} is missing"]


def one_hot(*, max_categories: int | None = None, min_support: int = 1) -> OneHot:
    """Turn each category into a column of 0 and 1.

    A category that training did not see counts as *other*, and a missing value as *missing*; both have
    a column of their own.

    Parameters
    ----------
    max_categories
        Keep only so many, the most frequent; the rest is *other*.
    min_support
        Keep only categories that at least so many training rows have.

    Examples
    --------
    >>> one_hot(max_categories=20).params()
    {'max_categories': 20, 'min_support': 1}
    """
    return OneHot(max_categories, min_support)
