"""What each raw column has to do with one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from redspot.pipeline.column import NUMERIC, Column, Table, listed
from redspot.pipeline.errors import InvalidStepError, UnknownColumnError, UnsupportedPredictionError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.schema import JsonValue, json_values
from redspot.pipeline.steps.parameters import require_names, require_whole

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Explain(Step):
    """Tells by how much an answer changes when one raw column has its typical value instead.

    State: ``columns`` by name, and for each its ``typical`` value: the median of numbers, the most frequent text or
    truth, missing for all else.
    """

    kind: ClassVar[str] = "explain"
    explains: ClassVar[bool] = True

    columns: tuple[str, ...] | None = None
    top: int | None = None

    def __post_init__(self) -> None:
        if self.columns is not None:
            object.__setattr__(self, "columns", tuple(self.columns))
            require_names(self.kind, "columns", self.columns or ())
        if self.top is not None:
            require_whole(self.kind, "top", self.top)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the typical value of each raw column."""
        for name in self.columns or ():
            if name not in table.names:
                raise UnknownColumnError(f"explain: no column {name!r}; there are {listed(table.names)}.", column=name)
        chosen = self.columns or table.names
        return {"columns": list(chosen), "typical": [_typical(table[name]) for name in chosen]}

    def apply(self, table: Table, state: State) -> Table:
        """Refuse: it needs an answer, and not only columns."""
        raise InvalidStepError("explain() looks at the answer; write it as a part of its own: explanation=explain().")

    def kept(self, effects: Mapping[str, float]) -> dict[str, float]:
        """Return the effects to show: all of them, or the largest, largest first."""
        if self.top is None:
            return dict(effects)
        ordered = sorted(effects, key=lambda name: -abs(effects[name]))
        return {name: effects[name] for name in ordered[: self.top]}

    def of_one(
        self,
        row: Mapping[str, object],
        answer: Answer,
        answer_of: Callable[[Mapping[str, object]], Answer],
        state: State,
    ) -> dict[str, float]:
        """Return the effect of each column on the answer to one row.

        Parameters
        ----------
        row
            The raw row.
        answer
            Its answer.
        answer_of
            Answers other rows.
        state
            What was learned.
        """
        label = answer["prediction"]
        score = _score(answer, label)
        effects = {name: score - _score(answer_of({**row, name: typical}), label) for name, typical in _pairs(state)}
        return self.kept(effects)

    def of_many(
        self,
        table: Table,
        answers: Sequence[Answer],
        changed: Callable[[str, object], Sequence[Answer]],
        state: State,
    ) -> list[dict[str, float]]:
        """Return the effects for each row; `changed` answers all rows with one value in a whole column."""
        labels = [answer["prediction"] for answer in answers]
        scores = [_score(answer, label) for answer, label in zip(answers, labels, strict=True)]
        effects: list[dict[str, float]] = [{} for _ in answers]
        for name, typical in _pairs(state):
            others = changed(name, typical)
            for effect, score, label, other in zip(effects, scores, labels, others, strict=True):
                effect[name] = score - _score(other, label)
        return [self.kept(effect) for effect in effects]


def effect_names(step: Explain, state: State) -> tuple[str, ...]:
    """Return the names of the columns whose effects are told."""
    return tuple(state["columns"])


def _pairs(state: State) -> Iterator[tuple[str, JsonValue]]:
    return zip(state["columns"], state["typical"], strict=True)


def require_scores(task: str, *, has_probabilities: bool) -> None:
    """Refuse a predictor whose answers have no size that could change.

    Raises
    ------
    UnsupportedPredictionError
        For a classifier without probabilities.
    """
    if task == "classification" and not has_probabilities:
        raise UnsupportedPredictionError(
            "explain() tells how a number or a probability changes, and this classifier gives none."
        )


def _score(answer: Answer, label: object) -> float:
    likely = answer.get("probabilities")
    return float(answer["prediction"]) if likely is None else float(likely[str(label)])


def _typical(column: Column) -> JsonValue:
    known = np.flatnonzero(~column.missing())
    if not len(known):
        return None
    if column.dtype == "text":
        texts = column.texts
        counts = texts.counts()
        return min(label for label, count in zip(texts.labels, counts, strict=True) if count == counts.max())
    if column.dtype == "bool":
        return bool(np.mean(column.floats()[known]) > 0.5)
    if column.dtype in NUMERIC:
        # One of the values, so that whole numbers stay whole.
        return json_values(column.at(known[np.argsort(column.floats()[known], kind="stable")][[len(known) // 2]]))[0]
    return None


def explain(*, columns: Sequence[str] | None = None, top: int | None = None) -> Explain:
    """Answer, beside each prediction, how much every raw column has to do with it.

    A part of its own, after the predictor. The effect of a column is the prediction, or the probability of the
    predicted class, less what it would be if that column had its typical value: the median of the training numbers,
    the most frequent text or truth, missing for times, lists and images (occlusion with a fixed reference). Effects
    are in the unit of the prediction; they need not add up to it where columns act together.

    Parameters
    ----------
    columns
        Raw columns to tell of; all by default.
    top
        Keep only so many, the largest by absolute value, the largest first.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch, estimate
    >>> from sklearn.linear_model import LinearRegression
    >>> made = Pipeline(x=branch("beds", "baths"), price=estimate(LinearRegression()), why=explain())
    >>> made = made.fit({"beds": [1, 2, 3, 4], "baths": [1, 1, 2, 1]}, [10.0, 20.0, 35.0, 40.0])
    >>> {name: round(effect) for name, effect in made.predict_one({"beds": 5, "baths": 1})["why"].items()}
    {'beds': 20, 'baths': 0}
    """
    return Explain(None if columns is None else tuple(columns), top)
