"""The target, where a branch of the graph makes it: from raw columns to what is learned, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table, Values, listed
from redspot.pipeline.errors import InvalidTargetError, MissingColumnError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.frame import Frame
from redspot.pipeline.graph import Graph, Node, TargetBranch
from redspot.pipeline.lineage import MadeOf, marked, traced
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import RowCode
from redspot.pipeline.timing import Timing, timed_fit_apply

States = Mapping[str, State]


@dataclass(frozen=True, slots=True)
class MadeTarget:
    """What a target branch makes of some rows.

    Attributes
    ----------
    tables
        What its source and each of its nodes give, by name, for all rows.
    states
        What each node has learned.
    learned
        One entry per row that has a target: what the predictor learns.
    truth
        The same rows, in the unit in which predictions are given.
    rows
        Numbers of those rows.
    timings, made_of
        How long each node took to learn, and the ancestry of its columns; empty where they had learned before.
    """

    tables: Mapping[str, Table]
    states: States
    learned: Values
    truth: Values
    rows: NDArray[np.intp]
    timings: Mapping[str, Timing]
    made_of: Mapping[str, tuple[MadeOf, ...]]

    @property
    def target(self) -> Target:
        """What the predictor learns."""
        return Target(self.learned)


def with_target(branch: TargetBranch, frame: Frame, y: object) -> Frame:
    """Return the rows with the target's raw columns among them; `y`, where it is given, takes the place of the one.

    Raises
    ------
    InvalidTargetError
        When `y` is given for a branch of several columns, or has another length.
    """
    names = branch.source.columns
    if y is None or (isinstance(y, str) and names == (y,)):
        return frame
    if isinstance(y, str):
        raise InvalidTargetError(f"The target is made of {listed(names)} by {branch.source.name}, not of {y!r}.")
    if len(names) > 1:
        raise InvalidTargetError(f"The target is made of {listed(names)}; leave y out and give those columns with X.")
    given = Frame.of({names[0]: y})
    if given.rows != frame.rows:
        raise InvalidTargetError(f"The target has {given.rows} values for {frame.rows} rows.")
    return Frame({**frame.columns, **given.columns}, frame.rows, frame.is_rows)


def make_target(graph: Graph, frame: Frame, states: States | None = None) -> MadeTarget:
    """Run the target's raw columns through the branch of a graph that has one; without `states`, its steps learn.

    Raises
    ------
    InvalidTargetError
        When rows have no target and are not to be left out, or the branch gives no single column of labels or numbers.
    MissingColumnError
        When the rows lack one of its columns.
    """
    branch = cast("TargetBranch", graph.target)
    names = branch.source.columns
    for name in names:
        if name not in frame.columns:
            raise MissingColumnError(
                f"Column {name!r}, of which the target is made, is missing; the data has {listed(frame.columns)}.",
                column=name,
            )
    tables = {branch.source.name: frame.selected(names).table({name: frame.dtype(name) for name in names})}
    learned: dict[str, State] = {}
    timings: dict[str, Timing] = {}
    made_of: dict[str, tuple[MadeOf, ...]] = {}
    for node in branch.nodes:
        given = tables[node.inputs[0]]
        if states is not None:
            learned[node.name] = states[node.name]
            tables[node.name] = node.step.apply(given, states[node.name])
            continue
        learned[node.name], table, timings[node.name] = timed_fit_apply(node.step, marked(given), None)
        tables[node.name], made_of[node.name] = traced(table, given)
    last = branch.nodes[-1].name if branch.nodes else branch.source.name
    column = _only(branch, tables[last])
    rows = _known(branch, column)
    undone_nodes = _undone(graph, learned)
    plain = undone_nodes[-1].inputs[0] if undone_nodes else last
    truth = _labels(_only(branch, tables[plain]).at(rows))
    return MadeTarget(tables, learned, _labels(column.at(rows)), truth, rows, timings, made_of)


def undo_steps(graph: Graph, states: States) -> tuple[tuple[Step, State], ...]:
    """Return the steps at the end of the target's branch that can be undone, the last one first."""
    return tuple((node.step, states[node.name]) for node in _undone(graph, states))


def undone(graph: Graph, states: States, values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return predicted numbers in the unit that the target had before it was transformed."""
    for step, state in undo_steps(graph, states):
        values = cast("NDArray[np.generic]", step.invert(values.astype(np.float64), state))
    return values


def undone_code(code: RowCode, graph: Graph, states: States, expression: str) -> str:
    """Write down `undone` for one number, given as an expression."""
    for step, state in undo_steps(graph, states):
        written = step.invert_row(code, expression, state)
        if written is None:
            written = f"{code.constant(_one_by_one(step, state))}({expression})"
        expression = code.variable(f"({written})")
    return expression


def _one_by_one(step: Step, state: State) -> object:
    return lambda value: float(cast("NDArray[np.float64]", step.invert(np.array([value]), state))[0])


def _undone(graph: Graph, states: States) -> list[Node]:
    """Return the nodes that are undone, the last one first; labels are predicted as they were learned."""
    predictor = graph.predictor
    if graph.target is None or predictor is None or cast("Estimate", predictor.step).task != "regression":
        return []
    nodes: list[Node] = []
    for node in reversed(graph.target.nodes):
        if node.step.invert(np.empty(0), states[node.name]) is None:
            break
        nodes.append(node)
    return nodes


def _only(branch: TargetBranch, table: Table) -> Column:
    if len(table.columns) != 1:
        raise InvalidTargetError(
            f"The branch {branch.source.name} gives {listed(table.names)}; a target is one column."
        )
    return table.columns[0]


def _known(branch: TargetBranch, column: Column) -> NDArray[np.intp]:
    missing = column.missing()
    if missing.any() and not branch.drops_missing:
        raise InvalidTargetError(
            f"The target {column.name!r} is missing in {int(missing.sum())} rows (first in row "
            f"{int(np.flatnonzero(missing)[0])}); drop those rows, or write target(…, missing='drop').",
            missing=int(missing.sum()),
        )
    return np.flatnonzero(~missing)


def _labels(column: Column) -> Values:
    if column.dtype == "text":
        return column.values.astype(np.str_)
    if column.dtype == "bool":
        return column.floats().astype(np.bool_)
    numbers = column.floats()
    return numbers.astype(np.int64) if column.dtype == "int" and bool((np.abs(numbers) < 2**53).all()) else numbers


def at_rows(table: Table, rows: NDArray[np.intp]) -> Table:
    """Return some rows of a table; the table itself when they are all."""
    if len(rows) == table.rows:
        return table
    return Table(tuple(column.at(rows) for column in table.columns), len(rows))
