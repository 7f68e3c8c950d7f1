"""What of a pipeline is written down: names, steps and their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, overload

from redspot.pipeline.assembling import Part, assembled
from redspot.pipeline.branches import as_step, has_graph
from redspot.pipeline.errors import InvalidPipelineError
from redspot.pipeline.graph import WITHIN, Graph
from redspot.pipeline.node import Step

if TYPE_CHECKING:
    from redspot.pipeline.fitting import Fitted
    from redspot.pipeline.metadata import Metadata
    from redspot.pipeline.parity import ParitySet
    from redspot.pipeline.rowfunction import RowFunction


class Definition:
    """The graph and the ways to read and change it; a change forgets what was fitted."""

    def __init__(self, **parts: Part) -> None:
        self._start(assembled(parts))

    def _start(self, graph: Graph) -> None:
        # What was written down; fitting names the columns that it leaves open.
        self._defined = self._graph = graph
        self._fitted: Fitted | None = None
        self._parity: ParitySet | None = None
        self._row_function: RowFunction | None = None
        self._metadata: Metadata | None = None
        self._metrics: dict[str, float] = {}

    @classmethod
    def _of(cls, graph: Graph) -> Self:
        made = cls.__new__(cls)
        made._start(graph)
        return made

    @property
    def graph(self) -> Graph:
        """Sources and nodes, in the order in which they run."""
        return self._graph

    @property
    def steps(self) -> Mapping[str, Step]:
        """Steps by full name, in the order in which they run; those of a target come first."""
        return MappingProxyType({node.name: node.step for node in self._graph.steps})

    @property
    def metrics_(self) -> Mapping[str, float]:
        """What the last `evaluate` returned, by name."""
        return MappingProxyType(self._metrics)

    @property
    def columns(self) -> tuple[str, ...]:
        """Raw columns that the pipeline reads."""
        return self._graph.columns

    @overload
    def __getitem__(self, name: slice) -> Self: ...
    @overload
    def __getitem__(self, name: int) -> Step: ...
    @overload
    def __getitem__(self, name: str) -> Any: ...
    def __getitem__(self, name: str | int | slice) -> Any:
        """Return a step by its name or place, a sub-pipeline by its name, or what lies between two steps.

        A part of a fitted pipeline is fitted. In ``pipeline[:"scale"]`` and ``pipeline["scale":]`` that step belongs to
        the part; in ``pipeline[:-1]`` the last one does not, as is usual in Python. What a part reads from steps that
        were cut off become its raw columns.

        Raises
        ------
        StepNotFoundError, InvalidPipelineError
            When there is no such step, or nothing is left; the message lists the steps.
        """
        from redspot.pipeline import cutting

        if isinstance(name, slice):
            return self._part(cutting.between(self._graph, name, self._columns_of))
        if isinstance(name, int):
            nodes = self._graph.nodes
            if not -len(nodes) <= name < len(nodes):
                raise cutting.unknown_sub(self._graph, str(name))
            return nodes[name].step
        if name in self._graph.subs:
            return self._part(cutting.sub_graph(self._graph, name, self._columns_of), name + WITHIN)
        return self._graph.node(name).step

    def _part(self, graph: Graph, prefix: str = "") -> Self:
        """Return a part as a pipeline of its own."""
        return self._of(graph)

    def _columns_of(self, name: str) -> tuple[str, ...] | None:
        """Return the names of the columns that a part gives, once they are known."""
        return None

    def _ipython_key_completions_(self) -> list[str]:
        return [*self._graph.subs, *self.steps]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, as scikit-learn does: steps and sub-pipelines by name, and ``step__parameter``."""
        from redspot.pipeline.cutting import sub_graph

        params: dict[str, Any] = {}
        if deep:
            for name in self._graph.subs:
                params[name] = self._of(sub_graph(self._defined, name, self._columns_of))
        params.update(self.steps)
        if deep:
            for name, step in self.steps.items():
                params.update({f"{name}{WITHIN}{key}": value for key, value in step.params().items()})
        return params

    def set_params(self, **params: Any) -> Self:
        """Change steps (``name=step``) or their parameters (``name__parameter=value``); forgets what was fitted.

        A step of a sub-pipeline is ``sub__name``, and ``sub=pipeline`` puts another pipeline in its place.

        Raises
        ------
        StepNotFoundError, InvalidStepError
            When there is no such step or parameter; the message lists those that exist.
        """
        graph = self._defined
        changes: dict[str, dict[str, Any]] = {}
        for key, value in params.items():
            name, parameter = self._parameter(key)
            if not parameter and name in graph.subs:
                graph = _with_sub(graph, name, value)
                continue
            node = graph.node(name)
            if parameter:
                changes.setdefault(node.name, {})[parameter] = value
            else:
                graph = graph.with_step(node.name, as_step(value))
        for name, changed in changes.items():
            graph = graph.with_step(name, graph.node(name).step.with_params(changed))
        if params:
            self._start(graph)
        return self

    def _parameter(self, key: str) -> tuple[str, str]:
        """Return the name of a step or sub-pipeline, and of a parameter of it, or an empty text."""
        names = {*self._graph.subs, *self.steps}
        words = key.split(WITHIN)
        for length in range(len(words), 0, -1):
            name = WITHIN.join(words[:length])
            if name in names:
                return name, WITHIN.join(words[length:])
        return words[0], WITHIN.join(words[1:])

    def clone(self) -> Self:
        """Return the same pipeline, not fitted, with estimators of its own."""
        graph = self._defined
        for node in graph.steps:
            own = node.step.cloned()
            graph = graph if own is node.step else graph.with_step(node.name, own)
        return self._of(graph)

    def __sklearn_clone__(self) -> Self:
        return self.clone()

    def __getstate__(self) -> dict[str, Any]:
        # The row function is source that was compiled here; a copy in another process compiles its own.
        return {**self.__dict__, "_row_function": None}


def _with_sub(graph: Graph, name: str, other: object) -> Graph:
    from redspot.pipeline.cutting import replaced

    if not has_graph(other):
        raise InvalidPipelineError(f"{name} is a sub-pipeline; a Pipeline takes its place, not {other!r}.")
    return replaced(graph, name, other.graph)  # type: ignore[attr-defined]
