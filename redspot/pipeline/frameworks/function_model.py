"""A marked function as a predictor: nothing is learned but which labels there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from redspot.pipeline.column import NUMERIC, Column, Table, listed
from redspot.pipeline.errors import ColumnTypeError, InvalidTargetError, MissingValueError
from redspot.pipeline.learned import Task
from redspot.pipeline.node import require_choice
from redspot.pipeline.steps.custom import CustomStep


class FunctionModel(BaseEstimator):  # type: ignore[misc]
    """What `estimate` makes of a function of columns.

    Parameters
    ----------
    step
        The function with its options; they are parameters of the model, so that a search can try them.
    task
        ``regression``: the function returns one number per row. ``classification``: one label per row, each of them a
        label of the target.

    Attributes
    ----------
    classes_
        Labels of the target, sorted; only with ``classification``, after `fit`.
    """

    redspot_framework: ClassVar[str] = "function"

    def __init__(self, step: CustomStep, task: Task = "regression") -> None:
        require_choice("estimate", "task", task, ("classification", "regression"))
        self.step, self.task = step, task

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the options of the function, and the task."""
        return {"task": self.task, **self.step.params()}

    def set_params(self, **params: Any) -> Self:
        """Change options of the function, or the task.

        Raises
        ------
        InvalidStepError
            For a name that is no option; the message lists those that exist.
        """
        options = {name: value for name, value in params.items() if name != "task" or name in self.step.options}
        self.step = self.step.with_params(options)
        if "task" in params:
            require_choice("estimate", "task", params["task"], ("classification", "regression"))
            self.task = params["task"]
        return self

    def __sklearn_clone__(self) -> FunctionModel:
        return FunctionModel(self.step, self.task)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier" if self.task == "classification" else "regressor"
        tags.input_tags.allow_nan = True
        tags.target_tags.required = self.task == "classification"
        return tags

    def fit(self, table: Table, target: NDArray[np.generic] | None = None) -> Self:
        """Check that the function takes so many columns, and learn which labels there are.

        Raises
        ------
        InvalidStepError
            When it takes another number of columns.
        ColumnTypeError
            When it does not return one number, or one of the labels, for each row.
        """
        self.step.fit(table, None)
        if self.task == "classification":
            if target is None:
                raise InvalidTargetError(f"{self.step.function.name} needs a target that holds its labels: fit(X, y).")
            self.classes_ = np.unique(target)
        self.predict(table)
        return self

    def predict(self, table: Table) -> NDArray[np.generic]:
        """Return float64 numbers or labels, one per row.

        Raises
        ------
        ColumnTypeError
            When the function returns something else.
        MissingValueError
            When it returns no number, or an infinite one, for a row.
        """
        name = self.step.function.name
        columns = self.step.apply(table, {}).columns
        if len(columns) != 1:
            raise ColumnTypeError(
                f"{name} returned {len(columns)} columns ({listed(c.name for c in columns)}); a prediction is one."
            )
        return self._labels(columns[0]) if self.task == "classification" else self._numbers(columns[0])

    def _numbers(self, column: Column) -> NDArray[np.generic]:
        if column.dtype not in NUMERIC:
            raise ColumnTypeError(
                f"{self.step.function.name} returned {column.dtype}, and a prediction is a number; for labels say "
                "estimate(…, task='classification')."
            )
        values = column.floats()
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise MissingValueError(
                f"{self.step.function.name} returned no number, or an infinite one, for row {bad[0]}.", row=int(bad[0])
            )
        return cast("NDArray[np.generic]", values)

    def _labels(self, column: Column) -> NDArray[np.generic]:
        # True, 1 and 1.0 are one key, so that numbers find the label whichever type the function gave them.
        places: Mapping[object, int] = {label: index for index, label in enumerate(self.classes_.tolist())}
        given = column.values.tolist()
        for row, label in enumerate(given):
            if label not in places:
                raise ColumnTypeError(
                    f"{self.step.function.name} returned {label!r} for row {row}, which is no label of the target; "
                    f"they are {listed(map(str, places))}.",
                    row=row,
                )
        return cast("NDArray[np.generic]", self.classes_[[places[label] for label in given]])
