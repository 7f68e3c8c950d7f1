"""A pipeline as JSON, for pictures and for the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from redspot.pipeline.estimating import Estimate
from redspot.pipeline.fitting import Feature, Fitted
from redspot.pipeline.graph import Graph, Node, Source, joined_names
from redspot.pipeline.plain import json_params
from redspot.pipeline.telling import bounded
from redspot.pipeline.timing import Timing

# A one-hot step may give thousands of columns; a picture needs their number and the first names.
MAX_NAMES = 50

Outputs = Mapping[str, list[str] | None]


def describe(graph: Graph, fitted: Fitted | None, timings: Mapping[str, Timing] | None = None) -> dict[str, Any]:
    """Return nodes and edges in the order in which they run.

    Counts of columns and shapes are null where they are only known once the pipeline is fitted, and so are the number
    of training rows, what was learned and the ancestry of columns.

    Parameters
    ----------
    graph, fitted
        What to describe.
    timings
        How long each step took, where that is known; without them the same data give the same description.
    """
    outputs = {part.name: _outputs(part, fitted) for part in graph.all_parts}
    nodes = [_node(part, graph, outputs, fitted, (timings or {}).get(part.name)) for part in graph.all_parts]
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
    part: Source | Node, graph: Graph, outputs: Outputs, fitted: Fitted | None, timing: Timing | None
) -> dict[str, Any]:
    feeding: list[list[str] | None] = (
        [outputs[name] for name in part.inputs] if isinstance(part, Node) else [list(part.columns)]
    )
    reads = _joined(feeding)
    gives = outputs[part.name]
    return {
        "id": part.name,
        "name": part.name,
        "path": list(part.path),
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
        "rows": None if fitted is None else fitted.rows,
        "timing": None if timing is None else asdict(timing),
        "learned": _learned(part, fitted),
        "columns": _columns(part, fitted),
    }


def _params(node: Node) -> dict[str, Any]:
    # The estimator of a pipeline that was loaded is not restored only to be described.
    return dict(node.step.shown) if isinstance(node.step, Estimate) else json_params(node.step.params())


def _learned(part: Source | Node, fitted: Fitted | None) -> list[dict[str, str]]:
    if fitted is None or isinstance(part, Source):
        return []
    told = part.step.told(fitted.states[part.name], _read(part, fitted))
    return [{"name": name, "text": text} for name, text in bounded(told)]


def _read(node: Node, fitted: Fitted) -> list[str]:
    """Return the names of the columns that a node reads, as its step sees them."""
    if node.step.explains:
        return [column.name for column in fitted.schema.inputs]
    return list(joined_names(node.inputs, [tuple(each.name for each in fitted.features[name]) for name in node.inputs]))


def _columns(part: Source | Node, fitted: Fitted | None) -> list[dict[str, Any]]:
    """Return the first output columns, each with the columns that it was made of in the steps just before."""
    if fitted is None:
        return []
    before = [each for name in part.inputs for each in fitted.features[name]] if isinstance(part, Node) else []
    return [
        {
            "name": each.name,
            "dtype": each.dtype,
            "origins": list(each.columns)[:MAX_NAMES],
            "from": _ancestry(each, before),
        }
        for each in fitted.features[part.name][:MAX_NAMES]
    ]


def _ancestry(feature: Feature, before: Sequence[Feature]) -> list[dict[str, str]] | None:
    """Return what a column was made of; None when that is more than a description lists."""
    places = range(len(before)) if feature.made_of is None else feature.made_of
    if len(places) > MAX_NAMES:
        return None
    return [{"node": before[place].step, "column": before[place].name} for place in places]


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
    return part.step.title


def _count(names: Sequence[str] | None) -> int | None:
    return None if names is None else len(names)
