"""Writing the function that answers one row: Python source, made step by step while the graph is walked.

A step is asked what it does to *one value* and writes that down. Nothing of a row is ever put into a frame or an
array, which is where a library that thinks in tables spends its time on a single request.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import NUMERIC, Column, Dtype, Table, scalar
from redspot.pipeline.texts import Texts

# float64 in, float64 out, never falling: what happened to a raw number on its way to a split.
Rising = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the bit of a one-hot block comes from.

    Attributes
    ----------
    source
        Variable that holds the text, or None.
    positions
        Position of the bit by text; `other` for any text that is not there, `missing` for None.
    position
        Of this bit.
    """

    source: str
    positions: Mapping[str, int]
    other: int
    missing: int
    position: int

    def places(self) -> dict[str | None, int]:
        """Return the position of the bit by text; None is missing."""
        places: dict[str | None, int] = dict(self.positions.items())
        places[None] = self.missing
        return places


@dataclass(frozen=True, slots=True)
class Bag:
    """Where a column of a sparse block comes from.

    Attributes
    ----------
    source
        Variable that holds what is not zero in the row: a dict of position to float.
    width
        Number of columns of the block.
    position
        Of this column.
    """

    source: str
    width: int
    position: int


@dataclass(frozen=True, slots=True)
class Value:
    """One column of the row that is being answered.

    Attributes
    ----------
    name, dtype
        Of the column. Numbers are floats with NaN for missing; a time is whole microseconds since 1970 UTC or None;
        everything else is the object or None.
    code
        Python expression.
    is_atom
        Whether the expression is a variable or a constant, so that repeating it costs nothing.
    may_miss
        Whether it may be missing.
    base
        Variable with a number, and what was done to it since, when that never falls: a split on this value is a
        split on that number.
    choice
        What this is a bit of.
    bag
        What this is looked up in by `code`.
    """

    name: str
    dtype: Dtype
    code: str
    is_atom: bool = True
    may_miss: bool = True
    base: tuple[str, tuple[Rising, ...]] | None = None
    choice: Choice | None = None
    bag: Bag | None = None


@dataclass
class RowCode:
    """The source so far, and the objects that it names."""

    names: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    _count: int = 0
    _ids: dict[int, str] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)
    _expressions: dict[str, str] = field(default_factory=dict)

    def line(self, text: str) -> None:
        """Add one line; its indentation is relative to the body of the function."""
        self.lines.append(text)

    def fresh(self) -> str:
        """Return a variable that nothing uses."""
        self._count += 1
        return f"v{self._count}"

    def variable(self, code: str) -> str:
        """Return a variable that holds the value of a pure expression; the same expression is computed once."""
        if code not in self._expressions:
            name = self.fresh()
            self.line(f"{name} = {code}")
            self._expressions[code] = name
        return self._expressions[code]

    def constant(self, value: Any) -> str:
        """Return the name under which the function finds an object."""
        if id(value) not in self._ids:
            name = f"c{len(self._ids)}"
            self._ids[id(value)] = name
            self._kept.append(value)
            self.names[name] = value
        return self._ids[id(value)]

    def atom(self, value: Value) -> str:
        """Return the value's expression when that is a variable, or a new variable that holds it."""
        return value.code if value.is_atom else self.variable(value.code)

    def number(self, value: Value, code: str, *, may_miss: bool | None = None, rising: Rising | None = None) -> Value:
        """Return the value after a function of it, given as an expression; `rising` is the same, on arrays."""
        base = value.base
        if base is not None:
            base = None if rising is None else (base[0], (*base[1], rising))
        may_miss = value.may_miss if may_miss is None else may_miss
        return Value(value.name, "float", code, is_atom=False, may_miss=may_miss, base=base)

    def looked_up(self, source: str, table: Mapping[str | None, Any], otherwise: Any) -> str:
        """Return an expression for what a table holds for the text, or None, in a variable."""
        return f"{self.constant(table)}.get({source}, {self.literal(otherwise)})"

    def literal(self, value: Any) -> str:
        """Return an expression that gives exactly that value."""
        if isinstance(value, float | np.floating):
            value = float(value)
            if math.isnan(value):
                return "nan"
            if math.isinf(value):
                return "inf" if value > 0 else "(-inf)"
            return repr(value) if value >= 0 and not math.copysign(1.0, value) < 0 else f"({value!r})"
        if value is None or isinstance(value, bool | int):
            return f"({value!r})" if isinstance(value, int) and value < 0 else repr(value)
        return self.constant(value)

    def position(self, choice: Choice) -> str:
        """Return a variable with the position that is set in the block of a choice."""
        table = choice.places()
        kept = self._position_tables.setdefault(id(choice.positions), (choice.positions, table))[1]
        return self.variable(self.looked_up(choice.source, kept, choice.other))

    _position_tables: dict[int, tuple[Any, dict[str | None, int]]] = field(default_factory=dict)

    def floats(self, value: Value) -> str:
        """Return an expression for a number; a bit is written out."""
        if value.choice is not None:
            return f"(1.0 if {self.position(value.choice)} == {value.choice.position} else 0.0)"
        return value.code


