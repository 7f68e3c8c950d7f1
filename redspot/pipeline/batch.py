"""Answering many rows: a stretch of them at a time, on all cores, so that memory stays small."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.estimating import Estimate, answers_of
from redspot.pipeline.fitting import Fitted, run_to
from redspot.pipeline.frame import Readers
from redspot.pipeline.graph import Graph, Node
from redspot.pipeline.learned import Learned

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
        return cast("NDArray[np.generic]", likely) if probabilities else given

    # Without compiling, the estimator is to see all rows together, as it would without Redspot.
    parts = in_stretches(rows, answer, ROWS if compiled else max(rows.rows, 1))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def answers(graph: Graph, fitted: Fitted, rows: Readers) -> list[dict[str, Any]]:
    """Return for each row its prediction and, where there are any, the probability of each class."""
    node = cast("Node", graph.predictor)
    step, learned = cast("Estimate", node.step), cast("Learned", fitted.states[node.name])

    def answer(table: Table) -> list[dict[str, Any]]:
        return answers_of(*step.answer(run_to(graph, fitted, table), learned), learned.classes)

    return [each for part in in_stretches(rows, answer, ROWS) for each in part]


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
