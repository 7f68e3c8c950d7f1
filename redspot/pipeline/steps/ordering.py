"""Categories as their place in an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from redspot.pipeline.column import NUMERIC, Column, Table
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.categories import (
    category_counts,
    category_number,
    category_numbers,
    category_texts,
    frequent_categories,
)
from redspot.pipeline.steps.parameters import require_names, require_support
from redspot.pipeline.steps.values import made

Order = Literal["sorted", "frequency", "given"]


@dataclass(frozen=True)
class Ordinal(Step):
    """Numbers the categories from 0; behind them come one number for any other value and one for missing."""

    kind: ClassVar[str] = "ordinal"

    order: Order = "sorted"
    categories: tuple[str, ...] | None = None
    max_categories: int | None = None
    min_support: int = 1

    def __post_init__(self) -> None:
        require_choice(self.kind, "order", self.order, ("sorted", "frequency", "given"))
        require_support(self.kind, self.max_categories, self.min_support)
        if (self.categories is not None) != (self.order == "given"):
            raise InvalidStepError(
                "ordinal: categories go with order 'given', such as ordinal('given', categories=['low', 'high'])."
            )
        if self.categories is not None:
            object.__setattr__(self, "categories", tuple(self.categories))
            require_names(self.kind, "categories", tuple(self.categories))
            if self.max_categories is not None or self.min_support != 1:
                raise InvalidStepError("ordinal: max_categories and min_support do not go with order 'given'.")

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the categories of each column, in their order."""
        return {"categories": [self._categories(column) for column in table.columns]}

    def apply(self, table: Table, state: State) -> Table:
        """Return the numbers."""
        numbered = (
            column.numeric(category_numbers(column, self.kind, _places(known), len(known), len(known) + 1.0))
            for column, known in zip(table.columns, state["categories"], strict=True)
        )
        return Table(tuple(numbered), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the look-up of each value."""
        outputs = []
        for value, known in zip(inputs, state["categories"], strict=True):
            number = category_number(code, value, _places(known), float(len(known)), len(known) + 1.0)
            outputs.append(made(value.name, "float", number, may_miss=False))
        return outputs

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def _categories(self, column: Column) -> list[str]:
        if self.categories is not None:
            category_texts(column, self.kind)
            return list(self.categories)
        kept = frequent_categories(category_counts(column, self.kind), self.max_categories, self.min_support)
        if self.order == "frequency":
            return kept
        # Ten comes after nine, though not as text.
        is_number = column.dtype in NUMERIC and column.dtype != "bool"
        return sorted(kept, key=float) if is_number else sorted(kept)


def _places(categories: Sequence[str]) -> dict[str, float]:
    return {category: float(place) for place, category in enumerate(categories)}


def ordinal(
    order: Order = "sorted",
    *,
    categories: Sequence[str] | None = None,
    max_categories: int | None = None,
    min_support: int = 1,
) -> Ordinal:
    """Turn each category into its place in an order, from 0.

    Texts, truths or numbers in, float out, under the same names. With n categories, any other value is n and a missing
    one n + 1, so that nothing is missing behind this step.

    Parameters
    ----------
    order
        ``sorted``: as texts, or as numbers where the column holds numbers; ``frequency``: the most frequent in
        training first, of equally frequent ones the smaller text; ``given``: as in `categories`.
    categories
        All categories in order, for ``given``; the same for each column.
    max_categories
        Keep only so many, the most frequent.
    min_support
        Keep only categories that at least so many training rows have.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> sizes = ordinal("given", categories=["small", "large"])
    >>> made = Pipeline(x=branch("size").then(sizes)).fit({"size": ["small"]})
    >>> made.transform({"size": ["large", "small", "huge", None]})
    {'size': array([1., 0., 2., 3.])}
    """
    return Ordinal(order, None if categories is None else tuple(categories), max_categories, min_support)
