"""Lists as one column per item, of which a list has a few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from redspot.pipeline.column import Column, Table
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.bags import bag_columns, bag_values, distinct
from redspot.pipeline.steps.categories import frequent_categories
from redspot.pipeline.steps.lists import item_name
from redspot.pipeline.steps.parameters import require_support
from redspot.pipeline.steps.values import require_dtype, table_of, with_unique_names


@dataclass(frozen=True)
class MultiHot(Step):
    """One column of 0 and 1 per item, one for any other item and one for a missing list."""

    kind: ClassVar[str] = "multi_hot"

    max_categories: int | None = None
    min_support: int = 1
    other: bool = True

    def __post_init__(self) -> None:
        require_support(self.kind, self.max_categories, self.min_support)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the items of each column."""
        return {"items": [self._items(column) for column in table.columns]}

    def apply(self, table: Table, state: State) -> Table:
        """Return the columns, in the order: items, other, missing."""
        columns: list[Column] = []
        for column, items in zip(table.columns, state["items"], strict=True):
            require_dtype(self.kind, column, ("list",))
            names = self._output_names(column.name, items)
            columns.extend(bag_columns(column, self._bagger(items), names, {len(names) - 1: 1.0}))
        return table_of(columns, table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down which items each list has."""
        outputs: list[Value] = []
        for value, items in zip(inputs, state["items"], strict=True):
            names = self._output_names(value.name, items)
            outputs.extend(bag_values(code, value, self._bagger(items), names, {len(names) - 1: 1.0}))
        return with_unique_names(outputs)

    def _items(self, column: Column) -> list[str]:
        require_dtype(self.kind, column, ("list",))
        codes, lists = distinct(column)
        rows = np.bincount(codes[codes >= 0], minlength=len(lists)).tolist()
        counts: Counter[str] = Counter()
        for items, count in zip(lists, rows, strict=True):
            counts.update(dict.fromkeys(map(item_name, items), count))
        return sorted(frequent_categories(counts, self.max_categories, self.min_support))

    def _bagger(self, items: Sequence[str]) -> Callable[[Sequence[Any]], Mapping[int, float]]:
        places = {item: position for position, item in enumerate(items)}
        other = len(items) if self.other else None

        def bag(given: Sequence[Any]) -> Mapping[int, float]:
            found = {places.get(item_name(item), other): 1.0 for item in given}
            found.pop(None, None)
            return found  # type: ignore[return-value]

        return bag

    def _output_names(self, name: str, items: Sequence[str]) -> list[str]:
        other = [f"{name} is other"] if self.other else []
        return [*(f"{name}={item}" for item in items), *other, f"{name} is missing"]


def multi_hot(*, max_categories: int | None = None, min_support: int = 1, other: bool = True) -> MultiHot:
    """Turn each item of lists into a column of 0 and 1.

    Lists in; out come, for each column, float columns ``<column>=<item>`` in alphabetical order, ``<column> is other``
    for lists with an item that has no column, and ``<column> is missing``; mostly zero, and never written out unless
    somebody asks. An item counts once per list; 2 and 2.0 are the same item.

    Parameters
    ----------
    max_categories
        Keep only so many items, those that most training rows have.
    min_support
        Keep only items that at least so many training rows have.
    other
        Whether to have the column ``<column> is other``.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("has").then(multi_hot())).fit({"has": [["Wifi"], ["Kitchen", "Wifi"]]})
    >>> {name: values.tolist() for name, values in made.transform({"has": [["Wifi", "Sauna"], None]}).items()}
    {'has=Kitchen': [0.0, 0.0], 'has=Wifi': [1.0, 0.0], 'has is other': [1.0, 0.0], 'has is missing': [0.0, 1.0]}
    """
    return MultiHot(max_categories, min_support, other)
