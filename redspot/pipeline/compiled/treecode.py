"""One row down many trees: as nested conditions, or level by level where there are too many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.compiled.thresholds import as_float32, moved
from redspot.pipeline.rowcode import RowCode, Value

if TYPE_CHECKING:
    from redspot.pipeline.compiled.trees import TreeModel


def write_trees(model: TreeModel, code: RowCode, inputs: Sequence[Value]) -> list[str]:
    """Write down all trees as nested conditions, and return the variables of the sums."""
    tests = _tests(model, code, inputs)
    sums = [code.fresh() for _ in range(model.outputs)]
    start = [0.0] * model.outputs if model.is_mean else model.base.tolist()
    for name, value in zip(sums, start, strict=True):
        code.line(f"{name} = {code.literal(value)}")
    feature, left, right = model.feature.tolist(), model.left.tolist(), model.right.tolist()
    values = model.value.tolist()
    for root, output in zip(model.roots.tolist(), model.output.tolist(), strict=True):
        targets = sums if output < 0 else [sums[output]]
        # (node, depth, what stands before it); an explicit stack, since trees may be deep.
        stack: list[tuple[int, int, str]] = [(root, 0, "")]
        while stack:
            node, depth, before = stack.pop()
            if before:
                code.line(" " * (depth - 1) + before)
            indent = " " * depth
            if feature[node] < 0:
                added = [f"{name} += {code.literal(v)}" for name, v in zip(targets, values[node], strict=True) if v]
                code.line(indent + ("; ".join(added) or "pass"))
                continue
            stack.append((right[node], depth + 1, "else:"))
            stack.append((left[node], depth + 1, f"if {tests[node]}:"))
    if model.is_mean:
        for name, value in zip(sums, model.base.tolist(), strict=True):
            code.line(f"{name} = {name} / {len(model.roots)} + {code.literal(value)}")
    return sums


def _tests(model: TreeModel, code: RowCode, inputs: Sequence[Value]) -> dict[int, str]:
    """Return for each split the condition under which a row goes left."""
    tests: dict[int, str] = {}
    inner = np.flatnonzero(model.feature >= 0)
    order = inner[np.argsort(model.feature[inner], kind="stable")]
    if not len(order):
        return tests
    features, starts = np.unique(model.feature[order], return_index=True)
    for feature, nodes in zip(features.tolist(), np.split(order, starts[1:]), strict=True):
        value, thresholds = inputs[feature], model.threshold[nodes]
        if value.choice is not None:
            position = code.position(value.choice)
            for node, threshold in zip(nodes.tolist(), thresholds.tolist(), strict=True):
                unset = f"{position} != {value.choice.position}"
                tests[node] = unset if 0.0 <= threshold < 1.0 else str(threshold >= 1.0)
            continue
        variable, steps = value.base if value.base is not None else (code.atom(value), ())
        if model.cast == "float32":
            steps = (*steps, as_float32)
        found = moved(thresholds, steps) if steps else thresholds
        for node, threshold in zip(nodes.tolist(), found.tolist(), strict=True):
            limit = code.literal(threshold)
            stays = value.may_miss and bool(model.missing_left[node])
            tests[node] = f"not {variable} > {limit}" if stays else f"{variable} <= {limit}"
    return tests


class Walker:
    """Walks one row down all trees at once, one level at a time."""

    def __init__(self, model: TreeModel, depth: int) -> None:
        self._model, self._depth = model, depth
        is_leaf = model.feature < 0
        own = np.arange(len(model.feature), dtype=np.int32)
        self._feature = np.where(is_leaf, 0, model.feature)
        # A leaf leads to itself, so that all trees can take the same number of steps.
        self._left = np.where(is_leaf, own, model.left)
        self._right = np.where(is_leaf, own, model.right)

    def __call__(self, row: Sequence[float]) -> list[float]:
        """Return the sums of one row."""
        model = self._model
        values = model.transformed(np.array(row, dtype=np.float64))
        nodes = model.roots
        is_missing: NDArray[np.bool_] | None = np.isnan(values)
        if is_missing is not None and not is_missing.any():
            is_missing = None
        for _ in range(self._depth):
            features = self._feature[nodes]
            goes_left = values[features] <= model.threshold[nodes]
            if is_missing is not None:
                goes_left |= is_missing[features] & model.missing_left[nodes]
            nodes = np.where(goes_left, self._left[nodes], self._right[nodes])
        leaves = model.value[nodes]
        if leaves.shape[1] == 1 and model.outputs > 1:
            totals = np.bincount(model.output, weights=leaves[:, 0], minlength=model.outputs)
        else:
            totals = leaves.sum(axis=0)
        mean = totals / len(model.roots) if model.is_mean else totals
        return [float(value) for value in mean + model.base]
