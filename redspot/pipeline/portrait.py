"""How a pipeline shows itself: as JSON, as a picture in a cell, its steps and its training data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from redspot.pipeline.definition import Definition
from redspot.pipeline.errors import MetadataMissingError, NotFittedError, UnsupportedPredictionError

if TYPE_CHECKING:
    from redspot.pipeline.column import Table
    from redspot.pipeline.fitting import Fitted
    from redspot.pipeline.metadata import Metadata
    from redspot.pipeline.views import StepView, TrainingData
    from redspot.profile.table import Profile


class Portrait(Definition):
    """What can be seen of a pipeline."""

    def describe(self) -> dict[str, Any]:
        """Return the graph as JSON for pictures.

        Nodes have kinds, parameters, shapes, times, what was learned, and columns with what each was made of; edges
        have columns. Lists of columns end after 50; counts do not.
        """
        from redspot.pipeline.description import describe

        return describe(self._graph, self._fitted, None if self._fitted is None else self._fitted.timings)

    @property
    def metadata_(self) -> Metadata | None:
        """What is remembered of the fit; None for a pipeline that was taken over, or is from an earlier version."""
        self._learned()
        remembered = self._metadata
        if remembered is None:
            return None
        return replace(
            remembered,
            timing=MappingProxyType(remembered.timing),
            libraries=MappingProxyType(remembered.libraries),
            metrics=MappingProxyType(dict(self._metrics)),
            # What was read and checked once is kept.
            profile_source=lambda: remembered.profile,
        )

    @property
    def profile_(self) -> Profile:
        """What the raw columns of the training data held, and how each goes with the target.

        Raises
        ------
        MetadataMissingError
            When nothing is remembered of the training data.
        """
        self._learned()
        if self._metadata is None:
            raise MetadataMissingError(
                "Nothing is remembered of the training data: the pipeline was taken over from another library, or its "
                "file is of an earlier version. Fit it again."
            )
        return self._metadata.profile

    def step_view(self, step: str, X: object) -> StepView:  # noqa: N803
        """Return what goes into a step and what comes out of it, for rows; it draws itself in a cell.

        Parameters
        ----------
        step
            Name of the step.
        X
            Rows, as `fit` takes them.

        Examples
        --------
        >>> from redspot.pipeline import Pipeline, branch, scale
        >>> made = Pipeline(x=branch("beds").then(scale("min_max"))).fit({"beds": [1, 2, 5]})
        >>> made.step_view("x_scale", {"beds": [1, 5]}).after["beds"].quantiles["1"]
        1.0
        """
        from redspot.pipeline.fitting import run_through
        from redspot.pipeline.frame import Frame
        from redspot.pipeline.views import view_step

        graph, fitted, node = self._graph, self._learned(), self._graph.node(step)
        if node in graph.explanations:
            raise UnsupportedPredictionError(f"{node.name} explains answers and makes no column; see predict_one().")
        if graph.target is not None and node in graph.target.nodes:
            from redspot.pipeline.targeting import make_target

            made = make_target(graph, Frame.of(X), fitted.states).tables
            before, after = made[node.inputs[0]], made[node.name]
        else:
            before, after = run_through(graph, fitted, self._table(X), node.name)
        return view_step(node.name, node.step.kind, before, after, fitted.features[node.name])

    def training_data(self, serve: object = None) -> TrainingData:
        """Return what the training data held, compared with other rows when they are given; draws itself in a cell.

        Parameters
        ----------
        serve
            Rows that the pipeline is asked about, as `fit` takes them.

        Raises
        ------
        MetadataMissingError
            When nothing is remembered of the training data.
        """
        from redspot.pipeline.profiling import profile_of
        from redspot.pipeline.views import TrainingData
        from redspot.profile.drifting import drift

        train = self.profile_
        if serve is None:
            return TrainingData(train)
        return TrainingData(train, drift(train, profile_of(self._table(serve))))

    def __repr__(self) -> str:
        from redspot.pipeline.picture import summary

        return summary(self.describe(), self._metrics)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        from redspot.pipeline.picture import static_bundle
        from redspot.pipeline.showing import bundle

        return bundle("pipeline", self, static_bundle(self.describe(), self._metrics), exclude)

    def _table(self, rows: object) -> Table:
        dtypes = self._learned().schema.dtypes
        from redspot.pipeline.frame import Frame

        return Frame.of_width(rows, tuple(dtypes)).table(dtypes)

    def _learned(self) -> Fitted:
        if self._fitted is None:
            raise NotFittedError("The pipeline is not fitted; call fit(X, y) first.")
        return self._fitted
