"""A pipeline as JSON, for pictures and for the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redspot.pipeline.estimating import Estimate
from redspot.pipeline.fitting import Fitted
from redspot.pipeline.graph import Graph, Node, Source
from redspot.pipeline.plain import json_params

# A one-hot step may give thousands of columns; a picture needs their number and the first names.
MAX_NAMES = 50


def describe(graph: Graph, fitted: Fitted | None) -> dict[str, Any]:
    """Return nodes and edges in the order in which they run.

    Counts of columns and shapes are null where they are only known once the pipeline is fitted.
    """
    outputs = {part.name: _outputs(part, fitted) for part in graph.parts}
    nodes = [_node(part, graph, outputs, fitted) for part in graph.parts]
    edges = [
        {"from": name, "to": node.name, "columns": (outputs[name] or [])[:MAX_NAMES], "count": _count(outputs[name])}
        for node in graph.nodes
        for name in node.inputs
    ]
    return {"fitted": fitted is not None, "nodes": nodes, "edges": edges}


def _node(
    part: Source | Node, graph: Graph, outputs: Mapping[str, list[str] | None], fitted: Fitted | None
) -> dict[str, Any]:
    feeding: list[list[str] | None] = (
        [outputs[name] for name in part.inputs] if isinstance(part, Node) else [list(part.columns)]
    )
    reads = _joined(feeding)
    gives = outputs[part.name]
    return {
        "id": part.name,
        "name": part.name,
        "kind": "columns" if isinstance(part, Source) else part.step.kind,
        "title": _title(part),
        "params": {} if isinstance(part, Source) else _params(part),
        "inputs": (reads or [])[:MAX_NAMES],
        "outputs": (gives or [])[:MAX_NAMES],
        "columns_in": _count(reads),
        "columns_out": _count(gives),
        "shape": [None, _count(gives)],
        "origins": _origins(part, fitted),
        "fitted": fitted is not None,
        "role": _role(part, graph),
    }


def _params(node: Node) -> dict[str, Any]:
    # The estimator of a pipeline that was loaded is not restored only to be described.
    return dict(node.step.shown) if isinstance(node.step, Estimate) else json_params(node.step.params())


def _joined(feeding: list[list[str] | None]) -> list[str] | None:
    """Return all names, or None when some are not known yet."""
    names: list[str] = []
    for each in feeding:
        if each is None:
            return None
        names.extend(each)
    return names


def _outputs(part: Source | Node, fitted: Fitted | None) -> list[str] | None:
    if fitted is not None:
        return [feature.name for feature in fitted.features[part.name]]
    return list(part.columns) if isinstance(part, Source) else None


def _origins(part: Source | Node, fitted: Fitted | None) -> list[str]:
    if fitted is None:
        return list(part.columns) if isinstance(part, Source) else []
    return list(dict.fromkeys(origin for feature in fitted.features[part.name] for origin in feature.columns))


def _role(part: Source | Node, graph: Graph) -> str:
    if isinstance(part, Source):
        return "source"
    return "predictor" if part is graph.predictor else "step"


def _title(part: Source | Node) -> str:
    if isinstance(part, Source):
        return "columns"
    return part.step.facts.title if isinstance(part.step, Estimate) else part.step.kind


def _count(names: Sequence[str] | None) -> int | None:
    return None if names is None else len(names)
