"""An estimator of any framework as a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from redspot.errors import RedspotError
from redspot.pipeline.column import Column, Table, merged_origins, unique_names
from redspot.pipeline.compiled import links
from redspot.pipeline.compiled.thresholds import as_float32
from redspot.pipeline.errors import (
    EstimatorRefusedError,
    InvalidStepError,
    InvalidTargetError,
)
from redspot.pipeline.frameworks import framework_named, framework_of
from redspot.pipeline.frameworks.sklearn import is_column_wise
from redspot.pipeline.learned import Facts, Learned, Task
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.plain import json_params
from redspot.pipeline.rowcode import RowCode, Value, one_row
from redspot.pipeline.sparse_table import csr_of, is_sparse, reads_sparse, stretches
from redspot.pipeline.steps.custom import CustomStep
from redspot.pipeline.texts import Texts

Answers = tuple[NDArray[np.generic], NDArray[np.float64] | None]


# Classes and not functions: other processes, such as those of a search, get copies of a pipeline.
@dataclass(frozen=True, eq=False)
class _Given:
    estimator: Any

    def __call__(self) -> Any:
        return self.estimator


@dataclass(frozen=True, eq=False)
class _OfLearned:
    learned: Learned

    def __call__(self) -> Any:
        return _unfitted(self.learned.estimator)


@dataclass(frozen=True, eq=False)
class Estimate(Step):
    """Fits an estimator: a predictor at the end of a pipeline, or a transformer within.

    Attributes
    ----------
    facts
        What is known of the estimator.
    source
        Gives the estimator, not fitted; a pipeline that was loaded makes it when it is asked for.
    shown
        The estimator's parameters as JSON.
    """

    kind: ClassVar[str] = "estimate"

    facts: Facts
    source: Callable[[], Any] = field(repr=False)
    shown: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, estimator: Any, task: Task | None = None) -> Self:
        """Return the step around an estimator, or around a step that is a function.

        Raises
        ------
        InvalidStepError
            When it is a class, or no estimator; or when `task` is given for one that knows it itself.
        """
        if isinstance(estimator, CustomStep):
            from redspot.pipeline.frameworks.function_model import FunctionModel

            estimator = FunctionModel(estimator, task or "regression")
        elif task is not None:
            raise InvalidStepError(f"estimate: task is for functions; {type(estimator).__name__} knows what it learns.")
        if isinstance(estimator, type):
            raise InvalidStepError(f"estimate: give an instance, {estimator.__name__}(), not the class.")
        if not hasattr(estimator, "fit") or not hasattr(estimator, "get_params"):
            raise InvalidStepError(
                f"estimate: {type(estimator).__name__} is no scikit-learn estimator (it lacks fit or get_params)."
            )
        framework_of(estimator)[1].refuse(estimator)
        return cls(Facts.of(estimator), _Given(estimator), json_params(estimator.get_params(deep=True)))

    @classmethod
    def of_learned(cls, learned: Learned, shown: Mapping[str, Any]) -> Self:
        """Return the step that learned this and has these parameters, without asking for the estimator yet."""
        return cls(learned.facts, _OfLearned(learned), shown)

    @cached_property
    def estimator(self) -> Any:
        """The estimator, not fitted."""
        return self.source()

    @property
    def predicts(self) -> bool:
        """Whether the estimator predicts, and so has to be the last step."""
        return self.facts.is_predictor

    @property
    def title(self) -> str:
        """Name of the estimator's class."""
        return self.facts.title

    def cloned(self) -> Self:
        """Return a step with an estimator of its own."""
        return self.with_params({})

    @property
    def task(self) -> Task:
        """What kind of target it learns."""
        return self.facts.task

    def fit(self, table: Table, target: Target | None) -> Learned:
        """Fit a clone of the estimator, and return it."""
        estimator = _unfitted(self.estimator)
        given = self._given(table, estimator)
        if target is not None and self.task == "regression" and target.values.dtype.kind == "U":
            raise InvalidTargetError(f"{self.title} learns numbers, and the target holds text.")
        if self.task != "other" and target is None and _needs_target(estimator):
            raise InvalidTargetError(
                f"{self.title} needs a target, and requires y to be passed, but the target y is None: fit(X, y)."
            )
        framework = framework_named(self.facts.framework)
        values, classes = None if target is None else target.values, None
        if values is not None and self.task == "classification" and framework.wants_codes:
            classes, values = np.unique(values, return_inverse=True)
        refusals: tuple[type[Exception], ...] = (TypeError, ValueError, *framework.errors())
        try:
            estimator.fit(given, values)
        except RedspotError:
            # Said by one of our own, in a sentence already.
            raise
        except refusals as error:
            raise EstimatorRefusedError(f"{self.title} could not learn: {error}") from error
        return Learned.of(estimator, classes)

    def apply(self, table: Table, state: State) -> Table:
        """Return the transformed columns, or the prediction as one column."""
        if self.predicts:
            values = self.answer(table, state)[0]
            if values.dtype.kind != "U":
                return Table((Column("prediction", "float", values.astype(np.float64), ()),), table.rows)
            return Table((Column("prediction", "text", Texts.of(values.tolist(), str), ()),), table.rows)
        fitted = state["estimator"]
        matrix = fitted.transform(self._given(table, fitted))
        matrix = np.asarray(matrix.todense() if hasattr(matrix, "todense") else matrix, dtype=np.float64)
        names = unique_names([str(name) for name in fitted.get_feature_names_out(np.array(table.names, dtype=object))])
        together = merged_origins(table.columns)
        # What comes out of such a transformer under the name of a column was made of that column alone.
        alone = {column.name: column.origins for column in table.columns} if is_column_wise(fitted) else {}
        columns = tuple(
            Column(name, "float", matrix[:, index], alone.get(name, together)) for index, name in enumerate(names)
        )
        return Table(columns, table.rows)

    def answer(self, table: Table, state: State, *, compiled: bool = True, with_probabilities: bool = True) -> Answers:
        """Return one prediction per row and, where the estimator gives them, probabilities.

        Parameters
        ----------
        table
            What the estimator reads.
        state
            What it has learned.
        compiled
            Whether the compiled model may answer; otherwise the framework's own object does.
        with_probabilities
            Whether probabilities are wanted.
        """
        learned = cast("Learned", state)
        if compiled and learned.model is not None:
            sums = learned.model.sums(table)
            if sums is not None:
                likely = links.probabilities(learned.model.link, sums)
                return links.predictions(learned.model.link, sums, likely, learned.classes), likely
        fitted = learned.estimator
        if is_sparse(table) and not reads_sparse(fitted):
            parts = [self._framework_answer(fitted, each, learned.classes) for each in stretches(table)]
            likely_parts = [likely for _, likely in parts if likely is not None]
            return np.concatenate([given for given, _ in parts]), np.concatenate(likely_parts) if likely_parts else None
        return self._framework_answer(fitted, table, learned.classes)

    def _framework_answer(self, fitted: Any, table: Table, classes: NDArray[np.generic] | None) -> Answers:
        given = self._given(table, fitted)
        if not self.facts.has_probabilities or classes is None:
            return np.asarray(fitted.predict(given)), None
        likely = np.asarray(fitted.predict_proba(given), dtype=np.float64)
        if framework_named(self.facts.framework).wants_codes:
            return classes[links.first_of_top(likely)], likely
        return _labels(fitted, given, likely), likely

    def write_answer(self, code: RowCode, inputs: Sequence[Value], state: State) -> str:
        """Write down the answer to one row, and return an expression for it, a dict."""
        learned = cast("Learned", state)
        if learned.model is not None:
            sums = learned.model.row(code, inputs)
            return links.write_answer(code, learned.model.link, sums, learned.classes)
        columns = [(value.name, value.dtype) for value in inputs]

        def call(*values: Any) -> dict[str, Any]:
            given, likely = self.answer(one_row(columns, values), learned)
            return answers_of(given, likely, learned.classes)[0]

        return f"{code.constant(call)}({', '.join(code.floats(value) for value in inputs)})"

    def told(self, state: State, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return what the compiled model says of itself; the framework's own object is not restored only to tell."""
        model = cast("Learned", state).model
        return [] if model is None else model.told(names)

    def params(self) -> dict[str, Any]:
        """Return the estimator's own parameters by name."""
        return dict(self.estimator.get_params(deep=True))

    def with_params(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy around another estimator, or around the same one with other parameters."""
        others = {name: value for name, value in changes.items() if name != "estimator"}
        estimator = _unfitted(changes.get("estimator", self.estimator))
        try:
            estimator.set_params(**others)
        except ValueError as error:
            raise InvalidStepError(f"{self.title}: {error}") from error
        return self.of(estimator)

    def _given(self, table: Table, estimator: Any) -> Any:
        """Return what the estimator reads: a matrix, or for some frameworks the table itself."""
        return table if framework_named(self.facts.framework).reads_tables else self._matrix(table, estimator)

    def _matrix(self, table: Table, estimator: Any) -> Any:
        """Return what an estimator reads: float64, shape (rows, columns); sparse where columns are and it can."""
        allow_missing, largest = self.facts.allows_missing, np.finfo(np.float32).max
        if is_sparse(table) and reads_sparse(estimator):
            sparse = csr_of(table, self.title, allow_missing=allow_missing)
            if self.facts.is_float32 and bool((np.abs(sparse.data) > largest).any()):
                sparse.data = as_float32(sparse.data)
            return sparse
        matrix = table.matrix(self.title, allow_missing=allow_missing)
        # Libraries that round to float32 refuse what does not fit; here it counts as their largest number.
        is_large = self.facts.is_float32 and bool((np.abs(matrix) > largest).any())
        return as_float32(matrix) if is_large else matrix


def answers_of(
    given: NDArray[np.generic], likely: NDArray[np.float64] | None, classes: NDArray[np.generic] | None
) -> list[dict[str, Any]]:
    """Return for each row its prediction and, where there are any, the probability of each class by its text."""
    answers: list[dict[str, Any]] = [{"prediction": value} for value in given.tolist()]
    if likely is not None and classes is not None:
        labels = [str(label) for label in classes.tolist()]
        for answer, values in zip(answers, likely.tolist(), strict=True):
            answer["probabilities"] = dict(zip(labels, values, strict=True))
    return answers


def _labels(fitted: Any, given: Any, likely: NDArray[np.float64]) -> NDArray[np.generic]:
    """Return the estimator's prediction; of classes that tie, always the first.

    The last bits of a sum depend on how many rows are computed together. Without this, a row on the very
    border could be one class alone and another among many.
    """
    predicted = cast("NDArray[np.generic]", np.asarray(fitted.predict(given)))
    classes = np.asarray(fitted.classes_)
    if predicted.ndim != 1:
        return predicted
    is_top = likely >= likely.max(axis=1, keepdims=True) - links.TIE
    is_among = (is_top & (classes[np.newaxis, :] == predicted[:, np.newaxis])).any(axis=1)
    return np.where(is_among & (is_top.sum(axis=1) > 1), classes[is_top.argmax(axis=1)], predicted)


def _needs_target(estimator: Any) -> bool:
    from sklearn.utils import get_tags

    return bool(get_tags(estimator).target_tags.required)


def _unfitted(estimator: Any) -> Any:
    from sklearn.base import clone

    return clone(estimator)


def estimate(estimator: Any, *, task: Task | None = None) -> Estimate:
    """Put an estimator into a pipeline: scikit-learn's, or anything with its methods.

    A function marked with `step` is a predictor too: ``estimate(price_rule(factor=2.0))`` predicts what the function
    returns, one number per row.

    Parameters
    ----------
    estimator
        Not fitted; or a marked function, called with its options.
    task
        Of a function: ``regression`` when it returns numbers, as it is when nothing is said, or ``classification``
        when it returns labels. An estimator knows it itself.

    Raises
    ------
    InvalidStepError
        When it is a class, or no estimator; or when `task` is given for one that knows it itself.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> estimate(Ridge(alpha=2.0)).params()["alpha"]
    2.0
    """
    return Estimate.of(estimator, task)
