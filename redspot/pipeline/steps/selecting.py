"""Keeping some of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from redspot.pipeline.column import Table, listed
from redspot.pipeline.errors import InvalidStepError, UnknownColumnError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import RowCode, Value


@dataclass(frozen=True)
class Select(Step):
    """Keeps the named columns, in the order in which they are named."""

    kind: ClassVar[str] = "select"

    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        if not self.columns or len(set(self.columns)) != len(self.columns):
            raise InvalidStepError(f"select: name one or more columns, each once, not {listed(self.columns)}.")

    def fit(self, table: Table, target: Target | None) -> State:
        """Check that the columns exist."""
        for name in self.columns:
            if name not in table.names:
                raise UnknownColumnError(f"select: no column {name!r}; there are {listed(table.names)}.", column=name)
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the named columns."""
        return Table(tuple(table[name] for name in self.columns), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Pass the named values on."""
        by_name = {value.name: value for value in inputs}
        return [by_name[name] for name in self.columns]


def select(*columns: str) -> Select:
    """Keep the named columns.

    Examples
    --------
    >>> select("price", "beds").params()
    {'columns': ('price', 'beds')}
    """
    return Select(columns)
