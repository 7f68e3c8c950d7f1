"""One hash over everything that somebody wrote down to define a pipeline."""

from __future__ import annotations

import hashlib
import inspect
import json
from typing import Any

from redspot.pipeline.estimating import Estimate
from redspot.pipeline.graph import Graph, Node, Source
from redspot.pipeline.plain import json_params
from redspot.pipeline.steps.custom import CustomStep


def code_hash(graph: Graph) -> str:
    """Return SHA-256 in hexadecimal over sources, steps, parameters, and the source of functions of one's own.

    Two fits with the same hash ran the same definition; the data may differ.
    """
    document = {
        "sources": [[part.name, list(part.columns)] for part in graph.all_parts if isinstance(part, Source)],
        "steps": [_defined(node) for node in graph.steps],
        "target": None if graph.target is None else [graph.target.source.name, graph.target.drops_missing],
        "outputs": [[output.name, output.node] for output in graph.outputs],
    }
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _defined(node: Node) -> dict[str, Any]:
    step = node.step
    defined: dict[str, Any] = {"name": node.name, "kind": step.kind, "inputs": list(node.inputs)}
    if isinstance(step, Estimate):
        return {**defined, "title": step.facts.title, "params": dict(step.shown)}
    if isinstance(step, CustomStep):
        defined["source"] = _source(step)
    return {**defined, "params": json_params(step.params())}


def _source(step: CustomStep) -> str:
    function = step.function.function
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        # Typed into a prompt or made by exec, a function has no source; what was compiled from it is left.
        code = getattr(function, "__code__", None)
        return ".".join(step.function.address) if code is None else code.co_code.hex() + repr(code.co_names)
