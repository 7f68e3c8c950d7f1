"""The graph of a pipeline in a cell: steps, sub-pipelines, cards, and where each column comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from redspot.errors import InvalidError
from redspot.pipeline import Pipeline
from redspot.pipeline.picture import static_bundle
from redspot_widgets.view import View, live

_NODE_KEYS = frozenset(
    {"id", "name", "kind", "title", "role", "params", "inputs", "outputs", "columns_in", "columns_out", "shape"}
)


class InvalidGraphError(InvalidError):
    """What was given is no description of a pipeline."""

    code = "invalid-graph"


class PipelineGraph(View):
    """Interactive picture of a pipeline.

    Parameters
    ----------
    pipeline
        A pipeline, fitted or not, or what its `describe` returned.

    Attributes
    ----------
    graph : dict
        What `Pipeline.describe` returns; a new value redraws the picture.
    selected : str
        Id of the node whose card is pinned; empty for none.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch, scale
    >>> PipelineGraph(Pipeline(numbers=branch("mass").then(scale()))).graph["nodes"][1]["name"]
    'numbers_scale'
    """

    picture = traitlets.Unicode("pipeline-graph", read_only=True).tag(sync=True)
    graph = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)

    def __init__(self, pipeline: Pipeline | Mapping[str, Any]) -> None:
        description = pipeline.describe() if isinstance(pipeline, Pipeline) else pipeline
        self._metrics = dict(pipeline.metrics_) if isinstance(pipeline, Pipeline) else {}
        super().__init__(graph=checked_graph(description))

    @traitlets.validate("graph")
    def _check_graph(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        return checked_graph(proposal["value"])

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Mapping[str, Any]) -> str:
        names = [node["id"] for node in self.graph.get("nodes", [])]
        if proposal["value"] not in ("", *names):
            raise InvalidGraphError(f"No node {proposal['value']!r}; there are {', '.join(names)}.")
        return str(proposal["value"])

    def _static(self) -> dict[str, Any]:
        return static_bundle(self.graph, self._metrics)


def picture(pipeline: Pipeline) -> dict[str, Any]:
    """Return how a pipeline shows itself in a cell; see `redspot_widgets.view.live`."""
    return live(lambda: PipelineGraph(pipeline))


def checked_graph(description: object) -> dict[str, Any]:
    """Return a description when a picture can be drawn from it.

    Raises
    ------
    InvalidGraphError
        When a part is missing, an id occurs twice, or an edge leads to an unknown or earlier node.
    """
    if not isinstance(description, Mapping) or not {"nodes", "edges", "fitted"} <= description.keys():
        raise InvalidGraphError("A graph is a pipeline, or what describe() returned: fitted, nodes and edges.")
    places: dict[str, int] = {}
    for node in description["nodes"]:
        missing = sorted(_NODE_KEYS - node.keys()) if isinstance(node, Mapping) else sorted(_NODE_KEYS)
        if missing:
            raise InvalidGraphError(f"A node of the graph lacks {', '.join(missing)}.")
        if node["id"] in places:
            raise InvalidGraphError(f"Two nodes of the graph have the id {node['id']!r}.")
        places[node["id"]] = len(places)
    for edge in description["edges"]:
        if not places.get(edge["from"], len(places)) < places.get(edge["to"], -1):
            raise InvalidGraphError(f"The edge from {edge['from']!r} to {edge['to']!r} leads nowhere or backwards.")
    return dict(description)
