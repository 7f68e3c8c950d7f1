"""Keeping, leaving out and renaming columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from redspot.pipeline.column import Table, listed
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.parameters import require_columns


@dataclass(frozen=True)
class _OfNames(Step):
    """Passes columns on, which ones and how called being known from their names alone."""

    def fit(self, table: Table, target: Target | None) -> State:
        """Check that the columns exist."""
        self.names(table.names)
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the columns."""
        given = zip(self._kept(table.names), self.names(table.names), strict=True)
        return Table(tuple(replace(table[old], name=new) for old, new in given), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Pass the values on."""
        by_name = {value.name: value for value in inputs}
        names = tuple(by_name)
        return [replace(by_name[old], name=new) for old, new in zip(self._kept(names), self.names(names), strict=True)]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the outputs."""
        raise NotImplementedError

    def _kept(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return which inputs the outputs are."""
        raise NotImplementedError


@dataclass(frozen=True)
class Select(_OfNames):
    """Keeps the named columns, in the order in which they are named."""

    kind: ClassVar[str] = "select"

    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        _require_each_once(self.kind, self.columns)

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the named columns."""
        require_columns(self.kind, self.columns, inputs)
        return self.columns

    def _kept(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        return self.columns


@dataclass(frozen=True)
class Drop(_OfNames):
    """Leaves out the named columns."""

    kind: ClassVar[str] = "drop"

    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        _require_each_once(self.kind, self.columns)

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the other columns."""
        require_columns(self.kind, self.columns, inputs)
        kept = self._kept(inputs)
        if not kept:
            raise InvalidStepError(f"drop would leave no column of {listed(inputs)}.")
        return kept

    def _kept(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in inputs if name not in self.columns)


@dataclass(frozen=True)
class Rename(_OfNames):
    """Gives columns other names."""

    kind: ClassVar[str] = "rename"

    columns: Mapping[str, str]

    def __post_init__(self) -> None:
        is_mapping = isinstance(self.columns, Mapping) and bool(self.columns)
        if not is_mapping or not all(isinstance(name, str) and name for pair in self.columns.items() for name in pair):
            raise InvalidStepError(
                f"rename: give new names by old ones, such as {{'old': 'new'}}, not {self.columns!r}."
            )
        object.__setattr__(self, "columns", dict(self.columns))

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names, new where there is a new one."""
        require_columns(self.kind, self.columns, inputs)
        names = tuple(self.columns.get(name, name) for name in inputs)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidStepError(f"rename would give several columns the name {listed(twice)}.")
        return names

    def _kept(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        return inputs


def _require_each_once(kind: str, columns: tuple[str, ...]) -> None:
    if not columns or len(set(columns)) != len(columns):
        raise InvalidStepError(f"{kind}: name one or more columns, each once, not {listed(columns)}.")


def select(*columns: str) -> Select:
    """Keep the named columns, in that order.

    Examples
    --------
    >>> select("price", "beds").params()
    {'columns': ('price', 'beds')}
    """
    return Select(columns)


def drop(*columns: str) -> Drop:
    """Leave out the named columns, and keep the others in their order.

    Examples
    --------
    >>> drop("id").names(("id", "price", "beds"))
    ('price', 'beds')
    """
    return Drop(columns)


def rename(columns: Mapping[str, str]) -> Rename:
    """Give columns other names; columns that are not mentioned keep theirs.

    Parameters
    ----------
    columns
        New names by old ones.

    Examples
    --------
    >>> rename({"price": "price_usd"}).names(("price", "beds"))
    ('price_usd', 'beds')
    """
    return Rename(columns)