def applied(
    code: RowCode, step: Any, inputs: Sequence[Value], state: Any, outputs: Sequence[tuple[str, Dtype]]
) -> list[Value]:
    """Write down a step that has no code of its own: its `apply`, on a table of one row."""
    columns = [(value.name, value.dtype) for value in inputs]

    def call(*given: Any) -> tuple[Any, ...]:
        table = one_row(columns, given)
        return tuple(taken(column) for column in step.apply(table, state).columns)

    result = code.fresh()
    arguments = ", ".join(code.floats(value) for value in inputs)
    code.line(f"{result} = {code.constant(call)}({arguments})")
    return [Value(name, dtype, code.variable(f"{result}[{index}]")) for index, (name, dtype) in enumerate(outputs)]


def one_row(columns: Sequence[tuple[str, Dtype]], given: Sequence[Any]) -> Table:
    """Return compiled code's values as a table of one row."""
    made = []
    for (name, dtype), value in zip(columns, given, strict=True):
        made.append(Column(name, dtype, _one(dtype, value), (name,)))
    return Table(tuple(made), 1)


def _one(dtype: Dtype, value: Any) -> Any:
    if dtype in NUMERIC:
        return np.array([value], dtype=np.float64)
    if dtype == "text":
        return Texts(np.array([-1 if value is None else 0], dtype=np.int32), () if value is None else (value,))
    if dtype == "datetime":
        return np.array([np.datetime64("NaT") if value is None else value], dtype="datetime64[us]")
    objects = np.empty(1, dtype=object)
    objects[0] = value
    return objects


def taken(column: Column) -> Any:
    """Return the only value of a column as compiled code reads it."""
    value = column.values[0]
    if column.dtype in NUMERIC:
        return float(value)
    if column.dtype == "datetime":
        return None if np.isnat(value) else int(value.astype(np.int64))
    return value


def read(code: RowCode, name: str, dtype: Dtype, variable: str) -> Value:
    """Write down the check of one raw value, and return it."""
    slow = f"{code.constant(_SCALARS[dtype])}({name!r}, {variable})"
    if dtype in ("float", "int"):
        # Neither NaN nor an infinity gives zero when it is taken from itself.
        code.line(f"if type({variable}) is not float or {variable} - {variable} != 0.0: {variable} = {slow}")
        return Value(name, dtype, variable, base=(variable, ()))
    if dtype == "text":
        code.line(f"if type({variable}) is not str: {variable} = {slow}")
        return Value(name, dtype, variable)
    code.line(f"{variable} = {slow}")
    return Value(name, dtype, variable, base=(variable, ()) if dtype == "bool" else None)


def _number(name: str, value: object) -> float:
    if type(value) is int and -(2**53) < value < 2**53:
        return float(value)
    if value is None:
        return math.nan
    number: float = scalar(name, "float", value)
    if math.isinf(number):
        from redspot.pipeline.reading import require_finite

        require_finite(name, np.array([number]))
    return number


def _scalar_of(dtype: Dtype) -> Callable[[str, object], Any]:
    return lambda name, value: scalar(name, dtype, value)


_SCALARS: Mapping[Dtype, Callable[[str, object], Any]] = {
    "float": _number,
    "int": _number,
    **{dtype: _scalar_of(dtype) for dtype in ("bool", "text", "datetime", "list", "image")},
}
