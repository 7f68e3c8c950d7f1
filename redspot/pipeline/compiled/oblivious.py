"""Trees that ask the same question of all nodes of a level: the answers are the bits of a leaf's number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.compiled.links import Link
from redspot.pipeline.compiled.model import Arrays
from redspot.pipeline.compiled.thresholds import as_float32
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.telling import told_of_trees

MAX_DEPTH = 16
# Rows at a time, so that the columns of a piece stay in the cache of a core.
_ROWS = 8192


@dataclass(frozen=True)
class ObliviousModel:
    """Oblivious trees whose leaves are added up.

    A question is whether a column, rounded to float32, is above a border. The first of a tree is the lowest bit.

    Attributes
    ----------
    feature
        int32, column of each question; those of all trees follow one another.
    border
        float32, what it is compared with.
    missing_above
        bool, whether a missing number counts as above.
    depth
        int32, number of questions of each tree.
    value
        float64, shape (leaves of all trees, outputs); a tree of depth d has 2**d of them.
    base
        float64, shape (outputs,), what the sums start from.
    width
        Number of columns.
    link
        From sums to answers.
    """

    kind: ClassVar[str] = "oblivious"

    feature: NDArray[np.int32]
    border: NDArray[np.float32]
    missing_above: NDArray[np.bool_]
    depth: NDArray[np.int32]
    value: NDArray[np.float64]
    base: NDArray[np.float64]
    width: int
    link: Link

    @property
    def outputs(self) -> int:
        """Number of sums per row."""
        return len(self.base)

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        """First leaf of each tree."""
        return np.concatenate([[0], np.cumsum(2 ** self.depth.astype(np.int64))])[:-1]

    def sums(self, table: Table) -> NDArray[np.float64]:
        """Return float64, shape (rows, outputs)."""
        used = {feature: table.columns[feature].floats() for feature in np.unique(self.feature).tolist()}
        totals = np.empty((table.rows, self.outputs))
        for start in range(0, table.rows, _ROWS):
            stop = min(start + _ROWS, table.rows)
            columns = {feature: _rounded(values[start:stop]) for feature, values in used.items()}
            totals[start:stop] = self._sums(columns, stop - start)
        return totals

    def _sums(self, columns: Mapping[int, NDArray[np.float32]], rows: int) -> NDArray[np.float64]:
        totals = np.tile(self.base[:, np.newaxis], rows)
        missing = {feature: np.isnan(values) for feature, values in columns.items()}
        has_missing = {feature for feature, mask in missing.items() if mask.any()}
        question = 0
        for depth, first in zip(self.depth.tolist(), self._starts.tolist(), strict=True):
            leaf = np.zeros(rows, dtype=np.uint32)
            for bit in range(depth):
                feature = int(self.feature[question])
                is_above = columns[feature] > self.border[question]
                if feature in has_missing and self.missing_above[question]:
                    is_above |= missing[feature]
                leaf |= is_above.astype(np.uint32) << np.uint32(bit)
                question += 1
            for output, total in enumerate(totals):
                total += self.value[first : first + (1 << depth), output].take(leaf)
        return totals.T

    def row(self, code: RowCode, inputs: Sequence[Value]) -> list[str]:
        """Write down a call of numpy for the sums of one row, and return their expressions."""
        used = set(self.feature.tolist())
        values = [code.floats(value) if index in used else "0.0" for index, value in enumerate(inputs)]
        result = code.fresh()
        code.line(f"{result} = {code.constant(self._one)}(({', '.join(values)},))")
        return [f"{result}[{output}]" for output in range(self.outputs)]

    @cached_property
    def _square(self) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.bool_], NDArray[np.int64]]:
        """Columns, borders, whether missing is above, and bits, of shape (trees, largest depth)."""
        trees, deepest = len(self.depth), max(int(self.depth.max()), 1)
        at = np.arange(deepest) < self.depth[:, np.newaxis]
        feature = np.zeros((trees, deepest), dtype=np.intp)
        border = np.full((trees, deepest), np.inf, dtype=np.float32)
        missing = np.zeros((trees, deepest), dtype=bool)
        feature[at], border[at], missing[at] = self.feature, self.border, self.missing_above
        return feature, border, missing, 1 << np.arange(deepest, dtype=np.int64)

    def _one(self, row: Sequence[float]) -> list[float]:
        feature, border, missing, bits = self._square
        values = _rounded(np.array(row, dtype=np.float64))[feature]
        is_above = values > border
        if missing.any():
            is_above |= missing & np.isnan(values)
        leaves = self.value[self._starts + is_above @ bits]
        return cast("list[float]", (self.base + leaves.sum(axis=0)).tolist())

    def told(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return the size of the ensemble, and the columns that it asks about most."""
        return told_of_trees(self.feature, names, len(self.depth), len(self.value), int(self.depth.max(initial=0)))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what a file keeps as arrays."""
        return {name: getattr(self, name) for name in _ARRAYS}

    def document(self) -> dict[str, Any]:
        """Return what a file keeps as JSON."""
        return {"kind": self.kind, "link": self.link, "width": self.width}

    @classmethod
    def restored(cls, document: Mapping[str, Any], arrays: Arrays) -> Self:
        """Return the model of a file.

        Raises
        ------
        CorruptPipelineError
            When the arrays do not belong together, or an index points outside.
        """
        parts: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
        if any(parts[name].dtype != dtype for name, dtype in _ARRAYS.items()):
            raise CorruptPipelineError("The file's trees have arrays of other types than trees have.")
        model = cls(**parts, width=int(document["width"]), link=document["link"])
        if not model.is_sound():
            raise CorruptPipelineError("The file's trees have indices that point outside of them.")
        return model

    def is_sound(self) -> bool:
        """Whether the arrays belong together, and every index stays inside."""
        questions = len(self.feature)
        return bool(
            self.feature.ndim == self.depth.ndim == self.base.ndim == 1
            and self.border.shape == self.missing_above.shape == (questions,)
            and len(self.depth) > 0
            and len(self.base) > 0
            and (self.depth >= 0).all()
            and (self.depth <= MAX_DEPTH).all()
            and int(self.depth.sum()) == questions
            and self.value.shape == (int((2 ** self.depth.astype(np.int64)).sum()), len(self.base))
            and (self.feature >= 0).all()
            and (self.feature < self.width).all()
            and np.isfinite(self.border).all()
            and np.isfinite(self.value).all()
            and np.isfinite(self.base).all()
        )


_ARRAYS: Mapping[str, type] = {
    "feature": np.int32,
    "border": np.float32,
    "missing_above": np.bool_,
    "depth": np.int32,
    "value": np.float64,
    "base": np.float64,
}


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return as_float32(values).astype(np.float32)
