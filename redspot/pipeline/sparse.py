"""Blocks of many columns that are mostly zero: only what is not zero is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SparseBlock:
    """Many columns of which a row has a few, such as the words of a text.

    Attributes
    ----------
    starts
        int64, shape (rows + 1,): where the entries of each row begin, and where those of the last one end.
    positions
        int32, one per entry: which column it belongs to; in a row each at most once.
    values
        float64, finite, one per entry.
    width
        Number of columns.
    """

    starts: NDArray[np.int64]
    positions: NDArray[np.int32]
    values: NDArray[np.float64]
    width: int

    @classmethod
    def of_bags(cls, bags: Sequence[Mapping[int, float]], width: int) -> Self:
        """Return the block whose rows are mappings of position to value."""
        starts = np.zeros(len(bags) + 1, dtype=np.int64)
        np.cumsum([len(bag) for bag in bags], out=starts[1:])
        size = int(starts[-1])
        positions = np.fromiter(chain.from_iterable(bags), dtype=np.int32, count=size)
        values = np.fromiter(chain.from_iterable(bag.values() for bag in bags), dtype=np.float64, count=size)
        return cls(starts, positions, values, width)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.starts) - 1

    @cached_property
    def row_of_entry(self) -> NDArray[np.intp]:
        """Row of each entry."""
        return np.repeat(np.arange(self.rows), np.diff(self.starts))

    @cached_property
    def _by_position(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Entries in the order of their columns, and where each column begins and the last one ends."""
        order = np.argsort(self.positions, kind="stable")
        return order, np.searchsorted(self.positions[order], np.arange(self.width + 1))

    def column(self, position: int) -> NDArray[np.float64]:
        """Return one column written out: float64, one per row."""
        order, bounds = self._by_position
        entries = order[bounds[position] : bounds[position + 1]]
        column = np.zeros(self.rows)
        column[self.row_of_entry[entries]] = self.values[entries]
        return column

    def at(self, rows: NDArray[np.intp]) -> SparseBlock:
        """Return the block with these rows only, in this order; a row may come several times."""
        lengths = np.diff(self.starts)[rows]
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        entries = np.repeat(self.starts[:-1][rows] - starts[:-1], lengths) + np.arange(starts[-1])
        return SparseBlock(starts, self.positions[entries], self.values[entries], self.width)

    def dot(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each row the sum of its values, each times the weight of its column."""
        # Added up in the order of the entries, as the row function does it, so that both give the same bits.
        products = self.values * weights[self.positions]
        return np.asarray(np.bincount(self.row_of_entry, weights=products, minlength=self.rows), dtype=np.float64)

    def write(self, matrix: NDArray[np.float64], columns: NDArray[np.intp]) -> None:
        """Write the values into a matrix of zeros; `columns` says for each position where, -1 for nowhere."""
        targets = columns[self.positions]
        kept = targets >= 0
        matrix[self.row_of_entry[kept], targets[kept]] = self.values[kept]


@dataclass(frozen=True, slots=True)
class SparseMember:
    """One column of a sparse block, not written out; all columns of one block share it."""

    block: SparseBlock
    position: int

    def floats(self) -> NDArray[np.float64]:
        """Return the column written out: float64, one per row."""
        return self.block.column(self.position)
