"""Categories as what the target is on average where they occur."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table
from redspot.pipeline.errors import InvalidStepError, InvalidTargetError
from redspot.pipeline.folds import plan_folds
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.categories import category_code, category_texts
from redspot.pipeline.steps.parameters import require_number, require_whole
from redspot.pipeline.steps.values import made, table_of, with_unique_names

Task = Literal["auto", "regression", "classification"]


@dataclass(frozen=True)
class TargetEncode(Step):
    """Replaces each category by the mean of the target in its training rows, drawn towards the mean of all rows.

    State: ``categories`` of each column; ``means``, float64, shape (categories of all columns, outputs);
    ``priors``, float64, shape (outputs,); ``labels`` of the outputs, where there are several.
    """

    kind: ClassVar[str] = "target_encode"

    smooth: float | Literal["auto"] = "auto"
    folds: int = 5
    seed: int = 0
    task: Task = "auto"

    def __post_init__(self) -> None:
        if isinstance(self.smooth, str):
            if self.smooth != "auto":
                raise InvalidStepError(f"target_encode: smooth is 'auto' or a number, not {self.smooth!r}.")
        else:
            require_number(self.kind, "smooth", self.smooth, 0.0)
        require_whole(self.kind, "folds", self.folds, 2)
        require_whole(self.kind, "seed", self.seed, 0)
        require_choice(self.kind, "task", self.task, ("auto", "regression", "classification"))

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the means of each category from all rows."""
        values, labels, _ = self._wanted(target)
        coded = [_coded(column, self.kind) for column in table.columns]
        return self._learned(coded, values, labels)

    def fit_apply(self, table: Table, target: Target | None) -> tuple[State, Table]:
        """Learn from all rows; each training row gets what was learned from the other folds."""
        values, labels, strata = self._wanted(target)
        coded = [_coded(column, self.kind) for column in table.columns]
        state = self._learned(coded, values, labels)
        if table.rows < 2:
            return state, self.apply(table, state)
        encoded = [np.empty((table.rows, values.shape[1])) for _ in coded]
        for fold in plan_folds(table.rows, min(self.folds, table.rows), self.seed, strata=strata):
            others = np.ones(table.rows, dtype=bool)
            others[fold] = False
            priors = values[others].mean(axis=0)
            for (codes, categories), out in zip(coded, encoded, strict=True):
                means = self._means(codes[others], len(categories), values[others], priors)
                out[fold] = np.vstack([means, priors])[codes[fold]]
        columns = [
            column.numeric(out[:, index], name)
            for column, out in zip(table.columns, encoded, strict=True)
            for index, name in enumerate(_output_names(column.name, labels))
        ]
        return state, table_of(columns, table.rows)

    def apply(self, table: Table, state: State) -> Table:
        """Return the means of the categories."""
        columns: list[Column] = []
        for column, places, means in zip(table.columns, *_parts(state), strict=True):
            texts = category_texts(column, self.kind)
            # The last row of the means is what every other category and a missing value get.
            found = texts.gathered([*(places.get(label, len(places)) for label in texts.labels), len(places)], np.intp)
            columns.extend(
                column.numeric(means[found, index], name)
                for index, name in enumerate(_output_names(column.name, state["labels"]))
            )
        return table_of(columns, table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the look-up of each value."""
        outputs: list[Value] = []
        for value, places, means in zip(inputs, *_parts(state), strict=True):
            source = category_code(code, value)
            for index, name in enumerate(_output_names(value.name, state["labels"])):
                numbers = means[:, index].tolist()
                table: dict[str | None, float] = {category: numbers[place] for category, place in places.items()}
                number = code.variable(code.looked_up(source, table, numbers[-1]))
                outputs.append(made(name, "float", number, may_miss=False))
        return with_unique_names(outputs)

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the names of the inputs, where there is surely one output for each."""
        return inputs if self.task == "regression" else None

    def _wanted(self, target: Target | None) -> tuple[NDArray[np.float64], list[str], NDArray[np.generic] | None]:
        """Return what is averaged, shape (rows, outputs), the labels of several outputs, and what folds balance."""
        if target is None:
            raise InvalidTargetError("target_encode needs a target: fit(X, y).")
        values = target.values
        is_class = self.task == "classification" or (self.task == "auto" and values.dtype.kind in "Ub")
        if not is_class:
            if values.dtype.kind == "U":
                raise InvalidTargetError("target_encode: task 'regression' needs numbers, and the target holds text.")
            return values.astype(np.float64)[:, np.newaxis], [], None
        classes, codes = np.unique(values, return_inverse=True)
        if len(classes) <= 2:
            # With one class alone every share is 1 of it; counted as the second, as if the first were absent.
            return (codes == len(classes) - 1).astype(np.float64)[:, np.newaxis], [], values
        bits = (codes[:, np.newaxis] == np.arange(len(classes))).astype(np.float64)
        return bits, [str(label) for label in classes.tolist()], values

    def _learned(
        self, coded: Sequence[tuple[NDArray[np.intp], list[str]]], values: NDArray[np.float64], labels: list[str]
    ) -> State:
        priors = values.mean(axis=0)
        means = [self._means(codes, len(categories), values, priors) for codes, categories in coded]
        return {
            "categories": [categories for _, categories in coded],
            "means": np.concatenate(means).reshape(-1, values.shape[1]),
            "priors": priors,
            "labels": labels,
        }

    def _means(
        self, codes: NDArray[np.intp], size: int, values: NDArray[np.float64], priors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the drawn means of each category: float64, shape (size, outputs)."""
        known = codes >= 0
        codes, values = codes[known], values[known]
        counts = np.bincount(codes, minlength=size).astype(np.float64)
        means = np.empty((size, values.shape[1]))
        for output, prior in enumerate(priors.tolist()):
            y = values[:, output]
            sums = np.bincount(codes, weights=y, minlength=size)
            with np.errstate(invalid="ignore", divide="ignore"):
                if self.smooth != "auto":
                    mean = (sums + self.smooth * prior) / (counts + self.smooth)
                else:
                    own = sums / counts
                    within = np.bincount(codes, weights=(y - own[codes]) ** 2, minlength=size) / counts
                    trust = _variance(y, prior) * counts
                    trust = trust / (trust + within)
                    mean = trust * own + (1.0 - trust) * prior
            # A category without rows, or a target without any spread, says nothing of its own.
            means[:, output] = np.where(np.isfinite(mean), mean, prior)
        return means


def _variance(values: NDArray[np.float64], prior: float) -> float:
    return float(np.mean((values - prior) ** 2)) if len(values) else math.nan


def _coded(column: Column, kind: str) -> tuple[NDArray[np.intp], list[str]]:
    """Return for each row the place of its category, -1 for missing, and the categories in order."""
    texts = category_texts(column, kind)
    seen = [label for label, count in zip(texts.labels, texts.counts().tolist(), strict=True) if count]
    categories = sorted(seen)
    places = {category: index for index, category in enumerate(categories)}
    return texts.gathered([*(places.get(label, -1) for label in texts.labels), -1], np.intp), categories


def _parts(state: State) -> tuple[list[dict[str, int]], list[NDArray[np.float64]]]:
    """Return for each column the places of its categories and its means, the priors last."""
    places = [{category: index for index, category in enumerate(each)} for each in state["categories"]]
    ends = np.cumsum([len(each) for each in places])[:-1]
    return places, [np.vstack([part, state["priors"]]) for part in np.split(state["means"], ends)]


def _output_names(name: str, labels: Sequence[str]) -> list[str]:
    return [f"{name} for {label}" for label in labels] or [name]


def target_encode(
    *, smooth: float | Literal["auto"] = "auto", folds: int = 5, seed: int = 0, task: Task = "auto"
) -> TargetEncode:
    """Replace each category by the mean of the target in its training rows.

    Texts, truths or numbers in, float out. Numbers are averaged; of two classes the share of the second one is taken;
    both keep the name of the column. Of more classes each one's share is taken, in a column ``<column> for <class>``.
    A category that training did not see, and a missing value, get the mean of all rows.

    The mean of a category is drawn towards the mean of all rows, the more so the fewer rows it has: by `smooth` rows
    that have the overall mean, or (``auto``) by empirical Bayes, trust = n·v / (n·v + w), with n rows, the variance v
    of the target and w within the category, as scikit-learn's `TargetEncoder` does. (Micci-Barreca, 2001.)

    What comes after this step in training gets, for each row, what was learned from the folds without that row.

    Parameters
    ----------
    smooth
        Number of rows, 0 or more, or ``auto``.
    folds, seed
        How many folds training rows are parted into, and of what shuffling; the same seed gives the same folds.
    task
        Whether the target is averaged (``regression``) or counted by class (``classification``); ``auto`` counts texts
        and truths, and averages numbers.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("city").then(target_encode(smooth=0)))
    >>> made = made.fit({"city": ["Rome", "Rome", "Oslo"]}, [10.0, 20.0, 60.0])
    >>> made.transform({"city": ["Rome", "Bonn", None]})
    {'city': array([15., 30., 30.])}
    """
    return TargetEncode(smooth, folds, seed, task)
