"""Running tables through a graph, to learn and to apply."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from redspot.pipeline.column import NUMERIC, Dtype, Table, merged_origins
from redspot.pipeline.errors import InvalidPipelineError, InvalidTargetError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.graph import Graph, joined
from redspot.pipeline.learned import Learned, Task
from redspot.pipeline.lineage import MadeOf, marked, traced
from redspot.pipeline.node import State, Target
from redspot.pipeline.schema import OutputColumn, Schema, learn_inputs, output_columns
from redspot.pipeline.timing import Timing, timed_fit, timed_fit_apply

if TYPE_CHECKING:
    from redspot.pipeline.steps.explaining import Explain
    from redspot.pipeline.targeting import MadeTarget


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


def fit_graph(graph: Graph, table: Table, target: Target | None, made: MadeTarget | None = None) -> Fitted:
    """Fit each node in turn on what the nodes before it give.

    Parameters
    ----------
    graph
        Its columns are known by name.
    table
        The raw columns.
    target
        What is learned.
    made
        How it was made, where the graph has a branch for it.

    Raises
    ------
    InvalidTargetError
        When there are no rows, or the predictor needs a target and there is none.
    """
    if table.rows == 0:
        raise InvalidTargetError("There are no rows to learn from.")
    tables = _start(graph, table)
    states: dict[str, State] = {} if made is None else dict(made.states)
    timings: dict[str, Timing] = {} if made is None else dict(made.timings)
    made_of: dict[str, tuple[MadeOf, ...]] = {} if made is None else dict(made.made_of)
    for node in graph.nodes:
        inputs = joined(tables, node.inputs)
        if not inputs.columns:
            raise InvalidPipelineError(f"{node.name} gets no column.")
        if node is not graph.predictor:
            states[node.name], given, timings[node.name] = timed_fit_apply(node.step, marked(inputs), target)
            tables[node.name], made_of[node.name] = traced(given, inputs)
        else:
            states[node.name], timings[node.name] = timed_fit(node.step, inputs, target)
            tables[node.name] = Table((), table.rows)
    everything = {**tables, **({} if made is None else made.tables)}
    features = {name: features_of(name, each, made_of.get(name)) for name, each in everything.items()}
    predictor = graph.predictor
    if predictor is None:
        return Fitted(states, features, Schema("other", learn_inputs(table), ()), table.rows, timings)
    task: Task = cast("Estimate", predictor.step).task
    inputs = joined(tables, predictor.inputs)
    origins = merged_origins(inputs.columns)
    outputs = outputs_of(states[predictor.name])
    features[predictor.name] = tuple(Feature(o.name, predictor.name, origins, o.dtype) for o in outputs)
    for node in graph.explanations:
        from redspot.pipeline.steps.explaining import effect_names, require_scores

        explain = cast("Explain", node.step)
        require_scores(task, has_probabilities=len(outputs) > 1)
        states[node.name], timings[node.name] = timed_fit(explain, table, target)
        names = effect_names(explain, states[node.name])
        features[node.name] = tuple(Feature(name, node.name, (name,), "float") for name in names)
    schema = Schema(task, learn_inputs(table), (*outputs, *extra_outputs(graph, features)))
    return Fitted(states, features, schema, table.rows, timings)


def run(graph: Graph, fitted: Fitted, table: Table, names: Collection[str]) -> dict[str, Table]:
    """Return what sources and nodes give, those named and all that they need; the predictor is left out."""
    needed = graph.needed(names)
    tables = _start(graph, table)
    for node in graph.nodes:
        if node.name in needed and node is not graph.predictor:
            tables[node.name] = node.step.apply(joined(tables, node.inputs), fitted.states[node.name])
    return tables


def run_to(graph: Graph, fitted: Fitted, table: Table, name: str | None = None) -> Table:
    """Return what a node gives, or what the predictor reads when no name is given."""
    predictor = graph.predictor
    if predictor is not None and name == predictor.name:
        return predictor.step.apply(run_to(graph, fitted, table), fitted.states[name])
    wanted = (name,) if name is not None else predictor.inputs if predictor is not None else graph.ends
    return joined(run(graph, fitted, table, wanted), wanted)


def _start(graph: Graph, table: Table) -> dict[str, Table]:
    return {source.name: Table(tuple(table[name] for name in source.columns), table.rows) for source in graph.sources}


def extra_outputs(graph: Graph, features: Mapping[str, tuple[Feature, ...]]) -> tuple[OutputColumn, ...]:
    """Return what comes back beside the prediction; one of several columns has their names as its categories."""
    extra = []
    for name, node in [
        *((each.name, each.node) for each in graph.outputs),
        *((n.name, n.name) for n in graph.explanations),
    ]:
        columns = features[node]
        is_one = len(columns) == 1 and name not in {each.name for each in graph.explanations}
        dtypes = {column.dtype for column in columns}
        dtype = columns[0].dtype if len(dtypes) == 1 else "float" if dtypes <= NUMERIC else "text"
        names = None if is_one else tuple(column.name for column in columns)
        extra.append(OutputColumn(name, cast("Dtype", dtype), names))
    return tuple(extra)


def run_through(graph: Graph, fitted: Fitted, table: Table, name: str) -> tuple[Table, Table]:
    """Return what a node reads and what it gives, also for the predictor, whose answers are a column."""
    node = graph.node(name)
    inputs = joined(run(graph, fitted, table, node.inputs), node.inputs)
    return inputs, node.step.apply(inputs, fitted.states[name])


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
