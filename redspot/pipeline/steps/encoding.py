"""Turning categories into numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from redspot.pipeline.column import NUMERIC, Column, Indicator, Table, unique_names
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import Choice, RowCode, Value
from redspot.pipeline.telling import listing
from redspot.pipeline.texts import Texts


@dataclass(frozen=True)
class OneHot(Step):
    """One column of 0 and 1 per category, one for any other value and one for missing."""

    kind: ClassVar[str] = "one_hot"

    max_categories: int | None = None
    min_support: int = 1

    def __post_init__(self) -> None:
        if self.max_categories is not None and self.max_categories < 1:
            raise InvalidStepError(f"one_hot: max_categories is 1 or more, not {self.max_categories}.")
        if self.min_support < 1:
            raise InvalidStepError(f"one_hot: min_support is 1 or more, not {self.min_support}.")

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
        texts = category_texts(column, self.kind)
        counts = dict(zip(texts.labels, texts.counts().tolist(), strict=True))
        frequent = [value for value, count in counts.items() if count >= self.min_support]
        frequent.sort(key=lambda value: (-counts[value], value))
        return sorted(frequent[: self.max_categories])


def bit_names(name: str, categories: Sequence[str]) -> list[str]:
    """Return the names of the columns of a one-hot block."""
    return [*(f"{name}={category}" for category in categories), f"{name} is other", f"{name} is missing"]


def category_texts(column: Column, kind: str) -> Texts:
    """Return each value as the text that names its category.

    Raises
    ------
    ColumnTypeError
        For a column that holds neither text nor numbers; `kind` is the step that asks.
    """
    if column.dtype == "text":
        return column.texts
    if column.dtype not in NUMERIC:
        raise ColumnTypeError(
            f"{kind} cannot read column {column.name!r}, which holds {column.dtype}.", column=column.name
        )
    numbers = column.floats()
    known = ~np.isnan(numbers)
    distinct, inverse = np.unique(numbers[known], return_inverse=True)
    codes = np.full(len(numbers), -1, dtype=np.int32)
    codes[known] = inverse
    name_of = _NAMES[column.dtype == "bool"]
    return Texts(codes, tuple(map(name_of, distinct.tolist()))).mapped(str)


def category_code(code: RowCode, value: Value) -> str:
    """Return a variable with the text that names a value's category, or None."""
    if value.dtype == "text":
        return code.atom(value)
    name_of = code.constant(_NAMES[value.dtype == "bool"])
    number = code.variable(code.floats(value))
    return code.variable(f"{name_of}({number}) if {number} == {number} else None")


def _number_name(value: float) -> str:
    # Zero has two signs, and is one category.
    return f"{value + 0.0:.17g}"


def _truth_name(value: float) -> str:
    return str(bool(value))


_NAMES = (_number_name, _truth_name)


def one_hot(*, max_categories: int | None = None, min_support: int = 1) -> OneHot:
    """Turn each category into a column of 0 and 1.

    A category that training did not see counts as *other*, and a missing value as *missing*; both have
    a column of their own.

    Parameters
    ----------
    max_categories
        Keep only so many, the most frequent; the rest is *other*.
    min_support
        Keep only categories seen at least so often.

    Examples
    --------
    >>> one_hot(max_categories=20).params()
    {'max_categories': 20, 'min_support': 1}
    """
    return OneHot(max_categories, min_support)
