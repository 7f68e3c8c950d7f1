"""Categories as how often training saw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from redspot.pipeline.column import Table
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.categories import category_counts, category_number, category_numbers
from redspot.pipeline.steps.values import made

Measure = Literal["count", "share"]


@dataclass(frozen=True)
class CountEncode(Step):
    """Replaces each category by the number, or the share, of training rows that have it."""

    kind: ClassVar[str] = "count_encode"

    measure: Measure = "count"

    def __post_init__(self) -> None:
        require_choice(self.kind, "measure", self.measure, ("count", "share"))

    def fit(self, table: Table, target: Target | None) -> State:
        """Count the rows of each category, and those with a missing value."""
        return {
            "counts": [category_counts(column, self.kind) for column in table.columns],
            "missing": [int(column.missing().sum()) for column in table.columns],
            "rows": table.rows,
        }

    def apply(self, table: Table, state: State) -> Table:
        """Return the counts or shares."""
        counted = []
        for column, counts, missing in zip(table.columns, state["counts"], state["missing"], strict=True):
            measures, of_missing = self._measures(counts, missing, state["rows"])
            counted.append(column.numeric(category_numbers(column, self.kind, measures, 0.0, of_missing)))
        return Table(tuple(counted), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the look-up of each value."""
        outputs = []
        for value, counts, missing in zip(inputs, state["counts"], state["missing"], strict=True):
            measures, of_missing = self._measures(counts, missing, state["rows"])
            number = category_number(code, value, measures, 0.0, of_missing)
            outputs.append(made(value.name, "float", number, may_miss=False))
        return outputs

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def _measures(self, counts: Mapping[str, int], missing: int, rows: int) -> tuple[dict[str, float], float]:
        whole = 1 if self.measure == "count" else rows
        return {category: count / whole for category, count in counts.items()}, missing / whole


def count_encode(measure: Measure = "count") -> CountEncode:
    """Replace each category by how often training saw it.

    Texts, truths or numbers in, float out, under the same names. A value that training did not see is 0; a missing one
    is as frequent as missing values were.

    Parameters
    ----------
    measure
        ``count`` of training rows, or their ``share``, from 0 to 1.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("city").then(count_encode("share"))).fit({"city": ["Rome", "Rome", "Oslo", None]})
    >>> made.transform({"city": ["Rome", "Bonn", None]})
    {'city': array([0.5 , 0.  , 0.25])}
    """
    return CountEncode(measure)
