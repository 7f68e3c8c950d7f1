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
    outputs = {part.name: _outputs(part, fitted) for part in graph.parts}
    nodes = [_node(part, graph, outputs, fitted, (timings or {}).get(part.name)) for part in graph.parts]
    edges = [
        {"from": name, "to": node.name, "columns": (outputs[name] or [])[:MAX_NAMES], "count": _count(outputs[name])}
        for node in graph.nodes
        for name in node.inputs
    ]
    return {"fitted": fitted is not None, "nodes": nodes, "edges": edges}


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
    return joined_names({name: [each.name for each in fitted.features[name]] for name in node.inputs}, node.inputs)


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
