"""Tables with sparse blocks, for estimators: as scipy's sparse matrix, or a stretch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Indicator, Table, require_readable
from redspot.pipeline.sparse import SparseBlock, SparseMember
from redspot.pipeline.texts import Texts

# Of a matrix that is written out although it has a sparse block: 128 MiB. Where there is room, estimators get a plain
# matrix, since some of them solve a sparse one less exactly.
MAX_CELLS = 2**24

# Estimators that read a sparse matrix, take what is not written for zero, and keep nothing of it. Others would bring
# scipy's matrices into the file or, as XGBoost does, take what is not written for missing.
_READERS = (
    "lightgbm",
    "sklearn.cluster._kmeans",
    "sklearn.decomposition._truncated_svd",
    "sklearn.ensemble._forest",
    "sklearn.ensemble._gb",
    "sklearn.feature_selection",
    "sklearn.linear_model",
    "sklearn.naive_bayes",
    "sklearn.neural_network",
    "sklearn.tree",
)


def is_sparse(table: Table) -> bool:
    """Tell whether a table has columns of a sparse block and is too large to be written out."""
    if table.rows * len(table.columns) <= MAX_CELLS:
        return False
    return any(isinstance(column.data, SparseMember) for column in table.columns)


def reads_sparse(estimator: Any) -> bool:
    """Tell whether an estimator is given a sparse matrix where there is one."""
    if not type(estimator).__module__.startswith(_READERS):
        return False
    from sklearn.utils import get_tags

    return bool(get_tags(estimator).input_tags.sparse)


def csr_of(table: Table, reader: str, *, allow_missing: bool) -> Any:
    """Return the columns side by side as scipy's CSR matrix: float64, shape (rows, columns).

    Parameters are those of `Table.matrix`.
    """
    from scipy.sparse import csr_matrix

    rows: list[NDArray[np.intp]] = [np.empty(0, dtype=np.intp)]
    columns: list[NDArray[np.intp]] = [np.empty(0, dtype=np.intp)]
    values: list[NDArray[np.float64]] = [np.empty(0)]
    members: dict[int, tuple[SparseBlock, list[tuple[int, int]]]] = {}
    for index, column in enumerate(table.columns):
        data = column.data
        if isinstance(data, SparseMember):
            members.setdefault(id(data.block), (data.block, []))[1].append((data.position, index))
            continue
        numbers = column.floats()
        if not isinstance(data, Indicator):
            require_readable(numbers[:, np.newaxis], [column.name], reader, allow_missing=allow_missing)
        entries = np.flatnonzero(numbers)
        rows.append(entries)
        columns.append(np.full(len(entries), index, dtype=np.intp))
        values.append(numbers[entries])
    for block, places in members.values():
        for targets in _targets(block.width, places):
            found = targets[block.positions]
            kept = found >= 0
            rows.append(block.row_of_entry[kept])
            columns.append(found[kept])
            values.append(block.values[kept])
    placed = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return csr_matrix(placed, shape=(table.rows, len(table.columns)))


def _targets(width: int, places: list[tuple[int, int]]) -> Iterator[NDArray[np.intp]]:
    """Yield the column of each position; a position that is in the table several times needs several rounds."""
    while places:
        targets, later = np.full(width, -1, dtype=np.intp), []
        for position, index in places:
            if targets[position] >= 0:
                later.append((position, index))
            else:
                targets[position] = index
        yield targets
        places = later


def stretches(table: Table) -> Iterator[Table]:
    """Yield stretches of rows that are small enough to be written out."""
    size = max(1, MAX_CELLS // max(len(table.columns), 1))
    for start in range(0, max(table.rows, 1), size):
        yield stretch_of(table, np.arange(start, min(start + size, table.rows)))


def stretch_of(table: Table, rows: NDArray[np.intp]) -> Table:
    """Return some rows of a table; columns that share a block still do."""
    blocks: dict[int, SparseBlock] = {}
    codes: dict[int, NDArray[np.int32]] = {}
    columns = []
    for column in table.columns:
        data = column.data
        if isinstance(data, SparseMember):
            key = id(data.block)
            if key not in blocks:
                blocks[key] = data.block.at(rows)
            columns.append(replace(column, data=SparseMember(blocks[key], data.position)))
        elif isinstance(data, Indicator):
            key = id(data.codes)
            if key not in codes:
                codes[key] = data.codes[rows]
            columns.append(replace(column, data=Indicator(codes[key], data.position)))
        elif isinstance(data, Texts):
            columns.append(replace(column, data=Texts(data.codes[rows], data.labels)))
        else:
            columns.append(replace(column, data=data[rows]))
    return Table(tuple(columns), len(rows))
