"""Running tables through a graph, to learn and to apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.errors import InvalidPipelineError, InvalidTargetError
from redspot.pipeline.estimating import Estimate, Task
from redspot.pipeline.graph import Graph, Node, joined
from redspot.pipeline.node import State, Target
from redspot.pipeline.schema import Schema, learn_inputs, output_columns


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
        states[node.name] = node.step.fit(inputs, target)
        if node is not graph.predictor:
            run.tables[node.name] = node.step.apply(inputs, states[node.name])
        else:
            run.tables[node.name] = Table((), table.rows)
    features = {name: _features(name, made) for name, made in run.tables.items()}
    predictor = graph.predictor
    if predictor is not None:
        inputs = run.inputs(predictor)
        origins = tuple(dict.fromkeys(origin for column in inputs.columns for origin in column.origins))
        outputs = _outputs(cast("Estimate", predictor.step), states[predictor.name])
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


def predicted(graph: Graph, fitted: Fitted, table: Table) -> NDArray[np.generic]:
    """Return one prediction per row."""
    node = cast("Node", graph.predictor)
    return cast("Estimate", node.step).predict(run_to(graph, fitted, table), fitted.states[node.name])


def probabilities(graph: Graph, fitted: Fitted, table: Table) -> NDArray[np.float64]:
    """Return float64, shape (rows, classes)."""
    node = cast("Node", graph.predictor)
    return cast("Estimate", node.step).predict_proba(run_to(graph, fitted, table), fitted.states[node.name])


def answers(graph: Graph, fitted: Fitted, table: Table) -> list[dict[str, Any]]:
    """Return for each row its prediction and, where there are any, the probability of each class."""
    node = cast("Node", graph.predictor)
    step, state = cast("Estimate", node.step), fitted.states[node.name]
    predictions, likely = step.answer(run_to(graph, fitted, table), state)
    given: list[dict[str, Any]] = [{"prediction": value} for value in predictions.tolist()]
    if likely is not None and fitted.schema.has_probabilities:
        labels = [str(label) for label in state["estimator"].classes_.tolist()]
        for answer, values in zip(given, likely.tolist(), strict=True):
            answer["probabilities"] = dict(zip(labels, values, strict=True))
    return given


def _features(name: str, table: Table) -> tuple[Feature, ...]:
    return tuple(Feature(column.name, name, column.origins, column.dtype) for column in table.columns)


def _outputs(step: Estimate, state: Mapping[str, Any]) -> Any:
    estimator = state["estimator"]
    classes = np.asarray(estimator.classes_) if step.task == "classification" else None
    return output_columns(classes, hasattr(estimator, "predict_proba"))
