"""The graph of a pipeline as JSON, and back; and whether what else a file holds belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.fitting import Feature
from redspot.pipeline.graph import Graph, Node, Output, Source, TargetBranch, checked
from redspot.pipeline.learned import Learned
from redspot.pipeline.node import State


def write_graph(graph: Graph) -> dict[str, Any]:
    """Return the JSON of everything but the steps, which have parts of their own."""
    return {
        "sources": [_write_source(source) for source in graph.sources],
        "target": _write_target(graph),
        "outputs": [{"name": output.name, "node": output.node} for output in graph.outputs],
        "explanations": [node.name for node in graph.explanations],
    }


def _write_source(source: Source) -> dict[str, Any]:
    return {"name": source.name, "columns": list(source.columns), "path": list(source.path)}


def _write_target(graph: Graph) -> dict[str, Any] | None:
    if graph.target is None:
        return None
    return {
        "source": _write_source(graph.target.source),
        "steps": [node.name for node in graph.target.nodes],
        "drops_missing": graph.target.drops_missing,
    }


def read_graph(document: Mapping[str, Any], nodes: Mapping[str, Node]) -> Graph:
    """Return the graph of nodes by name; each belongs to the features, to the target or to the explanations."""
    target, explanations = document["target"], texts(document["explanations"])
    branch = None
    if target is not None:
        branch = TargetBranch(
            _read_source(target["source"]),
            tuple(nodes[name] for name in texts(target["steps"])),
            bool(target["drops_missing"]),
        )
    others = {*explanations, *(node.name for node in (branch.nodes if branch else ()))}
    return checked(
        Graph(
            tuple(_read_source(each) for each in document["sources"]),
            tuple(node for name, node in nodes.items() if name not in others),
            branch,
            tuple(Output(str(each["name"]), str(each["node"])) for each in document["outputs"]),
            tuple(nodes[name] for name in explanations),
        )
    )


def _read_source(entry: Mapping[str, Any]) -> Source:
    return Source(str(entry["name"]), texts(entry["columns"]), texts(entry["path"]))


def texts(values: Sequence[object]) -> tuple[str, ...]:
    """Return the entries of a list in a file, as text."""
    return tuple(map(str, values))


def require_ancestry(graph: Graph, features: Mapping[str, tuple[Feature, ...]]) -> None:
    """Refuse columns that are made of others than their step reads."""
    for part in graph.parts:
        width = sum(len(features[name]) for name in part.inputs) if isinstance(part, Node) else 0
        for feature in features[part.name]:
            if any(not 0 <= place < width for place in feature.made_of or ()):
                raise CorruptPipelineError(f"{part.name} has a column that is made of none that it reads.")


def require_width(graph: Graph, states: Mapping[str, State], features: Mapping[str, tuple[Feature, ...]]) -> None:
    """Refuse a compiled model that reads another number of columns than it would be given."""
    node = graph.predictor
    learned = None if node is None else states[node.name]
    if node is None or not isinstance(learned, Learned) or learned.model is None:
        return
    given = sum(len(features[name]) for name in node.inputs)
    if learned.model.width != given:
        raise CorruptPipelineError(f"{node.name} reads {learned.model.width} columns, and is given {given}.")
