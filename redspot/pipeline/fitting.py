"""Running tables through a graph, to learn and to apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from redspot.pipeline.column import Table
from redspot.pipeline.errors import InvalidPipelineError, InvalidTargetError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.graph import Graph, Node, joined
from redspot.pipeline.learned import Learned, Task
from redspot.pipeline.lineage import MadeOf, marked, traced
from redspot.pipeline.node import State, Target
from redspot.pipeline.schema import OutputColumn, Schema, learn_inputs, output_columns
from redspot.pipeline.timing import Timing, timed_fit, timed_fit_apply


@dataclass(frozen=True, slots=True)
class Feature:
    """One output column of a step, and where it comes from.

    Attributes
    ----------
    name, dtype
        As the step gives it.
    step
        Name of the step.
    columns
        Raw columns behind it.
    made_of
        Places of the columns that it was made of among all that the step reads, side by side; None for all of them.
    """

    name: str
    step: str
    columns: tuple[str, ...]
    dtype: str
    made_of: MadeOf = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fitting a graph has learned.

    Attributes
    ----------
    states
        What each node learned, by name.
    features
        Output columns of each source and node, by name.
    schema
        What goes in and comes out.
    rows
        Number of training rows.
    timings
        How long each step took; empty for what was not fitted here.
    """

    states: Mapping[str, State]
    features: Mapping[str, tuple[Feature, ...]]
    schema: Schema
    rows: int
    timings: Mapping[str, Timing] = field(default_factory=dict, compare=False)


@dataclass
class _Run:
    """Tables of one pass, by source and node."""

    tables: dict[str, Table] = field(default_factory=dict)

    def start(self, graph: Graph, table: Table) -> None:
        for source in graph.sources:
            columns = tuple(table[name] for name in source.columns)
            self.tables[source.name] = Table(columns, table.rows)

    def inputs(self, node: Node) -> Table:
        return joined(self.tables, node.inputs)


def fit_graph(graph: Graph, table: Table, target: Target | None) -> Fitted:
    """Fit each node in turn on what the nodes before it give.

    Raises
    ------
    InvalidTargetError
        When there are no rows, or the predictor needs a target and there is none.
    """
    if table.rows == 0:
        raise InvalidTargetError("There are no rows to learn from.")
    run = _Run()
    run.start(graph, table)
    states: dict[str, State] = {}
    timings: dict[str, Timing] = {}
    made_of: dict[str, tuple[MadeOf, ...]] = {}
    for node in graph.nodes:
        inputs = run.inputs(node)
        if not inputs.columns:
            raise InvalidPipelineError(f"{node.name} gets no column.")
        if node is not graph.predictor:
            states[node.name], made, timings[node.name] = timed_fit_apply(node.step, marked(inputs), target)
            run.tables[node.name], made_of[node.name] = traced(made, inputs)
        else:
            states[node.name], timings[node.name] = timed_fit(node.step, inputs, target)
            run.tables[node.name] = Table((), table.rows)
    features = {name: features_of(name, made, made_of.get(name)) for name, made in run.tables.items()}
    predictor = graph.predictor
    if predictor is not None:
        inputs = run.inputs(predictor)
        origins = tuple(dict.fromkeys(origin for column in inputs.columns for origin in column.origins))
        outputs = outputs_of(states[predictor.name])
        features[predictor.name] = tuple(Feature(o.name, predictor.name, origins, o.dtype) for o in outputs)
    else:
        outputs = ()
    task: Task = cast("Estimate", predictor.step).task if predictor is not None else "other"
    return Fitted(states, features, Schema(task, learn_inputs(table), outputs), table.rows, timings)


def run_to(graph: Graph, fitted: Fitted, table: Table, name: str | None = None) -> Table:
    """Return what a node gives, or what the predictor reads when no name is given."""
    run = _Run()
    run.start(graph, table)
    predictor = graph.predictor
    for node in graph.nodes:
        if node is predictor and name is None:
            return run.inputs(node)
        run.tables[node.name] = node.step.apply(run.inputs(node), fitted.states[node.name])
        if node.name == name:
            return run.tables[name]
    return joined(run.tables, graph.ends) if name is None else run.tables[name]


def run_through(graph: Graph, fitted: Fitted, table: Table, name: str) -> tuple[Table, Table]:
    """Return what a node reads and what it gives, also for the predictor, whose answers are a column."""
    run = _Run()
    run.start(graph, table)
    for node in graph.nodes:
        inputs = run.inputs(node)
        run.tables[node.name] = node.step.apply(inputs, fitted.states[node.name])
        if node.name == name:
            break
    return inputs, run.tables[name]


def features_of(name: str, table: Table, made_of: Sequence[MadeOf] | None = None) -> tuple[Feature, ...]:
    """Return the columns of a table as features of a step; a source makes its columns of nothing."""
    ancestry: Sequence[MadeOf] = [()] * len(table.columns) if made_of is None else made_of
    return tuple(
        Feature(column.name, name, column.origins, column.dtype, places)
        for column, places in zip(table.columns, ancestry, strict=True)
    )


def outputs_of(state: State) -> tuple[OutputColumn, ...]:
    """Return what a fitted predictor gives."""
    learned = cast("Learned", state)
    return output_columns(learned.classes, learned.facts.has_probabilities)
