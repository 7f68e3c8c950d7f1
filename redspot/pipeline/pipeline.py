"""The pipeline: one object from raw columns to predictions, in the notebook, the job and the endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline import batch
from redspot.pipeline.column import Table, listed
from redspot.pipeline.errors import (
    InvalidTargetError,
    UnknownColumnError,
    UnsupportedPredictionError,
)
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.fitting import Feature, Fitted, fit_graph, run_to
from redspot.pipeline.frame import Frame, Readers, read_target
from redspot.pipeline.graph import Node
from redspot.pipeline.learned import Learned
from redspot.pipeline.node import Target
from redspot.pipeline.parity import ParityReport, ParitySet, compare, sample_rows
from redspot.pipeline.portrait import Portrait
from redspot.pipeline.rowfunction import RowFunction, row_function
from redspot.pipeline.storing import Stored

if TYPE_CHECKING:
    from redspot.pipeline.evaluation import Evaluation
    from redspot.pipeline.file import Content
    from redspot.pipeline.importance import Importance
    from redspot.pipeline.metadata import Metadata
    from redspot.pipeline.schema import Schema
    from redspot.pipeline.searching import Search
    from redspot.pipeline.validating import CrossValidation


class Pipeline(Portrait, Stored):
    """A graph of named steps over named, typed columns.

    Parameters
    ----------
    **parts
        Each is a branch from raw columns, a join of earlier parts, or a single step, which continues all parts that
        nothing else has continued. A step of a branch is called ``<part>_<kind>``; a single step has the part's name.

    Attributes
    ----------
    metrics_ : dict of str to float
        What the last `evaluate` returned.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, scale
    >>> pipeline = Pipeline(
    ...     numbers=branch("mass").then(impute("median")).then(scale()),
    ...     words=branch("island").then(one_hot()),
    ...     model=estimate(LogisticRegression()),
    ... )
    >>> data = {"mass": [3.7, None, 5.9, 5.1], "island": ["Dream", "Dream", "Biscoe", None]}
    >>> fitted = pipeline.fit(data, ["Adelie", "Adelie", "Gentoo", "Gentoo"])
    >>> fitted.predict_one({"mass": 3.5, "island": "Dream"})["prediction"]
    'Adelie'
    """

    # -- fitting ------------------------------------------------------------------------------------

    def fit(self, X: object, y: object = None) -> Self:  # noqa: N803  scikit-learn's name
        """Learn from rows.

        Parameters
        ----------
        X
            A pandas or polars frame, a dict of columns or a list of dicts. Columns that no branch names are ignored.
        y
            The target: a series, an array, a list, or the name of a column of `X`.
        """
        from redspot.pipeline.metadata import metadata_of

        began = perf_counter()
        frame, target = _rows_and_target(X, y)
        names = self.columns
        if isinstance(y, str) and y in names:
            raise InvalidTargetError(f"Column {y!r} is both the target and read by the pipeline.")
        for name in names:
            if name not in frame.columns:
                raise UnknownColumnError(
                    f"No column {name!r} in the data; it has {listed(frame.columns)}.", column=name
                )
        dtypes = {name: frame.dtype(name) for name in names}
        table = frame.selected(names).table(dtypes)
        fitted = fit_graph(self._graph, table, target)
        fit_s = perf_counter() - began
        self._take(fitted, table, metadata_of(self._graph, fitted, table, target, fit_s))
        return self

    @property
    def is_fitted(self) -> bool:
        """Whether `fit` has run."""
        return self._fitted is not None

    def __sklearn_is_fitted__(self) -> bool:
        return self.is_fitted

    def __sklearn_tags__(self) -> Any:
        from sklearn.base import BaseEstimator
        from sklearn.utils import get_tags

        predictor = self._graph.predictor
        tags = get_tags(cast("Estimate", predictor.step).estimator if predictor else BaseEstimator())
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags

    @property
    def classes_(self) -> NDArray[np.generic]:
        """Classes in the order of the columns of `predict_proba`."""
        node, fitted = self._predictor()
        if fitted.schema.task != "classification":
            raise AttributeError(f"{node.name} predicts no classes.")
        return cast("NDArray[np.generic]", cast("Learned", fitted.states[node.name]).classes)

    @property
    def schema_(self) -> Schema:
        """Inputs and outputs, learned by `fit`."""
        return self._learned().schema

    @property
    def parity_(self) -> ParitySet | None:
        """Training rows with the answers they got; None for a pipeline that does not predict."""
        self._learned()
        return self._parity

    def features(self, step: str) -> tuple[Feature, ...]:
        """Return the output columns of a step, each with the raw columns behind it."""
        return self._learned().features[self._graph.node(step).name]

    def learned(self, step: str) -> Mapping[str, Any]:
        """Return what a step has learned."""
        return MappingProxyType(dict(self._learned().states[self._graph.node(step).name]))

    # -- answering ----------------------------------------------------------------------------------

    def predict(self, X: object, *, compiled: bool = True) -> NDArray[np.generic]:  # noqa: N803
        """Return one prediction per row: labels, or float64 numbers.

        Parameters
        ----------
        X
            Rows, as `fit` takes them.
        compiled
            Whether the compiled model answers where there is one; otherwise the framework's own estimator does. Both
            give the same, which this parameter is there to show.
        """
        _, fitted = self._predictor()
        rows = self._readers(X)
        if not rows.rows:
            return np.empty(0, dtype=self._answer_dtype(fitted))
        return batch.predicted(self._graph, fitted, rows, compiled=compiled)

    def predict_proba(self, X: object, *, compiled: bool = True) -> NDArray[np.float64]:  # noqa: N803
        """Return float64, shape (rows, classes); the order of the classes is that of `classes_`."""
        node, fitted = self._predictor()
        if fitted.schema.task != "classification":
            raise UnsupportedPredictionError("Only a classifier gives probabilities; use predict().")
        if not fitted.schema.has_probabilities:
            raise UnsupportedPredictionError(
                f"{cast('Estimate', node.step).facts.title} gives no probabilities; use predict()."
            )
        rows = self._readers(X)
        if not rows.rows:
            return np.empty((0, len(self.classes_)))
        likely = batch.predicted(self._graph, fitted, rows, compiled=compiled, probabilities=True)
        return cast("NDArray[np.float64]", likely)

    def predict_one(self, row: Mapping[str, object]) -> dict[str, Any]:
        """Return the prediction for one row, and for a classifier the probability of each class.

        Parameters
        ----------
        row
            Raw values by column. None, NaN and an absent key mean missing.

        Raises
        ------
        UnknownColumnError, ColumnTypeError
            For a key that is no column, or a value of another type; the message says which, and what exists.
        """
        return self.row_function(row)

    @property
    def row_function(self) -> RowFunction:
        """The compiled function behind `predict_one`: a dict in, a dict out; made when it is first asked for."""
        if self._row_function is None:
            _, fitted = self._predictor()
            self._row_function = row_function(self._graph, fitted)
        return self._row_function

    def transform(self, X: object, step: str | None = None) -> dict[str, NDArray[np.generic]]:  # noqa: N803
        """Return the columns that a step gives, by name; without a step, those that the predictor reads."""
        name = None if step is None else self._graph.node(step).name
        table = run_to(self._graph, self._learned(), self._table(X), name)
        return {column.name: column.values for column in table.columns}

    def evaluate(self, X: object, y: object, **options: Any) -> Evaluation:  # noqa: N803
        """Return how good the predictions are, and remember the numbers as `metrics_`.

        The result is a mapping of metrics: ``accuracy``, ``f1_macro``, ``log_loss`` and more for a classifier; ``mae``,
        ``rmse``, ``r2`` and more for a regressor. It also has confusion, calibration and, when they are asked for,
        slices and intervals. Options are those of `redspot.pipeline.evaluation.evaluate`: ``slices``, ``bootstrap``,
        ``seed``, ``groups``.
        """
        from redspot.pipeline.evaluation import evaluate

        self._predictor()
        result = evaluate(self, X, y, **options)
        self.metrics_ = dict(result)
        return result

    def importance(self, X: object, y: object, **options: Any) -> Importance:  # noqa: N803
        """Return how much the predictions rest on each raw column; see `redspot.pipeline.importance.importance`."""
        from redspot.pipeline.importance import importance

        self._predictor()
        return importance(self, X, y, **options)

    def cross_validate(self, X: object, y: object, **options: Any) -> CrossValidation:  # noqa: N803
        """Return metrics on rows left out of fitting; see `redspot.pipeline.validating.cross_validate`."""
        from redspot.pipeline.validating import cross_validate

        return cross_validate(self, X, y, **options)

    def search(self, space: Mapping[str, Any], X: object, y: object, **options: Any) -> Search:  # noqa: N803
        """Try parameters and return the best pipeline; see `redspot.pipeline.searching.search`."""
        from redspot.pipeline.searching import search

        return search(self, space, X, y, **options)

    def score(self, X: object, y: object) -> float:  # noqa: N803
        """Return accuracy or R², as scikit-learn's own estimators do; remembers nothing."""
        remembered = self.metrics_
        try:
            metrics = self.evaluate(X, y)
        finally:
            self.metrics_ = remembered
        return metrics["accuracy"] if "accuracy" in metrics else metrics["r2"]

    def check_parity(self) -> ParityReport:
        """Answer the parity rows again, one by one and all together, and compare with those of the day of fitting."""
        node, fitted = self._predictor()
        tolerance = cast("Learned", fitted.states[node.name]).facts.tolerance
        parity = cast("ParitySet", self._parity)
        alone = compare(parity.answers, [self.predict_one(row) for row in parity.rows], tolerance)
        # A step that looks at other rows, such as their mean, would answer one request so and a batch otherwise.
        together = compare(parity.answers, self._answers(parity.rows), tolerance)
        return min(alone, together, key=lambda report: (report.matched, -report.max_abs_difference))

    # -- taking over -------------------------------------------------------------------------

    @classmethod
    def from_sklearn(cls, fitted: object, sample: object = None) -> Self:
        """Return the pipeline that a fitted scikit-learn pipeline is: the same answers, compiled, and safe to save.

        Parameters
        ----------
        fitted
            A fitted ``Pipeline``, ``ColumnTransformer``, search or estimator. Transformers that are known become native
            steps with what they have learned; others stay scikit-learn's.
        sample
            Some rows of the training data, for types, examples and parity rows; better with than without.

        Raises
        ------
        InvalidPipelineError
            When a part cannot be taken over; the message names it.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> theirs = make_pipeline(StandardScaler(), Ridge()).fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0])
        >>> Pipeline.from_sklearn(theirs).predict_one({"x0": 2.0})
        {'prediction': 2.0}
        """
        from redspot.pipeline.from_sklearn import taken_over

        graph, learned, table = taken_over(fitted, sample)
        made = cls._of(graph)
        made._take(learned, table)
        return made

    def _take(self, fitted: Fitted, table: Table, metadata: Metadata | None = None) -> None:
        """Hold what was learned and what is remembered of it, and the parity rows that go with it."""
        self._fitted, self._parity, self.metrics_, self._row_function = fitted, None, {}, None
        self._metadata = metadata
        if self._graph.predictor is not None:
            rows = sample_rows(table)
            self._parity = ParitySet(rows, tuple(self._answers(rows)))

    @classmethod
    def of_content(cls, content: Content) -> Self:
        """Return the fitted pipeline that a file held."""
        made = cls._of(content.graph)
        made._fitted, made._parity, made.metrics_ = content.fitted, content.parity, dict(content.metrics)
        made._metadata = content.metadata
        return made

    # -- inside -------------------------------------------------------------------------------------

    def _predictor(self) -> tuple[Node, Fitted]:
        fitted = self._learned()
        if self._graph.predictor is None:
            raise UnsupportedPredictionError(
                f"No step predicts; the last of {listed(self.steps)} would have to be estimate(…)."
            )
        return self._graph.predictor, fitted

    def _answer_dtype(self, fitted: Fitted) -> np.dtype[Any]:
        return self.classes_.dtype if fitted.schema.task == "classification" else np.dtype(np.float64)

    def _answers(self, rows: object) -> list[dict[str, Any]]:
        return batch.answers(self._graph, self._learned(), self._readers(rows))

    def _readers(self, rows: object) -> Readers:
        return Frame.of(rows).readers(self._learned().schema.dtypes)

    def _table(self, rows: object) -> Table:
        return Frame.of(rows).table(self._learned().schema.dtypes)


def _rows_and_target(rows: object, target: object) -> tuple[Frame, Target | None]:
    frame = Frame.of(rows)
    if target is None:
        return frame, None
    if isinstance(target, str):
        return frame.without(target), Target(read_target(frame.column(target), frame.rows))
    return frame, Target(read_target(target, frame.rows))
