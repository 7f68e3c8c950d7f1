"""From named parts, as they are written down, to the graph; sub-pipelines are laid out flat in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from redspot.pipeline.branches import Branch, HasGraph, as_step, has_graph
from redspot.pipeline.column import listed, unique_names
from redspot.pipeline.errors import InvalidPipelineError
from redspot.pipeline.graph import WITHIN, Graph, Node, Output, Source, TargetBranch, checked
from redspot.pipeline.node import Step

Part = Branch | Step | HasGraph


def assembled(parts: Mapping[str, Part]) -> Graph:
    """Build the graph from its named parts, in order.

    Raises
    ------
    InvalidPipelineError
        When a name is taken twice or reserved, a join names no earlier part, or a part leads nowhere.
    """
    assembly = _Assembly()
    for key, part in parts.items():
        assembly.add(key, part)
    return assembly.finished()


class _Assembly:
    """The graph so far."""

    def __init__(self) -> None:
        self._sources: list[Source] = []
        self._nodes: list[Node] = []
        self._ends: dict[str, tuple[str, ...]] = {}
        self._closed: set[str] = set()
        self._target: TargetBranch | None = None
        self._outputs: list[Output] = []
        self._explanations: list[Node] = []

    def add(self, key: str, part: Part) -> None:
        if has_graph(part):
            self._ends[key] = self._embed(key, cast("HasGraph", part).graph, None)
            return
        is_bare = not isinstance(part, Branch)
        chain = part if isinstance(part, Branch) else Branch().then(as_step(part), name=key)
        if chain.steps and not has_graph(chain.steps[0].step) and cast("Step", chain.steps[0].step).explains:
            self._explanations.append(Node(key, key, cast("Step", chain.steps[0].step), ()))
            return
        if chain.role == "target":
            self._take_target(key, chain)
            return
        inputs = self._start(key, chain)
        if not chain.steps and not chain.columns and not chain.selectors:
            raise InvalidPipelineError(f"{key} joins parts and does nothing; add .then(…).")
        self._ends[key] = self._chain(key, chain, inputs, is_bare=is_bare)
        if chain.role == "output":
            if len(self._ends[key]) > 1:
                raise InvalidPipelineError(f"{key} ends in several steps, and an output is one; join them first.")
            self._outputs.append(Output(key, self._ends[key][0]))
            # A bare step after it continues the features, not what is only answered.
            self._closed.add(key)

    def finished(self) -> Graph:
        """Return the whole, the predictor last."""
        read = {name for node in self._nodes for name in node.inputs}
        last = [node for node in self._nodes if node.step.predicts and node.name not in read]
        nodes = self._nodes
        if len(last) == 1:
            nodes = [*(node for node in nodes if node is not last[0]), last[0]]
        ends = (last[0].name,) if last else ()
        explanations = tuple(replace(node, inputs=ends) for node in self._explanations)
        return checked(Graph(tuple(self._sources), tuple(nodes), self._target, tuple(self._outputs), explanations))

    def _start(self, key: str, chain: Branch) -> tuple[str, ...]:
        """Return the names of what the chain begins with."""
        if chain.columns or chain.selectors:
            self._sources.append(Source(key, chain.columns, selectors=chain.selectors))
            return (key,)
        chosen = chain.joins or tuple(name for name in self._ends if name not in self._closed)
        for name in chosen:
            if name not in self._ends:
                raise InvalidPipelineError(f"{key} joins {name!r}; the parts before it are {listed(self._ends)}.")
        if not chosen:
            raise InvalidPipelineError(f"{key} comes first and has no columns; start with branch('column', …).")
        if chain.role != "output":
            # What is only answered beside the prediction takes nothing from the features.
            self._closed.update(chosen)
        return tuple(dict.fromkeys(end for name in chosen for end in self._ends[name]))

    def _chain(self, key: str, chain: Branch, inputs: tuple[str, ...], *, is_bare: bool) -> tuple[str, ...]:
        """Add the steps of a chain, and return the names of its ends."""
        for short, name, step in _named(key, chain, is_bare=is_bare):
            if has_graph(step):
                inputs = self._embed(name, cast("HasGraph", step).graph, inputs)
            else:
                self._nodes.append(Node(name, short, cast("Step", step), inputs))
                inputs = (name,)
        return inputs

    def _embed(self, prefix: str, graph: Graph, inputs: tuple[str, ...] | None) -> tuple[str, ...]:
        """Add the nodes of another graph, which reads raw columns or, by name, those of nodes that are here."""
        if WITHIN in prefix:
            raise InvalidPipelineError(
                f"{prefix!r} is no name for a part: two underscores stand between a pipeline and a step in it."
            )
        if graph.target or graph.outputs or graph.explanations:
            raise InvalidPipelineError(
                f"{prefix} is a part, and has a target, outputs or explanations; give those to the whole pipeline."
            )

        for source in graph.sources:
            inner = source.within(prefix)
            if inputs is None:
                self._sources.append(inner)
                continue
            if source.selectors:
                raise InvalidPipelineError(f"{prefix} chooses columns by type, which only a branch of its own can.")
            from redspot.pipeline.steps.selecting import Select

            short = source.name.rpartition(WITHIN)[2]
            self._nodes.append(Node(inner.name, short, Select(source.columns), inputs, inner.path))
        self._nodes.extend(node.within(prefix) for node in graph.nodes)
        return tuple(f"{prefix}{WITHIN}{end}" for end in graph.ends)

    def _take_target(self, key: str, chain: Branch) -> None:
        if self._target is not None:
            raise InvalidPipelineError(f"{key} is a second target; {self._target.source.name} is one already.")
        inputs, nodes = (key,), []
        for short, name, step in _named(key, chain, is_bare=False):
            if has_graph(step):
                raise InvalidPipelineError(f"{name} is a pipeline, and a target is a chain of steps.")
            nodes.append(Node(name, short, cast("Step", step), inputs))
            inputs = (name,)
        self._target = TargetBranch(Source(key, chain.columns), tuple(nodes), chain.drops_missing)


def _named(key: str, chain: Branch, *, is_bare: bool) -> list[tuple[str, str, Step | HasGraph]]:
    """Return the steps of a chain with the last parts of their names and their names."""
    shorts = unique_names([named.name for named in chain.steps])
    named = zip(chain.steps, (short.replace(" #", "_") for short in shorts), strict=True)
    return [(each.name, key if is_bare else f"{key}_{short}", each.step) for each, short in named]
