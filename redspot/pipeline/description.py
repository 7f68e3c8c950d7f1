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
    outputs = {part.name: _outputs(part, fitted) for part in graph.all_parts}
    nodes = [_node(part, graph, outputs, fitted) for part in graph.all_parts]
    edges = [
        {"from": name, "to": node.name, "columns": (outputs[name] or [])[:MAX_NAMES], "count": _count(outputs[name])}
        for node, name in _links(graph)
    ]
    return {"fitted": fitted is not None, "nodes": nodes, "edges": edges}


def _links(graph: Graph) -> list[tuple[Node, str]]:
    """Return what leads where; a target leads to the predictor, which learns from it."""
    links = [(node, name) for node in graph.steps for name in node.inputs]
    if graph.target is not None and graph.predictor is not None:
        last = graph.target.nodes[-1] if graph.target.nodes else graph.target.source
        links.append((graph.predictor, last.name))
    return links


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
    return list(part.columns) if isinstance(part, Source) and not part.selectors else None


def _origins(part: Source | Node, fitted: Fitted | None) -> list[str]:
    if fitted is None:
        return list(part.columns) if isinstance(part, Source) else []
    return list(dict.fromkeys(origin for feature in fitted.features[part.name] for origin in feature.columns))


def _role(part: Source | Node, graph: Graph) -> str:
    if graph.target is not None and (part is graph.target.source or part in graph.target.nodes):
        return "target"
    if isinstance(part, Source):
        return "source"
    if part is graph.predictor:
        return "predictor"
    is_output = part in graph.explanations or part.name in {output.node for output in graph.outputs}
    return "output" if is_output else "step"


def _title(part: Source | Node) -> str:
    if isinstance(part, Source):
        return "columns"
    return part.step.facts.title if isinstance(part.step, Estimate) else part.step.kind


def _count(names: Sequence[str] | None) -> int | None:
    return None if names is None else len(names)
