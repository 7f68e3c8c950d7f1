"""Ensembles of decision trees as arrays, whichever library grew them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.compiled.bitmasks import Bitmasks
from redspot.pipeline.compiled.links import Link
from redspot.pipeline.compiled.missing import refuse_missing
from redspot.pipeline.compiled.model import Arrays
from redspot.pipeline.compiled.thresholds import as_float32
from redspot.pipeline.compiled.treecode import Walker, write_trees
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.telling import told_of_trees

# Source code for more would take longer to compile than anybody wants to wait for a first answer, and its
# indentation is limited.
MAX_WRITTEN_NODES = 20_000
MAX_WRITTEN_DEPTH = 60


@dataclass(frozen=True)
class TreeModel:
    """Trees whose leaves are added up.

    Every split sends a number up to and including its threshold to the left. Nodes of all trees follow one another,
    each before its children.

    Attributes
    ----------
    feature
        int32, column of a split; -1 for a leaf.
    threshold
        float64.
    left, right
        int32, numbers of the children.
    missing_left
        bool, whether a missing number goes left.
    value
        float64, shape (nodes, 1) or (nodes, outputs); what a leaf adds.
    roots
        int32, first node of each tree.
    output
        int32, which sum each tree adds to; -1 for all of them.
    base
        float64, shape (outputs,), what the sums start from.
    link
        From sums to answers.
    width
        Number of columns.
    cast
        ``float32`` when the library rounds numbers before it compares them.
    is_mean
        Whether the sum is divided by the number of trees.
    allows_missing
        Whether a missing number may come.
    """

    kind: ClassVar[str] = "trees"

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    roots: NDArray[np.int32]
    output: NDArray[np.int32]
    base: NDArray[np.float64]
    link: Link
    width: int
    cast: Literal["float32", "float64"] = "float64"
    is_mean: bool = False
    allows_missing: bool = False

    @property
    def outputs(self) -> int:
        """Number of sums per row."""
        return len(self.base)

    @cached_property
    def depth(self) -> int:
        """Length of the longest way from a root to a leaf."""
        depths = np.zeros(len(self.feature), dtype=np.int64)
        for node in np.flatnonzero(self.feature >= 0).tolist():
            depths[self.left[node]] = depths[self.right[node]] = depths[node] + 1
        return int(depths.max(initial=0))

    @cached_property
    def _bitmasks(self) -> Bitmasks | None:
        return Bitmasks.of(self)

    @cached_property
    def _walker(self) -> Walker:
        return Walker(self, self.depth)

    def sums(self, table: Table) -> NDArray[np.float64] | None:
        """Return float64, shape (rows, outputs); None for trees so large that the framework itself is faster."""
        return None if self._bitmasks is None else self._bitmasks.sums(table)

    def row(self, code: RowCode, inputs: Sequence[Value]) -> list[str]:
        """Write down the sums of one row, and return their variables."""
        used = set(self.feature[self.feature >= 0].tolist())
        if not self.allows_missing:
            refuse_missing(code, inputs)
        if len(self.feature) <= MAX_WRITTEN_NODES and self.depth <= MAX_WRITTEN_DEPTH:
            return write_trees(self, code, inputs)
        values = [code.floats(value) if index in used else "0.0" for index, value in enumerate(inputs)]
        result = code.fresh()
        code.line(f"{result} = {code.constant(self._walker)}(({', '.join(values)},))")
        return [f"{result}[{output}]" for output in range(self.outputs)]

    def transformed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return numbers as the library sees them."""
        return as_float32(values) if self.cast == "float32" else values

    def told(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return the size of the ensemble, and the columns that it splits on most."""
        splits = self.feature[self.feature >= 0]
        return told_of_trees(splits, names, len(self.roots), len(self.feature) - len(splits), self.depth)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what a file keeps as arrays."""
        return {name: getattr(self, name) for name in _ARRAYS}

    def document(self) -> dict[str, Any]:
        """Return what a file keeps as JSON."""
        return {"kind": self.kind, "link": self.link, **{name: getattr(self, name) for name in _FACTS}}

    @classmethod
    def restored(cls, document: Mapping[str, Any], arrays: Arrays) -> Self:
        """Return the model of a file.

        Raises
        ------
        CorruptPipelineError
            When an index points outside, or back, so that a walk down a tree would not end.
        """
        if any(arrays[name].dtype != dtype for name, dtype in _ARRAYS.items()):
            raise CorruptPipelineError("The file's trees have arrays of other types than trees have.")
        parts: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
        model = cls(**parts, link=document["link"], **{name: kind(document[name]) for name, kind in _FACTS.items()})
        if model.cast not in ("float32", "float64") or not model._is_sound():
            raise CorruptPipelineError("The file's trees have indices that point outside of them.")
        return model

    def _is_sound(self) -> bool:
        nodes, trees = len(self.feature), len(self.roots)
        each = (self.threshold, self.left, self.right, self.missing_left)
        if self.feature.ndim != 1 or any(array.shape != (nodes,) for array in each) or self.base.ndim != 1:
            return False
        if self.value.ndim != 2 or self.value.shape[0] != nodes or self.output.shape != (trees,) or not trees:
            return False
        inner = np.flatnonzero(self.feature >= 0)
        ends = np.append(self.roots[1:], nodes)
        tree = np.searchsorted(self.roots, inner, side="right") - 1
        is_vector = self.value.shape[1] > 1
        outputs_fit = (
            bool((self.output == -1).all()) and self.value.shape[1] == self.outputs
            if is_vector
            else bool(((self.output >= 0) & (self.output < self.outputs)).all())
        )
        return bool(
            outputs_fit
            and self.roots.ndim == 1
            and self.roots[0] == 0
            and (np.diff(self.roots) > 0).all()
            and self.roots[-1] < nodes
            and (self.feature < self.width).all()
            and (self.feature >= -1).all()
            and all(
                (child[inner] > inner).all() and (child[inner] < ends[tree]).all() for child in (self.left, self.right)
            )
            and not np.isnan(self.threshold).any()
            and np.isfinite(self.value).all()
            and np.isfinite(self.base).all()
        )


_ARRAYS: Mapping[str, type] = {
    "feature": np.int32,
    "threshold": np.float64,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "value": np.float64,
    "roots": np.int32,
    "output": np.int32,
    "base": np.float64,
}
_FACTS: Mapping[str, type] = {"width": int, "cast": str, "is_mean": bool, "allows_missing": bool}


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree on its way into a model; node 0 is the root, and a leaf has feature -1."""

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]


def joined(trees: Sequence[Tree], output: Sequence[int], base: Sequence[float], **facts: Any) -> TreeModel | None:
    """Return one model of several trees; None when something in them is not finite.

    Parameters
    ----------
    trees
        In the order in which their leaves are added up.
    output
        Which sum each adds to, or -1 for all.
    base
        What the sums start from.
    **facts
        The other attributes of `TreeModel`.
    """
    if not trees:
        return None
    sizes = np.array([len(tree.feature) for tree in trees])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    starts = np.repeat(roots, sizes)
    feature = np.concatenate([tree.feature for tree in trees]).astype(np.int32)
    is_leaf = feature < 0
    model = TreeModel(
        feature=feature,
        threshold=np.where(is_leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
        left=np.where(is_leaf, 0, np.concatenate([tree.left for tree in trees]) + starts).astype(np.int32),
        right=np.where(is_leaf, 0, np.concatenate([tree.right for tree in trees]) + starts).astype(np.int32),
        missing_left=np.concatenate([tree.missing_left for tree in trees]).astype(np.bool_),
        value=np.where(is_leaf[:, np.newaxis], np.concatenate([tree.value for tree in trees]), 0.0),
        roots=roots.astype(np.int32),
        output=np.array(output, dtype=np.int32),
        base=np.array(base, dtype=np.float64),
        **facts,
    )
    return model if model._is_sound() else None
