"""Many rows down small trees without a branch: one comparison per split, and a bit per leaf.

Each split that sends a row right rules out the leaves on its left. A row's leaf is the first one that nothing
ruled out. All of it is arithmetic on small whole numbers, side by side for thousands of rows.
After QuickScorer (Lucchese et al., SIGIR 2015), with a table look-up in place of the search for the first bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Indicator, Table, require_readable
from redspot.pipeline.sparse import SparseMember

if TYPE_CHECKING:
    from redspot.pipeline.compiled.trees import TreeModel

MAX_LEAVES = 16


@dataclass(frozen=True, slots=True)
class _Split:
    """One comparison, and the leaves (bits) on its left."""

    feature: int
    threshold: float
    ruled_out: int
    missing_left: bool


@dataclass(frozen=True, slots=True)
class _Masked:
    """One tree: its splits, and what a row adds for each set of leaves that are ruled out."""

    splits: tuple[_Split, ...]
    output: int
    leaves: NDArray[np.float64]
    is_wide: bool


@dataclass(frozen=True, slots=True)
class Bitmasks:
    """All trees of a model in this form."""

    model: TreeModel
    trees: tuple[_Masked, ...]

    @classmethod
    def of(cls, model: TreeModel) -> Bitmasks | None:
        """Return the trees of a model; None when one has more leaves than fit."""
        trees = []
        for index, root in enumerate(model.roots.tolist()):
            tree = _masked(model, root, int(model.output[index]))
            if tree is None:
                return None
            trees.append(tree)
        return cls(model, tuple(trees))

    def sums(self, table: Table) -> NDArray[np.float64]:
        """Return float64, shape (rows, outputs)."""
        model = self.model
        columns = _Columns(model, table)
        # Added up in the order in which the row function does it, so that both give the same bits.
        totals = np.zeros((model.outputs, table.rows))
        if not model.is_mean:
            totals += model.base[:, np.newaxis]
        narrow, wide = np.empty(table.rows, dtype=np.uint8), np.empty(table.rows, dtype=np.uint16)
        other, wide_other = np.empty_like(narrow), np.empty_like(wide)
        for tree in self.trees:
            out, spare = (wide, wide_other) if tree.is_wide else (narrow, other)
            out[:] = 0
            for split in tree.splits:
                np.multiply(columns.goes_right(split), out.dtype.type(split.ruled_out), out=spare)
                np.bitwise_or(out, spare, out=out)
            found = _lowest_zero().take(out) if tree.is_wide else out
            if tree.output >= 0:
                totals[tree.output] += tree.leaves[:, 0].take(found)
            else:
                for output in range(model.outputs):
                    totals[output] += tree.leaves[:, output].take(found)
        if model.is_mean:
            totals = totals / len(model.roots) + model.base[:, np.newaxis]
        return totals.T


class _Columns:
    """The columns that splits look at, as the library sees them."""

    def __init__(self, model: TreeModel, table: Table) -> None:
        self._numbers: dict[int, tuple[NDArray[Any], bool]] = {}
        self._bits: dict[int, NDArray[np.uint8]] = {}
        is_32 = model.cast == "float32"
        for feature in np.unique(model.feature[model.feature >= 0]).tolist():
            data = table.columns[feature].data
            if isinstance(data, Indicator):
                self._bits[feature] = (data.codes == data.position).view(np.uint8)
                continue
            values = table.columns[feature].floats()
            total = values.sum()
            has_missing = bool(np.isnan(total)) and bool(np.isnan(values).any())
            if is_32:
                limit = np.finfo(np.float32).max
                cut = values if np.isfinite(total) and np.abs(values).max(initial=0.0) <= limit else None
                values = (np.clip(values, -limit, limit) if cut is None else cut).astype(np.float32)
            self._numbers[feature] = (values, has_missing)
        if not model.allows_missing:
            names = [column.name for column in table.columns]
            for index, column in enumerate(table.columns):
                if not isinstance(column.data, Indicator | SparseMember):
                    matrix = column.floats()[:, np.newaxis]
                    require_readable(matrix, [names[index]], "The model", allow_missing=False)

    def goes_right(self, split: _Split) -> NDArray[np.uint8]:
        """Return 1 for each row that the split sends right."""
        bit = self._bits.get(split.feature)
        if bit is not None:
            if 0.0 <= split.threshold < 1.0:
                return bit
            return np.full(len(bit), split.threshold < 0.0, dtype=np.uint8)
        values, has_missing = self._numbers[split.feature]
        threshold = values.dtype.type(split.threshold)
        # As a Python float; beside a float32, numpy would round the other side of the comparison as well.
        if float(threshold) > split.threshold:
            # Rounded up; the next number below is the largest float32 that goes left.
            threshold = np.nextafter(threshold, values.dtype.type(-np.inf))
        if has_missing and not split.missing_left:
            return np.asarray(~(values <= threshold)).view(np.uint8)
        return np.asarray(values > threshold).view(np.uint8)


def _masked(model: TreeModel, root: int, output: int) -> _Masked | None:
    leaves: list[int] = []
    splits: list[tuple[int, int, int]] = []
    # In order: left subtree, then the node, then right, so that the leaves of a subtree are neighbours.
    stack: list[tuple[str, int, int]] = [("visit", root, 0)]
    while stack:
        what, node, first = stack.pop()
        if what == "close":
            splits.append((node, first, len(leaves)))
            continue
        if model.feature[node] < 0:
            leaves.append(node)
            if len(leaves) > MAX_LEAVES:
                return None
            continue
        stack.append(("visit", int(model.right[node]), 0))
        stack.append(("close", node, len(leaves)))
        stack.append(("visit", int(model.left[node]), 0))
    is_wide = len(leaves) > 8
    made = tuple(
        _Split(
            int(model.feature[node]),
            float(model.threshold[node]),
            sum(1 << leaf for leaf in range(first, end)),
            bool(model.missing_left[node]),
        )
        for node, first, end in splits
    )
    values = model.value[leaves]
    if not is_wide:
        first_left = np.minimum(_lowest_zero()[:256], len(leaves) - 1)
        values = values[first_left]
    return _Masked(made, output, np.asfortranarray(values), is_wide)


@cache
def _lowest_zero() -> NDArray[np.uint8]:
    numbers = np.arange(1 << MAX_LEAVES, dtype=np.uint32)
    lowest = ~numbers & (numbers + 1)
    # The set in which every leaf is ruled out does not occur.
    return np.log2(lowest.astype(np.float64)).astype(np.uint8)
