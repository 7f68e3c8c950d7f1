"""The graph itself: sources, nodes, their order and their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from redspot.pipeline.column import Dtype, Table, listed, unique_names
from redspot.pipeline.errors import InvalidPipelineError, StepNotFoundError, UnknownColumnError
from redspot.pipeline.node import Step
from redspot.pipeline.selectors import Selector

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")

# Between the name of a sub-pipeline and that of a step in it, as scikit-learn writes parameters.
WITHIN = "__"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a branch starts.

    Attributes
    ----------
    name, path
        As for a `Node`.
    columns
        Raw columns.
    selectors
        What will choose more columns, once the data is there.
    """

    name: str
    columns: tuple[str, ...]
    path: tuple[str, ...] = ()
    selectors: tuple[Selector, ...] = ()

    def within(self, sub: str) -> Source:
        """Return the source as it is called inside of a sub-pipeline of that name."""
        return replace(self, name=f"{sub}{WITHIN}{self.name}", path=(*sub.split(WITHIN), *self.path))


@dataclass(frozen=True, slots=True)
class Node:
    """A step at its place.

    Attributes
    ----------
    name
        Unique in the graph.
    short
        Last part of the name, under which it is found too while that is unambiguous; so it is under the name that it
        has in its sub-pipeline.
    step
        What it does.
    inputs
        Names of the sources and nodes whose columns it gets, side by side.
    path
        Names of the sub-pipelines that it is inside, outermost first; the name starts with them.
    """

    name: str
    short: str
    step: Step
    inputs: tuple[str, ...]
    path: tuple[str, ...] = ()

    def within(self, sub: str) -> Node:
        """Return the node as it is called inside of a sub-pipeline of that name."""
        inputs = tuple(f"{sub}{WITHIN}{name}" for name in self.inputs)
        return replace(self, name=f"{sub}{WITHIN}{self.name}", inputs=inputs, path=(*sub.split(WITHIN), *self.path))


@dataclass(frozen=True, slots=True)
class TargetBranch:
    """How the target is made of raw columns, in training only: a chain that ends with one column."""

    source: Source
    nodes: tuple[Node, ...]
    drops_missing: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """What comes back with each answer: under that name, the columns of that node."""

    name: str
    node: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Sources and nodes; a node comes after everything that it reads, so there is no loop.

    Attributes
    ----------
    sources, nodes
        From raw columns to the predictor, which is the last node when there is one.
    target
        Where the target comes from, when it is not given beside the rows.
    outputs
        Nodes whose columns are answered too.
    explanations
        Steps that look at the answer and the raw row; each is an output under its own name.
    """

    sources: tuple[Source, ...]
    nodes: tuple[Node, ...]
    target: TargetBranch | None = None
    outputs: tuple[Output, ...] = ()
    explanations: tuple[Node, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Raw columns that the graph reads, each once, in order of first mention."""
        return tuple(dict.fromkeys(column for source in self.sources for column in source.columns))

    @property
    def parts(self) -> tuple[Source | Node, ...]:
        """Sources, then nodes, in order."""
        return (*self.sources, *self.nodes)

    @property
    def steps(self) -> tuple[Node, ...]:
        """All nodes, also those of the target and the explanations."""
        return (*(self.target.nodes if self.target else ()), *self.nodes, *self.explanations)

    @property
    def all_parts(self) -> tuple[Source | Node, ...]:
        """All sources, then all nodes."""
        return (*self.sources, *((self.target.source,) if self.target else ()), *self.steps)

    @property
    def ends(self) -> tuple[str, ...]:
        """Names of what no node reads and no answer shows."""
        read = {name for node in self.nodes for name in node.inputs} | {output.node for output in self.outputs}
        return tuple(part.name for part in self.parts if part.name not in read)

    @property
    def predictor(self) -> Node | None:
        """The node that predicts, when there is one; it is the only end."""
        last = self.nodes[-1] if self.nodes else None
        return last if last is not None and last.step.predicts else None

    @property
    def subs(self) -> tuple[str, ...]:
        """Names of the sub-pipelines, outer ones first."""
        paths = [part.path[: depth + 1] for part in self.parts for depth in range(len(part.path))]
        return tuple(dict.fromkeys(WITHIN.join(path) for path in paths))

    @property
    def is_resolved(self) -> bool:
        """Whether all its columns are known by name."""
        return not any(source.selectors for source in self.sources)

    def node(self, name: str) -> Node:
        """Return the node with that name, or with that last part of a name.

        Raises
        ------
        StepNotFoundError
            When there is none, or more than one.
        """
        for node in self.steps:
            if node.name == name:
                return node
        found = [node for node in self.steps if name in (node.short, node.name.rpartition(WITHIN)[2])]
        if len(found) == 1:
            return found[0]
        names = [node.name for node in (found or self.steps)]
        problem = f"{len(found)} steps are called {name!r}" if found else f"No step {name!r}"
        raise StepNotFoundError(f"{problem}; there are {listed(names)}.", step=name)

    def with_step(self, name: str, step: Step) -> Graph:
        """Return the graph with another step at the place of a node."""

        def changed(nodes: Iterable[Node]) -> tuple[Node, ...]:
            return tuple(replace(node, step=step) if node.name == name else node for node in nodes)

        target = self.target and replace(self.target, nodes=changed(self.target.nodes))
        return checked(replace(self, nodes=changed(self.nodes), target=target, explanations=changed(self.explanations)))

    def needed(self, names: Collection[str]) -> frozenset[str]:
        """Return the names of everything that is behind some nodes, themselves among them."""
        needed = set(names)
        for node in reversed(self.nodes):
            if node.name in needed:
                needed.update(node.inputs)
        return frozenset(needed)

    def resolved(self, dtypes: Mapping[str, Dtype]) -> Graph:
        """Return the graph with all its columns known by name.

        Raises
        ------
        UnknownColumnError
            When a branch chooses no column at all.
        """
        used = set(self.target.source.columns) if self.target else set()
        offered = {name: dtype for name, dtype in dtypes.items() if name not in used}
        sources = []
        for source in self.sources:
            found = [name for selector in source.selectors for name in selector.chosen(offered)]
            columns = tuple(dict.fromkeys([*source.columns, *found]))
            if not columns:
                raise UnknownColumnError(
                    f"{source.name} chooses {', '.join(map(str, source.selectors))}, and no column is such; "
                    f"the data has {listed(f'{name} ({dtype})' for name, dtype in offered.items())}."
                )
            sources.append(replace(source, columns=columns, selectors=()))
        return replace(self, sources=tuple(sources))


