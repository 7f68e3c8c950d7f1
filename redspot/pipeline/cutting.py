"""Parts of a graph as graphs of their own: sub-pipelines, what comes before a step, what comes after it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from redspot.pipeline.column import listed
from redspot.pipeline.errors import InvalidPipelineError, StepNotFoundError
from redspot.pipeline.graph import WITHIN, Graph, Node, Source, checked

# Names of the columns that a part gives; None while they are not known.
ColumnsOf = Callable[[str], tuple[str, ...] | None]


def sub_graph(graph: Graph, name: str, columns_of: ColumnsOf) -> Graph:
    """Return the graph of a sub-pipeline, with the names that its steps have in it."""
    path = tuple(name.split(WITHIN))
    inside = {part.name for part in graph.parts if part.path[: len(path)] == path}
    return _cut(graph, inside, columns_of, path)


def between(graph: Graph, span: slice, columns_of: ColumnsOf) -> Graph:
    """Return the graph of consecutive nodes.

    Parameters
    ----------
    graph
        The whole.
    span
        Places of nodes, counted as Python counts; or names of steps, of which the last belongs to the part too.
    columns_of
        Tells what parts give that are cut off, and whose columns are therefore the new raw columns.

    Raises
    ------
    StepNotFoundError, InvalidPipelineError
        When there is no such step, or nothing is left.
    """
    names = [node.name for node in graph.nodes]
    if span.step is not None:
        raise InvalidPipelineError("Steps of a pipeline are cut in their order; leave the step of the slice out.")
    start = names.index(graph.node(span.start).name) if isinstance(span.start, str) else span.start
    stop = names.index(graph.node(span.stop).name) + 1 if isinstance(span.stop, str) else span.stop
    chosen = names[start:stop]
    if not chosen:
        raise InvalidPipelineError(f"Nothing is left between these; the steps are {listed(names)}.")
    read = {name for node in graph.nodes if node.name in chosen for name in node.inputs}
    if graph.predictor is not None and chosen == names[:-1]:
        # All that the predictor reads, also where that is raw, and nothing that is only answered beside it.
        read = set(graph.needed(graph.predictor.inputs))
        chosen = [name for name in chosen if name in read]
    return _cut(graph, {*chosen, *(source.name for source in graph.sources if source.name in read)}, columns_of, ())


def replaced(graph: Graph, name: str, other: Graph) -> Graph:
    """Return the graph with another one at the place of a sub-pipeline."""
    path = tuple(name.split(WITHIN))
    inside = {part.name for part in graph.parts if part.path[: len(path)] == path}
    outer = dict.fromkeys(
        each for node in graph.nodes if node.name in inside for each in node.inputs if each not in inside
    )
    read = {each for node in graph.nodes if node.name in inside for each in node.inputs}
    ends = [part.name for part in graph.parts if part.name in inside and part.name not in read]

    sources = [each.within(name) for each in other.sources]
    entries: list[Node] = []
    if outer:
        from redspot.pipeline.steps.selecting import Select

        entries = [Node(e.name, e.name.rpartition(WITHIN)[2], Select(e.columns), tuple(outer), e.path) for e in sources]
        sources = []
    nodes = [*entries, *(each.within(name) for each in other.nodes)]
    new_ends = tuple(f"{name}{WITHIN}{end}" for end in other.ends)

    def rewired(node: Node) -> Node:
        inputs = [new for old in node.inputs for new in (new_ends if old in ends else (old,))]
        return replace(node, inputs=tuple(dict.fromkeys(inputs)))

    places = [index for index, node in enumerate(graph.nodes) if node.name in inside]
    place = places[0] if places else 0
    before = [node for node in graph.nodes[:place] if node.name not in inside]
    after = [node for node in graph.nodes[place:] if node.name not in inside]
    first = [index for index, source in enumerate(graph.sources) if source.name in inside]
    cut = first[0] if first else len(graph.sources)
    kept = [[s for s in side if s.name not in inside] for side in (graph.sources[:cut], graph.sources[cut:])]
    return checked(
        replace(
            graph,
            sources=(*kept[0], *sources, *kept[1]),
            nodes=tuple(map(rewired, (*before, *nodes, *after))),
        )
    )


def _cut(graph: Graph, inside: Collection[str], columns_of: ColumnsOf, path: tuple[str, ...]) -> Graph:
    prefix = WITHIN.join(path) + WITHIN if path else ""
    nodes = [node for node in graph.nodes if node.name in inside]
    sources = [source for source in graph.sources if source.name in inside]
    made: list[Source] = []
    for name in dict.fromkeys(name for node in nodes for name in node.inputs if name not in inside):
        whole = next((source for source in graph.sources if source.name == name), None)
        columns = whole.columns if whole is not None else columns_of(name)
        if columns is None:
            raise InvalidPipelineError(
                f"What {name} gives is known once the pipeline is fitted; cut it then, or name a step before it."
            )
        made.append(Source(name.replace(WITHIN, "_"), columns, (), whole.selectors if whole is not None else ()))
    _require_distinct(made)

    def local(name: str) -> str:
        if name in inside:
            return name.removeprefix(prefix)
        return name.replace(WITHIN, "_")

    depth = len(path)
    kept = tuple(replace(source, name=local(source.name), path=source.path[depth:]) for source in sources)
    moved = tuple(
        Node(local(node.name), node.short, node.step, tuple(map(local, node.inputs)), node.path[depth:])
        for node in nodes
    )
    has_end = bool(graph.nodes) and graph.predictor is not None and graph.predictor.name in inside and not path
    outputs = tuple(output for output in graph.outputs if output.node in inside) if has_end else ()
    return checked(
        Graph(
            (*kept, *made),
            moved,
            graph.target if has_end else None,
            outputs,
            # They tell of raw columns, which are other ones behind a cut.
            graph.explanations if has_end and not made else (),
        )
    )


def _require_distinct(sources: Sequence[Source]) -> None:
    """Refuse raw columns that would be two different ones by the same name."""
    owners: dict[str, str] = {}
    for source in sources:
        for column in source.columns:
            if owners.setdefault(column, source.name) != source.name:
                raise InvalidPipelineError(
                    f"{owners[column]} and {source.name} both give a column {column!r}, and a part that starts "
                    "there could not tell them apart; cut it elsewhere.",
                    column=column,
                )


def unknown_sub(graph: Graph, name: str) -> StepNotFoundError:
    """Return what to say of a name that is neither a step nor a sub-pipeline."""
    names = [*graph.subs, *(node.name for node in graph.steps)]
    return StepNotFoundError(f"No step or sub-pipeline {name!r}; there are {listed(names)}.", step=name)
