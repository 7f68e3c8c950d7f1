"""How good a pipeline is, and what its predictions rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from redspot.pipeline.availability import available
from redspot.pipeline.column import listed
from redspot.pipeline.definition import Definition
from redspot.pipeline.errors import InvalidTargetError, UnsupportedPredictionError
from redspot.pipeline.portrait import Portrait

if TYPE_CHECKING:
    from redspot.pipeline.column import Values
    from redspot.pipeline.estimating import Estimate
    from redspot.pipeline.evaluation import Evaluation
    from redspot.pipeline.frame import Frame
    from redspot.pipeline.graph import Node
    from redspot.pipeline.importance import Importance
    from redspot.pipeline.pipeline import Pipeline
    from redspot.pipeline.searching import Search
    from redspot.pipeline.validating import CrossValidation


def can_predict(definition: Definition) -> None:
    """Refuse a pipeline without a predictor, by UnsupportedPredictionError."""
    if definition.graph.predictor is None:
        raise UnsupportedPredictionError(
            f"No step predicts; the last of {listed(definition.steps)} would have to be estimate(…)."
        )


def can_tell_probabilities(definition: Definition) -> None:
    """Refuse a pipeline that gives no probabilities, by UnsupportedPredictionError."""
    can_predict(definition)
    facts = cast("Estimate", cast("Node", definition.graph.predictor).step).facts
    if facts.task != "classification":
        raise UnsupportedPredictionError("Only a classifier gives probabilities; use predict().")
    if not facts.has_probabilities:
        raise UnsupportedPredictionError(f"{facts.title} gives no probabilities; use predict().")


class Judged(Portrait):
    """A pipeline beside the truth."""

    def _with_target(self, X: object, y: object) -> tuple[Frame, object]:  # noqa: N803
        """Return the rows, and what is left of `y` once a target branch has it among its raw columns."""
        from redspot.pipeline.frame import Frame

        frame = Frame.of(X)
        if self._defined.target is None:
            return frame, y
        from redspot.pipeline.targeting import with_target

        return with_target(self._defined.target, frame, y), None

    def rows_and_truth(self, X: object, y: object = None) -> tuple[Frame, Values]:  # noqa: N803
        """Return the rows that can be judged, and their true values in the unit of the predictions.

        Parameters
        ----------
        X, y
            As `fit` takes them; without a `target` branch, `y` is needed.

        Raises
        ------
        InvalidTargetError
            When there are no rows, or no true value for each.
        """
        from redspot.pipeline.evaluation.evaluating import read_truth
        from redspot.pipeline.frame import Frame

        if self._fitted is not None:
            X = Frame.of_width(X, self.columns)  # noqa: N806
        frame, y = self._with_target(X, y)
        if self._defined.target is None:
            return frame, read_truth(frame, y)
        from redspot.pipeline.rows import take
        from redspot.pipeline.targeting import make_target

        made = make_target(self._graph, frame, None if self._fitted is None else self._fitted.states)
        if not len(made.rows):
            raise InvalidTargetError("Judging a pipeline needs rows and their true values.")
        return frame if len(made.rows) == frame.rows else Frame.of(take(frame, made.rows)), made.truth

    def evaluate(self, X: object, y: object = None, **options: Any) -> Evaluation:  # noqa: N803
        """Return how good the predictions are, and remember the numbers as `metrics_`.

        The result is a mapping of metrics: ``accuracy``, ``f1_macro``, ``log_loss`` and more for a classifier; ``mae``,
        ``rmse``, ``r2`` and more for a regressor. It also has confusion, calibration and, when they are asked for,
        slices and intervals. Options are those of `redspot.pipeline.evaluation.evaluate`: ``slices``, ``bootstrap``,
        ``seed``, ``groups``.
        """
        from redspot.pipeline.evaluation import evaluate

        can_predict(self)
        self._learned()
        result = evaluate(self._whole, X, y, **options)
        self._metrics = dict(result)
        return result

    def importance(self, X: object, y: object = None, **options: Any) -> Importance:  # noqa: N803
        """Return how much the predictions rest on each raw column; see `redspot.pipeline.importance.importance`."""
        from redspot.pipeline.importance import importance

        can_predict(self)
        self._learned()
        return importance(self._whole, X, y, **options)

    def cross_validate(self, X: object, y: object = None, **options: Any) -> CrossValidation:  # noqa: N803
        """Return metrics on rows left out of fitting; see `redspot.pipeline.validating.cross_validate`."""
        from redspot.pipeline.validating import cross_validate

        return cross_validate(self._whole, X, y, **options)

    def search(self, space: Mapping[str, Any], X: object, y: object = None, **options: Any) -> Search:  # noqa: N803
        """Try parameters and return the best pipeline; see `redspot.pipeline.searching.search`."""
        from redspot.pipeline.searching import search

        return search(self._whole, space, X, y, **options)

    @available(can_predict)
    def score(self, X: object, y: object = None) -> float:  # noqa: N803
        """Return accuracy or R², as scikit-learn's own estimators do; remembers nothing."""
        remembered = self._metrics
        try:
            metrics = self.evaluate(X, y)
        finally:
            self._metrics = remembered
        return metrics["accuracy"] if "accuracy" in metrics else metrics["r2"]

    @property
    def _whole(self) -> Pipeline:
        return cast("Pipeline", self)