def checked(graph: Graph) -> Graph:
    """Return the graph when it can exist.

    Raises
    ------
    InvalidPipelineError
        Otherwise.
    UnknownColumnError
        When a step names a column that it will not be given.
    """
    if not graph.sources:
        raise InvalidPipelineError("A pipeline starts at columns: Pipeline(numbers=branch('column', …), …).")
    known: set[str] = set()
    for part in graph.all_parts:
        _require_name(part)
        if part.name in known:
            raise InvalidPipelineError(f"The name {part.name!r} is taken twice.")
        if isinstance(part, Node):
            for name in part.inputs:
                if name not in known:
                    raise InvalidPipelineError(f"{part.name} reads {name!r}, and before it there are {listed(known)}.")
        known.add(part.name)
    for node in (*graph.nodes[:-1], *(graph.target.nodes if graph.target else ())):
        if node.step.predicts:
            raise InvalidPipelineError(f"{node.name} predicts ({node.step.title}), so it must be the last step.")
    _require_one_end(graph)
    _require_outputs(graph)
    _require_columns(graph)
    return graph


def _require_name(part: Source | Node) -> None:
    words = part.name.split(WITHIN)
    if tuple(words[:-1]) != part.path or not all(_NAME.fullmatch(word) for word in words):
        raise InvalidPipelineError(
            f"{part.name!r} is no name for a step: letters, digits and single underscores, starting with a letter."
        )


def _require_one_end(graph: Graph) -> None:
    predictor = graph.predictor
    if predictor is None:
        for needs, what in ((graph.target, "a target"), (graph.outputs, "outputs"), (graph.explanations, "explain()")):
            if needs:
                raise InvalidPipelineError(f"Only a pipeline that predicts has {what}; add estimate(…).")
    elif len(graph.ends) > 1:
        loose = [name for name in graph.ends if name != predictor.name]
        raise InvalidPipelineError(f"{listed(loose)} lead nowhere; join them into {predictor.name!r}.")
    columns = {name for source in graph.sources for name in source.columns}
    shared = [name for name in (graph.target.source.columns if graph.target else ()) if name in columns]
    if shared:
        raise InvalidPipelineError(f"Column {shared[0]!r} is both the target and read by the pipeline.")


def _require_outputs(graph: Graph) -> None:
    nodes = {part.name for part in graph.parts}
    taken = {"prediction", "probabilities"}
    for name, node in (
        *((output.name, output.node) for output in graph.outputs),
        *((each.name, None) for each in graph.explanations),
    ):
        if name in taken:
            raise InvalidPipelineError(f"The name {name!r} is taken in the answers; call the output otherwise.")
        if node is not None and node not in nodes:
            raise InvalidPipelineError(f"The output {name} shows {node!r}, and there are {listed(nodes)}.")
        taken.add(name)
    for part in graph.steps:
        if part.step.explains != (part in graph.explanations):
            raise InvalidPipelineError(f"{part.name} explains answers or does not; it stands where the other belongs.")


def _require_columns(graph: Graph) -> None:
    """Walk the names of columns as far as they are known before fitting; a step refuses those that it lacks."""
    names: dict[str, tuple[str, ...] | None] = {}
    for part in graph.all_parts:
        if isinstance(part, Source):
            names[part.name] = None if part.selectors else part.columns
            continue
        given = [names.get(name) for name in part.inputs]
        known = joined_names(part.inputs, given) if given and None not in given else None  # type: ignore[arg-type]
        if known is None:
            names[part.name] = None
            continue
        try:
            names[part.name] = part.step.names(known)
        except UnknownColumnError as error:
            raise UnknownColumnError(f"{part.name}: {error.message}", **error.facts) from error


def joined_names(tables: tuple[str, ...], names: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the names of columns side by side; one that several tables have is put behind the name of its table."""
    if len(tables) == 1:
        return names[0]
    counts: dict[str, int] = {}
    for each in names:
        for name in each:
            counts[name] = counts.get(name, 0) + 1
    pairs = [(table, name) for table, each in zip(tables, names, strict=True) for name in each]
    return tuple(unique_names([f"{table}.{name}" if counts[name] > 1 else name for table, name in pairs]))


def joined(tables: Mapping[str, Table], names: tuple[str, ...]) -> Table:
    """Return tables side by side, with the names of `joined_names`."""
    if len(names) == 1:
        return tables[names[0]]
    unique = joined_names(names, [tables[name].names for name in names])
    columns = [column for name in names for column in tables[name].columns]
    renamed = tuple(replace(column, name=name) for column, name in zip(columns, unique, strict=True))
    return Table(renamed, tables[names[0]].rows)
