"""A scikit-learn estimator as a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table, merged_origins, unique_names
from redspot.pipeline.errors import (
    EstimatorRefusedError,
    InvalidStepError,
    InvalidTargetError,
    UnsupportedPredictionError,
)
from redspot.pipeline.node import State, Step, Target

Task = Literal["classification", "regression", "other"]

# Two probabilities this close are one tie: sums over one row and over many differ in the last bits.
TIE = 1e-9


@dataclass(frozen=True)
class Estimate(Step):
    """Fits a scikit-learn estimator: a predictor at the end of a pipeline, or a transformer within."""

    kind: ClassVar[str] = "estimate"

    estimator: Any

    def __post_init__(self) -> None:
        if isinstance(self.estimator, type):
            raise InvalidStepError(f"estimate: give an instance, {self.estimator.__name__}(), not the class.")
        if not hasattr(self.estimator, "fit") or not hasattr(self.estimator, "get_params"):
            raise InvalidStepError(
                f"estimate: {type(self.estimator).__name__} is no scikit-learn estimator (it lacks fit or get_params)."
            )

    @property
    def is_predictor(self) -> bool:
        """Whether it predicts, and so has to be the last step."""
        return hasattr(self.estimator, "predict")

    @property
    def task(self) -> Task:
        """What kind of target it learns."""
        from sklearn.base import is_classifier, is_regressor

        if is_classifier(self.estimator):
            return "classification"
        return "regression" if is_regressor(self.estimator) else "other"

    def fit(self, table: Table, target: Target | None) -> State:
        """Fit a clone of the estimator, and return it."""
        from sklearn.base import clone

        estimator = clone(self.estimator)
        matrix = self._matrix(table)
        if target is not None and self.task == "regression" and target.values.dtype.kind == "U":
            raise InvalidTargetError(f"{self._name} learns numbers, and the target holds text.")
        if self.task != "other" and target is None:
            raise InvalidTargetError(f"{self._name} needs a target: fit(X, y).")
        try:
            estimator.fit(matrix, None if target is None else target.values)
        except (TypeError, ValueError) as error:
            raise EstimatorRefusedError(f"{self._name} could not learn: {error}") from error
        return {"estimator": estimator}

    def apply(self, table: Table, state: State) -> Table:
        """Return the transformed columns, or the prediction as one column."""
        fitted = state["estimator"]
        if self.is_predictor:
            values = predict(fitted, self._matrix(table))
            dtype: Literal["text", "float"] = "text" if values.dtype.kind == "U" else "float"
            column = Column("prediction", dtype, values.astype(object if dtype == "text" else np.float64), ())
            return Table((column,), table.rows)
        matrix = fitted.transform(self._matrix(table))
        matrix = np.asarray(matrix.todense() if hasattr(matrix, "todense") else matrix, dtype=np.float64)
        names = unique_names([str(name) for name in fitted.get_feature_names_out(np.array(table.names, dtype=object))])
        origins = merged_origins(table.columns)
        columns = tuple(Column(name, "float", matrix[:, index], origins) for index, name in enumerate(names))
        return Table(columns, table.rows)

    def predict(self, table: Table, state: State) -> NDArray[np.generic]:
        """Return one prediction per row."""
        return predict(state["estimator"], self._matrix(table))

    def answer(self, table: Table, state: State) -> tuple[NDArray[np.generic], NDArray[np.float64] | None]:
        """Return predictions and, where the estimator gives them, probabilities, computed once."""
        fitted, matrix = state["estimator"], self._matrix(table)
        probabilities = fitted.predict_proba(matrix) if hasattr(fitted, "predict_proba") else None
        return predict(fitted, matrix, probabilities), probabilities

    def predict_proba(self, table: Table, state: State) -> NDArray[np.float64]:
        """Return float64, shape (rows, classes)."""
        if not hasattr(state["estimator"], "predict_proba"):
            raise UnsupportedPredictionError(f"{self._name} gives no probabilities; use predict().")
        return np.asarray(state["estimator"].predict_proba(self._matrix(table)), dtype=np.float64)

    def params(self) -> dict[str, Any]:
        """Return the estimator's own parameters by name."""
        return dict(self.estimator.get_params(deep=True))

    def with_params(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy around another estimator, or around the same one with other parameters."""
        from sklearn.base import clone

        others = {name: value for name, value in changes.items() if name != "estimator"}
        estimator = clone(changes.get("estimator", self.estimator))
        try:
            estimator.set_params(**others)
        except ValueError as error:
            raise InvalidStepError(f"{self._name}: {error}") from error
        return type(self)(estimator)

    @property
    def _name(self) -> str:
        return type(self.estimator).__name__

    def _matrix(self, table: Table) -> NDArray[np.float64]:
        from sklearn.utils import get_tags

        return table.matrix(self._name, allow_missing=bool(get_tags(self.estimator).input_tags.allow_nan))


def predict(
    fitted: Any, matrix: NDArray[np.float64], probabilities: NDArray[np.float64] | None = None
) -> NDArray[np.generic]:
    """Return the estimator's prediction; of classes that tie, always the first.

    The last bits of a sum depend on how many rows are computed together. Without this, a row on the very
    border could be one class alone and another among many.
    """
    predicted = cast("NDArray[np.generic]", np.asarray(fitted.predict(matrix)))
    if not hasattr(fitted, "predict_proba") or not hasattr(fitted, "classes_") or predicted.ndim != 1:
        return predicted
    if probabilities is None:
        probabilities = np.asarray(fitted.predict_proba(matrix))
    classes = np.asarray(fitted.classes_)
    is_top = probabilities >= probabilities.max(axis=1, keepdims=True) - TIE
    is_among = (is_top & (classes[np.newaxis, :] == predicted[:, np.newaxis])).any(axis=1)
    return np.where(is_among & (is_top.sum(axis=1) > 1), classes[is_top.argmax(axis=1)], predicted)


def estimate(estimator: Any) -> Estimate:
    """Put a scikit-learn estimator into a pipeline.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> estimate(Ridge(alpha=2.0)).params()["alpha"]
    2.0
    """
    return Estimate(estimator)
