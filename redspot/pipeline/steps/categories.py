"""Categories: texts, truths and numbers as the texts that name them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import NUMERIC, Column
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.texts import Texts


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


def category_counts(column: Column, kind: str) -> dict[str, int]:
    """Return in how many rows each category occurs, by its text; missing is none."""
    texts = category_texts(column, kind)
    counts = zip(texts.labels, texts.counts().tolist(), strict=True)
    return {label: count for label, count in counts if count}


def frequent_categories(counts: Mapping[str, int], max_categories: int | None, min_support: int) -> list[str]:
    """Return the categories with enough rows, the most frequent first; of equally frequent ones the smaller text."""
    frequent = [category for category, count in counts.items() if count >= min_support]
    frequent.sort(key=lambda category: (-counts[category], category))
    return frequent[:max_categories]


def category_numbers(
    column: Column, kind: str, table: Mapping[str, float], other: float, missing: float
) -> NDArray[np.float64]:
    """Return what a table holds for each row's category: float64, one per row."""
    return category_texts(column, kind).numbers(lambda label: table.get(label, other), missing)


def category_number(code: RowCode, value: Value, table: Mapping[str, float], other: float, missing: float) -> str:
    """Return a variable with what a table holds for a value's category."""
    kept: dict[str | None, float] = dict(table.items())
    kept[None] = missing
    return code.variable(code.looked_up(category_code(code, value), kept, other))
