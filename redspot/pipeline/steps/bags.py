"""Columns of a sparse block, made of what a text or a list has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column
from redspot.pipeline.rowcode import Bag, RowCode, Value
from redspot.pipeline.sparse import SparseBlock, SparseMember
from redspot.pipeline.steps.values import called
from redspot.pipeline.texts import Texts

# What is not zero in a row, by position.
Bagger = Callable[[Any], Mapping[int, float]]

_NOTHING: Mapping[int, float] = MappingProxyType({})


def distinct(column: Column) -> tuple[NDArray[np.int32], Sequence[Any]]:
    """Return for each row which of the distinct values it has, -1 for missing, and these values.

    Lists are distinct when they are not the same object; steps that make lists share them between rows.
    """
    if isinstance(column.data, Texts):
        return column.data.codes, column.data.labels
    seen: dict[int, int] = {}
    values: list[Any] = []
    codes = np.full(len(column.values), -1, dtype=np.int32)
    for row, value in enumerate(column.values):
        if value is not None:
            code = seen.setdefault(id(value), len(values))
            if code == len(values):
                values.append(value)
            codes[row] = code
    return codes, values


def bag_columns(
    column: Column, bagger: Bagger, names: Sequence[str], missing: Mapping[int, float] = _NOTHING
) -> list[Column]:
    """Return one column per name, of one block; the bag of each distinct value is made once."""
    codes, values = distinct(column)
    # Code -1 finds the last row.
    rows = codes.astype(np.intp) % (len(values) + 1)
    block = SparseBlock.of_bags([*map(bagger, values), missing], len(names)).at(rows)
    return [Column(name, "float", SparseMember(block, position), column.origins) for position, name in enumerate(names)]


def bag_values(
    code: RowCode, value: Value, bagger: Bagger, names: Sequence[str], missing: Mapping[int, float] = _NOTHING
) -> list[Value]:
    """Return one value per name, all looked up in the bag of the row."""
    source = called(code, value, bagger, missing)
    return [
        Value(
            name,
            "float",
            f"{source}.get({position}, 0.0)",
            is_atom=False,
            may_miss=False,
            bag=Bag(source, len(names), position),
        )
        for position, name in enumerate(names)
    ]
