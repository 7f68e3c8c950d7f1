"""Running tables through a graph, to learn and to apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from redspot.pipeline.column import Table
from redspot.pipeline.errors import InvalidPipelineError, InvalidTargetError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.graph import Graph, Node, joined
from redspot.pipeline.learned import Learned, Task
from redspot.pipeline.node import State, Target
from redspot.pipeline.schema import OutputColumn, Schema, learn_inputs, output_columns


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
    """

    name: str
    step: str
    columns: tuple[str, ...]
    dtype: str


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
    """

    states: Mapping[str, State]
    features: Mapping[str, tuple[Feature, ...]]
    schema: Schema
    rows: int


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
    for node in graph.nodes:
        inputs = run.inputs(node)
        if not inputs.columns:
            raise InvalidPipelineError(f"{node.name} gets no column.")
        if node is not graph.predictor:
            states[node.name], run.tables[node.name] = node.step.fit_apply(inputs, target)
        else:
            states[node.name] = node.step.fit(inputs, target)
            run.tables[node.name] = Table((), table.rows)
    features = {name: features_of(name, made) for name, made in run.tables.items()}
    predictor = graph.predictor
    if predictor is not None:
        inputs = run.inputs(predictor)
        origins = tuple(dict.fromkeys(origin for column in inputs.columns for origin in column.origins))
        outputs = outputs_of(states[predictor.name])
        features[predictor.name] = tuple(Feature(o.name, predictor.name, origins, o.dtype) for o in outputs)
    else:
        outputs = ()
    task: Task = cast("Estimate", predictor.step).task if predictor is not None else "other"
    return Fitted(states, features, Schema(task, learn_inputs(table), outputs), table.rows)


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


def features_of(name: str, table: Table) -> tuple[Feature, ...]:
    """Return the columns of a table as features of a step."""
    return tuple(Feature(column.name, name, column.origins, column.dtype) for column in table.columns)


def outputs_of(state: State) -> tuple[OutputColumn, ...]:
    """Return what a fitted predictor gives."""
    learned = cast("Learned", state)
    return output_columns(learned.classes, learned.facts.has_probabilities)
