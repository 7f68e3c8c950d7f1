"""The graph itself: sources, nodes, their order and their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from redspot.pipeline.branches import Branch, as_step
from redspot.pipeline.column import Table, listed, unique_names
from redspot.pipeline.errors import InvalidPipelineError, StepNotFoundError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.node import Step

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a branch starts: some raw columns; `path` as for a `Node`."""

    name: str
    columns: tuple[str, ...]
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A step at its place.

    Attributes
    ----------
    name
        Unique in the graph.
    short
        Last part of the name, under which it is found too while that is unambiguous.
    step
        What it does.
    inputs
        Names of the sources and nodes whose columns it gets, side by side.
    path
        Names of the sub-pipelines that it is inside, outermost first.
    """

    name: str
    short: str
    step: Step
    inputs: tuple[str, ...]
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """Sources and nodes; a node comes after everything that it reads, so there is no loop."""

    sources: tuple[Source, ...]
    nodes: tuple[Node, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Raw columns that the graph reads, each once, in order of first mention."""
        return tuple(dict.fromkeys(column for source in self.sources for column in source.columns))

    @property
    def parts(self) -> tuple[Source | Node, ...]:
        """Sources, then nodes, in order."""
        return (*self.sources, *self.nodes)

    @property
    def ends(self) -> tuple[str, ...]:
        """Names of what no node reads."""
        read = {name for node in self.nodes for name in node.inputs}
        return tuple(part.name for part in self.parts if part.name not in read)

    @property
    def predictor(self) -> Node | None:
        """The node that predicts, when there is one; it is the only end."""
        last = self.nodes[-1] if self.nodes else None
        return last if last is not None and isinstance(last.step, Estimate) and last.step.is_predictor else None

    def node(self, name: str) -> Node:
        """Return the node with that name, or with that last part of a name.

        Raises
        ------
        StepNotFoundError
            When there is none, or more than one.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        found = [node for node in self.nodes if node.short == name]
        if len(found) == 1:
            return found[0]
        names = [node.name for node in (found or self.nodes)]
        problem = f"{len(found)} steps are called {name!r}" if found else f"No step {name!r}"
        raise StepNotFoundError(f"{problem}; there are {listed(names)}.", step=name)

    def with_step(self, name: str, step: Step) -> Graph:
        """Return the graph with another step at the place of a node."""
        nodes = tuple(replace(node, step=step) if node.name == name else node for node in self.nodes)
        return checked(Graph(self.sources, nodes))

    @classmethod
    def of(cls, parts: Mapping[str, Branch | Step]) -> Graph:
        """Build the graph from its named parts, in order.

        Raises
        ------
        InvalidPipelineError
            When a name is taken twice or reserved, a join names no earlier part, or a part leads nowhere.
        """
        sources: list[Source] = []
        nodes: list[Node] = []
        ends: dict[str, str] = {}
        joined: set[str] = set()
        for key, part in parts.items():
            chain = part if isinstance(part, Branch) else Branch().then(as_step(part), name=key)
            if chain.columns:
                sources.append(Source(key, chain.columns))
                inputs: tuple[str, ...] = (key,)
            else:
                chosen = chain.joins or tuple(name for name in ends if name not in joined)
                for name in chosen:
                    if name not in ends:
                        raise InvalidPipelineError(f"{key} joins {name!r}; the parts before it are {listed(ends)}.")
                if not chosen:
                    raise InvalidPipelineError(f"{key} comes first and has no columns; start with branch('column', …).")
                joined.update(chosen)
                inputs = tuple(dict.fromkeys(ends[name] for name in chosen))
            is_bare = not isinstance(part, Branch)
            shorts = unique_names([named.name for named in chain.steps])
            for named, short in zip(chain.steps, shorts, strict=True):
                short = short.replace(" #", "_")
                name = key if is_bare else f"{key}_{short}"
                nodes.append(Node(name, named.name, named.step, inputs))
                inputs = (name,)
            if not chain.steps and not chain.columns:
                raise InvalidPipelineError(f"{key} joins parts and does nothing; add .then(…).")
            ends[key] = inputs[0]
        return checked(cls(tuple(sources), tuple(nodes)))


def checked(graph: Graph) -> Graph:
    """Return the graph when it can exist.

    Raises
    ------
    InvalidPipelineError
        Otherwise.
    """
    if not graph.sources:
        raise InvalidPipelineError("A pipeline starts at columns: Pipeline(numbers=branch('column', …), …).")
    known: set[str] = set()
    for part in graph.parts:
        if not _NAME.fullmatch(part.name) or "__" in part.name:
            raise InvalidPipelineError(
                f"{part.name!r} is no name for a step: letters, digits and single underscores, starting with a letter."
            )
        if part.name in known:
            raise InvalidPipelineError(f"The name {part.name!r} is taken twice.")
        if isinstance(part, Node):
            for name in part.inputs:
                if name not in known:
                    raise InvalidPipelineError(f"{part.name} reads {name!r}, and before it there are {listed(known)}.")
        known.add(part.name)
    for node in graph.nodes[:-1]:
        if isinstance(node.step, Estimate) and node.step.is_predictor:
            raise InvalidPipelineError(f"{node.name} predicts ({node.step.facts.title}), so it must be the last step.")
    if graph.predictor is not None and len(graph.ends) > 1:
        loose = [name for name in graph.ends if name != graph.predictor.name]
        raise InvalidPipelineError(f"{listed(loose)} lead nowhere; join them into {graph.predictor.name!r}.")
    return graph


def joined(tables: Mapping[str, Table], names: tuple[str, ...]) -> Table:
    """Return tables side by side; a name that several of them have is put behind the name of its table."""
    if len(names) == 1:
        return tables[names[0]]
    columns = [column for name in names for column in tables[name].columns]
    unique = joined_names({name: tables[name].names for name in names}, names)
    renamed = tuple(replace(column, name=name) for column, name in zip(columns, unique, strict=True))
    return Table(renamed, tables[names[0]].rows)


def joined_names(columns: Mapping[str, Sequence[str]], names: Sequence[str]) -> list[str]:
    """Return the names that columns of several parts have side by side."""
    if len(names) == 1:
        return list(columns[names[0]])
    counts = Counter(column for name in names for column in columns[name])
    pairs = [(name, column) for name in names for column in columns[name]]
    return unique_names([f"{name}.{column}" if counts[column] > 1 else column for name, column in pairs])
