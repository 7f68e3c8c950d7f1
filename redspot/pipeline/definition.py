"""What of a pipeline is written down: names, steps and their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from redspot.pipeline.branches import Branch, as_step
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.fitting import Fitted
from redspot.pipeline.graph import Graph
from redspot.pipeline.node import Step
from redspot.pipeline.parity import ParitySet
from redspot.pipeline.rowfunction import RowFunction

if TYPE_CHECKING:
    from redspot.pipeline.metadata import Metadata


class Definition:
    """The graph and the ways to read and change it; a change forgets what was fitted."""

    def __init__(self, **parts: Branch | Step) -> None:
        self._start(Graph.of(parts))

    def _start(self, graph: Graph) -> None:
        self._graph = graph
        self._fitted: Fitted | None = None
        self._parity: ParitySet | None = None
        self._row_function: RowFunction | None = None
        self._metadata: Metadata | None = None
        self.metrics_: dict[str, float] = {}

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
        """Steps by full name, in the order in which they run."""
        return MappingProxyType({node.name: node.step for node in self._graph.nodes})

    @property
    def columns(self) -> tuple[str, ...]:
        """Raw columns that the pipeline reads."""
        return self._graph.columns

    def __getitem__(self, name: str) -> Step:
        return self._graph.node(name).step

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.steps)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, as scikit-learn does: steps by name and ``step__parameter``."""
        params: dict[str, Any] = dict(self.steps)
        if deep:
            for name, step in self.steps.items():
                params.update({f"{name}__{key}": value for key, value in step.params().items()})
        return params

    def set_params(self, **params: Any) -> Self:
        """Change steps (``name=step``) or their parameters (``name__parameter=value``); forgets what was fitted.

        Raises
        ------
        StepNotFoundError, InvalidStepError
            When there is no such step or parameter; the message lists those that exist.
        """
        graph = self._graph
        changes: dict[str, dict[str, Any]] = {}
        for key, value in params.items():
            name, _, parameter = key.partition("__")
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

    def clone(self) -> Self:
        """Return the same pipeline, not fitted, with estimators of its own."""
        graph = self._graph
        for name, step in self.steps.items():
            if isinstance(step, Estimate):
                graph = graph.with_step(name, step.with_params({}))
        return self._of(graph)

    def __sklearn_clone__(self) -> Self:
        return self.clone()
