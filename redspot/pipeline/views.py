"""What goes into a step and comes out of it, and what training data held: objects that draw themselves in a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import NUMERIC, Column, Indicator, Table
from redspot.pipeline.fitting import Feature
from redspot.pipeline.profiling import profile_of
from redspot.pipeline.schema import JsonValue, json_values
from redspot.pipeline.showing import bundle
from redspot.profile.table import Profile

# More columns than a reader scrolls through, each with its own histogram, would only make a message large.
MAX_COLUMNS = 200
MAX_WORDS = 30
MAX_CATEGORIES = 30


@dataclass(frozen=True)
class StepView:
    """One step with the rows that it was shown.

    Attributes
    ----------
    step, title
        Its name and its kind.
    rows
        How many rows it was shown.
    before, after
        What its first 200 input and output columns hold.
    vocabulary
        For a step that makes many columns of texts or lists: the 30 output columns with the largest sums, and these.
    categories
        For a step that makes one column of another one of text: what its 30 most frequent texts become, by column.
    """

    step: str
    title: str
    rows: int
    before: Profile
    after: Profile
    vocabulary: tuple[tuple[str, float], ...] = ()
    categories: Mapping[str, tuple[tuple[str, JsonValue], ...]] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the view as JSON, as pictures read it."""
        categories = self.categories or {}
        return {
            "step": self.step,
            "title": self.title,
            "rows": self.rows,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "vocabulary": [list(pair) for pair in self.vocabulary],
            "categories": {name: [list(pair) for pair in pairs] for name, pairs in categories.items()},
        }

    def __repr__(self) -> str:
        return (
            f"StepView({self.step}: {self.title}, {self.rows} rows, "
            f"{len(self.before.columns)} → {len(self.after.columns)} columns)"
        )

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        from redspot.pipeline.pictures import step_html

        static = {"text/plain": repr(self), "text/html": step_html(self.to_json())}
        return bundle("step_view", self, static, exclude)


@dataclass(frozen=True)
class TrainingData:
    """What the raw columns of the training data held and, beside it, what they hold where the pipeline is used.

    Attributes
    ----------
    train
        Profile of the training data.
    serve
        Profile of other rows, each column with how far it has drifted; None when there are none.
    """

    train: Profile
    serve: Profile | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON, as pictures read it."""
        return {"train": self.train.to_json(), "serve": None if self.serve is None else self.serve.to_json()}

    def __repr__(self) -> str:
        beside = "" if self.serve is None else f", {self.serve.rows} rows in serving"
        return f"TrainingData({len(self.train.columns)} columns, {self.train.rows} rows{beside})"

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        from redspot.pipeline.pictures import profile_html

        static = {"text/plain": repr(self), "text/html": profile_html(self.to_json())}
        return bundle("training_data", self, static, exclude)


def view_step(name: str, title: str, before: Table, after: Table, features: Sequence[Feature]) -> StepView:
    """Return the view of a step that made one table of another.

    Parameters
    ----------
    name, title
        Of the step.
    before, after
        What it was given, and what it gave.
    features
        Its output columns as fitting described them; they say which input each was made of.
    """
    return StepView(
        step=name,
        title=title,
        rows=before.rows,
        before=profile_of(Table(before.columns[:MAX_COLUMNS], before.rows)),
        after=profile_of(Table(after.columns[:MAX_COLUMNS], after.rows)),
        vocabulary=_vocabulary(before, after),
        categories=_categories(before, after, features),
    )


def _vocabulary(before: Table, after: Table) -> tuple[tuple[str, float], ...]:
    reads_words = any(column.dtype in ("text", "list") for column in before.columns)
    if not reads_words or len(after.columns) <= len(before.columns):
        return ()
    sums = [(column.name, _total(column)) for column in after.columns if column.dtype in NUMERIC]
    sums.sort(key=lambda pair: (-pair[1], pair[0]))
    return tuple(pair for pair in sums[:MAX_WORDS] if pair[1] > 0)


def _total(column: Column) -> float:
    if isinstance(column.data, Indicator):
        return float((column.data.codes == column.data.position).sum())
    numbers = column.floats()
    return float(numbers[np.isfinite(numbers)].sum())


def _categories(
    before: Table, after: Table, features: Sequence[Feature]
) -> dict[str, tuple[tuple[str, JsonValue], ...]]:
    children: dict[int, list[Column]] = {}
    for column, feature in zip(after.columns, features, strict=False):
        places = range(len(before.columns)) if feature.made_of is None else feature.made_of
        if len(places) == 1:
            children.setdefault(places[0], []).append(column)
    return {
        before.columns[place].name: _becomes(before.columns[place], columns[0])
        for place, columns in sorted(children.items())
        if len(columns) == 1 and place < len(before.columns) and before.columns[place].dtype == "text"
    }


def _becomes(column: Column, made: Column) -> tuple[tuple[str, JsonValue], ...]:
    texts = column.texts
    order = np.argsort(-texts.counts(), kind="stable")[:MAX_CATEGORIES]
    first: NDArray[np.intp] = np.full(len(texts.labels), -1, dtype=np.intp)
    known = np.flatnonzero(texts.codes >= 0)
    # From the back, so that the first row with a text is the one that stays.
    first[texts.codes[known[::-1]]] = known[::-1]
    chosen = [label for label in order.tolist() if first[label] >= 0]
    values = json_values(made.at(first[chosen]))
    return tuple((texts.labels[label], value) for label, value in zip(chosen, values, strict=True))
