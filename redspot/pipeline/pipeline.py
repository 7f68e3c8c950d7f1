"""The pipeline: one object from raw columns to predictions, in the notebook, the job and the endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.availability import available
from redspot.pipeline.column import listed
from redspot.pipeline.errors import (
    InvalidTargetError,
    UnknownColumnError,
)
from redspot.pipeline.judged import Judged, can_predict, can_tell_probabilities
from redspot.pipeline.node import Target
from redspot.pipeline.storing import Stored
from redspot.pipeline.transformed import Transformed

# What learning and answering need is imported by them: a program that only opens a notebook starts without it.
if TYPE_CHECKING:
    from redspot.pipeline.column import Table
    from redspot.pipeline.estimating import Estimate
    from redspot.pipeline.file import Content
    from redspot.pipeline.fitting import Feature, Fitted
    from redspot.pipeline.frame import Readers
    from redspot.pipeline.graph import Graph, Node
    from redspot.pipeline.learned import Learned
    from redspot.pipeline.metadata import Metadata
    from redspot.pipeline.parity import ParityReport, ParitySet
    from redspot.pipeline.rowfunction import RowFunction
    from redspot.pipeline.schema import Schema


class Pipeline(Judged, Stored):
    """A graph of named steps over named, typed columns.

    Parameters
    ----------
    **parts
        Each is a branch from raw columns, a join of earlier parts, or a single step, which continues all parts that
        nothing else has continued. A step of a branch is called ``<part>_<kind>``; a single step has the part's name.

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
            The target: a series, an array, a list, or the name of a column of `X`. With a `target` branch it is made
            of columns of `X`, and `y` is left out or takes the place of the one raw column.

        Raises
        ------
        UnknownColumnError, ColumnTypeError, InvalidTargetError
            When a column is absent, mixes types, or the target does not fit the rows.
        """
        from redspot.pipeline.fitting import fit_graph
        from redspot.pipeline.frame import read_target
        from redspot.pipeline.metadata import metadata_of

        began = perf_counter()
        frame, y = self._with_target(X, y)
        is_named = isinstance(y, str)
        if is_named and y in self._defined.columns:
            raise InvalidTargetError(f"Column {y!r} is both the target and read by the pipeline.")
        offered = frame.without(cast("str", y)) if is_named else frame
        graph = self._defined
        if not graph.is_resolved:
            graph = graph.resolved({name: offered.dtype(name) for name in offered.columns})
        for name in graph.columns:
            if name not in offered.columns:
                raise UnknownColumnError(
                    f"No column {name!r} in the data; it has {listed(offered.columns)}.", column=name
                )
        table = offered.selected(graph.columns).table({name: offered.dtype(name) for name in graph.columns})
        made, target = None, None
        if graph.target is not None:
            from redspot.pipeline.targeting import at_rows, make_target

            made = make_target(graph, frame)
            table, target = at_rows(table, made.rows), made.target
        elif y is not None:
            target = Target(read_target(frame.column(y) if isinstance(y, str) else y, frame.rows))
        self._graph = graph
        fitted = fit_graph(graph, table, target, made)
        fit_s = perf_counter() - began
        truth = target if made is None else Target(made.truth)
        self._take(fitted, table, metadata_of(graph, fitted, table, truth, fit_s))
        return self

    @property
    def is_fitted(self) -> bool:
        """Whether `fit` has run."""
        return self._fitted is not None

    def __sklearn_is_fitted__(self) -> bool:
        return self.is_fitted

    def __sklearn_tags__(self) -> Any:
        from sklearn.base import BaseEstimator
        from sklearn.utils import TransformerTags, get_tags

        predictor = self._graph.predictor
        tags = get_tags(cast("Estimate", predictor.step).estimator if predictor else BaseEstimator())
        tags.transformer_tags = TransformerTags()
        is_filled = any(node.step.kind == "impute" for node in self._graph.nodes)
        tags.input_tags.allow_nan = is_filled or tags.input_tags.allow_nan
        tags.input_tags.string = True
        tags.input_tags.sparse = False
        tags.target_tags.multi_output = False
        return tags

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """Raw columns that the pipeline reads, as scikit-learn calls them."""
        self._require_sklearn_fitted("feature_names_in_")
        return np.array(self.columns, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """Number of raw columns that the pipeline reads, as scikit-learn calls it."""
        self._require_sklearn_fitted("n_features_in_")
        return len(self.columns)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the names of the columns that `transform` gives; what is passed is ignored."""
        from redspot.pipeline.graph import joined_names

        fitted = self._learned()
        predictor = self._graph.predictor
        ends = self._graph.ends if predictor is None else predictor.inputs
        names = [tuple(feature.name for feature in fitted.features[name]) for name in ends]
        return np.array(joined_names(ends, names), dtype=object)

    def _require_sklearn_fitted(self, name: str) -> None:
        if self._fitted is None:
            raise AttributeError(f"{name} is known once the pipeline is fitted.")

    @property
    def classes_(self) -> NDArray[np.generic]:
        """Classes in the order of the columns of `predict_proba`."""
        self._require_sklearn_fitted("classes_")
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

    @available(can_predict)
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
        from redspot.pipeline import batch

        _, fitted = self._predictor()
        rows = self._readers(X)
        if not rows.rows:
            return np.empty(0, dtype=self._answer_dtype(fitted))
        return batch.predicted(self._graph, fitted, rows, compiled=compiled)

    @available(can_tell_probabilities)
    def predict_proba(self, X: object, *, compiled: bool = True) -> NDArray[np.float64]:  # noqa: N803
        """Return float64, shape (rows, classes); the order of the classes is that of `classes_`."""
        from redspot.pipeline import batch

        _, fitted = self._predictor()
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
            from redspot.pipeline.rowfunction import row_function

            _, fitted = self._predictor()
            self._row_function = row_function(self._graph, fitted)
        return self._row_function

    def transform(self, X: object, step: str | None = None) -> Transformed:  # noqa: N803
        """Return the columns that a step gives, by name; without a step, those that the predictor reads.

        The result is a dict of arrays, which numpy and scikit-learn take as a matrix.
        """
        from redspot.pipeline.fitting import run_to
        from redspot.pipeline.frame import Frame

        node = None if step is None else self._graph.node(step)
        fitted = self._learned()
        if node is not None and self._graph.target is not None and node in self._graph.target.nodes:
            from redspot.pipeline.targeting import make_target

            table = make_target(self._graph, Frame.of(X), fitted.states).tables[node.name]
        else:
            table = run_to(self._graph, fitted, self._table(X), None if node is None else node.name)
        return Transformed({column.name: column.values for column in table.columns}, table.rows)

    def fit_transform(self, X: object, y: object = None) -> Transformed:  # noqa: N803
        """Learn from rows, and return what `transform` gives for them."""
        return self.fit(X, y).transform(X)

    def answers(self, X: object) -> list[dict[str, Any]]:  # noqa: N803
        """Return for each row what `predict_one` gives: prediction, probabilities and the other outputs."""
        from redspot.pipeline import batch

        self._predictor()
        rows = self._readers(X)
        return batch.answers(self._graph, self._learned(), rows) if rows.rows else []

    def check_parity(self) -> ParityReport:
        """Answer the parity rows again, one by one and all together, and compare with those of the day of fitting."""
        from redspot.pipeline.parity import compare

        node, fitted = self._predictor()
        tolerance = cast("Learned", fitted.states[node.name]).facts.tolerance
        parity = cast("ParitySet", self._parity)
        alone = compare(parity.answers, [self.predict_one(row) for row in parity.rows], tolerance)
        # A step that looks at other rows, such as their mean, would answer one request so and a batch otherwise.
        together = compare(parity.answers, self.answers(parity.rows), tolerance)
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
        self._fitted, self._parity, self._metrics, self._row_function = fitted, None, {}, None
        self._metadata = metadata
        if self._graph.predictor is not None:
            from redspot.pipeline.parity import ParitySet, sample_rows

            rows = sample_rows(table)
            self._parity = ParitySet(rows, tuple(self.answers(rows)))

    @classmethod
    def of_content(cls, content: Content) -> Self:
        """Return the fitted pipeline that a file held."""
        made = cls._of(content.graph)
        made._fitted, made._parity, made._metrics = content.fitted, content.parity, dict(content.metrics)
        made._metadata = content.metadata
        return made

    def _part(self, graph: Graph, prefix: str = "") -> Self:
        made = self._of(graph)
        if self._fitted is None:
            return made
        from redspot.pipeline.parting import part_of

        sample = self._table([dict(row) for row in self._parity.rows]) if self._parity is not None else None
        fitted, table = part_of(self._graph, self._fitted, graph, prefix, sample)
        made._fitted = fitted
        if graph.predictor is not None and table is not None:
            made._take(fitted, table)
        return made

    def _columns_of(self, name: str) -> tuple[str, ...] | None:
        return None if self._fitted is None else tuple(each.name for each in self._fitted.features[name])

    # -- inside -------------------------------------------------------------------------------------

    def _predictor(self) -> tuple[Node, Fitted]:
        can_predict(self)
        return cast("Node", self._graph.predictor), self._learned()

    def _answer_dtype(self, fitted: Fitted) -> np.dtype[Any]:
        return self.classes_.dtype if fitted.schema.task == "classification" else np.dtype(np.float64)

    def _readers(self, rows: object) -> Readers:
        from redspot.pipeline.frame import Frame

        dtypes = self._learned().schema.dtypes
        return Frame.of_width(rows, tuple(dtypes)).readers(dtypes)
