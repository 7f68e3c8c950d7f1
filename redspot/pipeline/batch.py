"""Answering many rows: a stretch of them at a time, on all cores, so that memory stays small."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table, coerce
from redspot.pipeline.estimating import Estimate, answers_of
from redspot.pipeline.fitting import Fitted, run, run_to
from redspot.pipeline.frame import Readers
from redspot.pipeline.graph import Graph, Node, joined
from redspot.pipeline.learned import Learned
from redspot.pipeline.schema import json_values

if TYPE_CHECKING:
    from redspot.pipeline.steps.explaining import Explain

# Large enough that the interpreter costs little per row, small enough that a column of a stretch stays in cache.
ROWS = 32_768


def predicted(
    graph: Graph, fitted: Fitted, rows: Readers, *, compiled: bool = True, probabilities: bool = False
) -> NDArray[np.generic]:
    """Return one prediction per row, or float64 of shape (rows, classes) when probabilities are asked for."""
    node = cast("Node", graph.predictor)
    step, learned = cast("Estimate", node.step), cast("Learned", fitted.states[node.name])

    def answer(table: Table) -> NDArray[np.generic]:
        given, likely = step.answer(run_to(graph, fitted, table), learned, compiled=compiled)
        if probabilities:
            return cast("NDArray[np.generic]", likely)
        return _in_its_unit(graph, fitted, given)

    # Without compiling, the estimator is to see all rows together, as it would without Redspot.
    parts = in_stretches(rows, answer, ROWS if compiled else max(rows.rows, 1))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def answers(graph: Graph, fitted: Fitted, rows: Readers) -> list[dict[str, Any]]:
    """Return for each row its prediction, where there are any the probability of each class, and the other outputs."""
    return [each for part in in_stretches(rows, lambda table: _answered(graph, fitted, table), ROWS) for each in part]


def _answered(graph: Graph, fitted: Fitted, table: Table) -> list[dict[str, Any]]:
    node = cast("Node", graph.predictor)
    step, learned = cast("Estimate", node.step), cast("Learned", fitted.states[node.name])
    tables = run(graph, fitted, table, {*node.inputs, *(output.node for output in graph.outputs)})

    def predict(tables: Mapping[str, Table]) -> list[dict[str, Any]]:
        given, likely = step.answer(joined(tables, node.inputs), learned)
        return answers_of(_in_its_unit(graph, fitted, given), likely, learned.classes)

    found = predict(tables)
    for output in graph.outputs:
        columns = {column.name: json_values(column) for column in tables[output.node].columns}
        shown = next(iter(columns.values())) if len(columns) == 1 else _by_row(columns, table.rows)
        for answer, values in zip(found, shown, strict=True):
            answer[output.name] = values
    for each in graph.explanations:
        explain, state = cast("Explain", each.step), fitted.states[each.name]

        def changed(name: str, value: object) -> list[dict[str, Any]]:
            column = table[name]
            same = replace(column, data=coerce(name, column.dtype, [value] * table.rows))
            others = tuple(same if column.name == name else column for column in table.columns)
            return predict(run(graph, fitted, Table(others, table.rows), node.inputs))

        for answer, effects in zip(found, explain.of_many(table, found, changed, state), strict=True):
            answer[each.name] = effects
    return found


def _in_its_unit(graph: Graph, fitted: Fitted, given: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return predictions in the unit that the target had before it was transformed."""
    if graph.target is None:
        return given
    from redspot.pipeline.targeting import undone

    return undone(graph, fitted.states, given)


def _by_row(columns: Mapping[str, list[Any]], rows: int) -> list[dict[str, Any]]:
    return [{name: values[row] for name, values in columns.items()} for row in range(rows)]


def in_stretches(rows: Readers, function: Callable[[Table], Any], size: int) -> list[Any]:
    """Return what a function makes of each stretch of rows, in order; several run at once when there are many."""
    starts = range(0, max(rows.rows, 1), size)

    def run(start: int) -> Any:
        return function(rows.table(start, min(start + size, rows.rows)))

    workers = min(len(starts), available_cores())
    if workers < 2:
        return [run(start) for start in starts]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers, thread_name_prefix="redspot-batch") as pool:
        return list(pool.map(run, starts))


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
