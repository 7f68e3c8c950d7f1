"""What the row code of several steps has in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from redspot.pipeline.column import NUMERIC, Column, Dtype, Table, unique_names
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.rowcode import RowCode, Value


def numeral(code: RowCode, value: Value) -> str:
    """Return a variable that holds a number, also for a bit of a one-hot block."""
    return value.code if value.is_atom else code.variable(code.floats(value))


def called(code: RowCode, value: Value, function: Callable[[Any], Any], missing: Any = None) -> str:
    """Return a variable with what a function makes of a text, time or list, and `missing` of None."""
    source = code.atom(value)
    call = f"{code.constant(function)}({source})"
    return code.variable(f"{call} if {source} is not None else {code.literal(missing)}" if value.may_miss else call)


def made(name: str, dtype: Dtype, code: str, *, may_miss: bool = True, is_atom: bool = True) -> Value:
    """Return a new value, on which a split can be made when it is a number in a variable."""
    base = (code, ()) if is_atom and dtype in NUMERIC else None
    return Value(name, dtype, code, is_atom=is_atom, may_miss=may_miss, base=base)


def with_unique_names(values: Sequence[Value]) -> list[Value]:
    """Return the values with a counter behind each name that came before."""
    names = unique_names([value.name for value in values])
    return [replace(value, name=name) for name, value in zip(names, values, strict=True)]


def table_of(columns: Sequence[Column], rows: int) -> Table:
    """Return a table of the columns, with a counter behind each name that came before."""
    names = unique_names([column.name for column in columns])
    return Table(tuple(replace(column, name=name) for name, column in zip(names, columns, strict=True)), rows)


def require_dtype(kind: str, column: Column, dtypes: Sequence[Dtype]) -> None:
    """Refuse a column that a step cannot read.

    Raises
    ------
    ColumnTypeError
        Naming the step, the column, what it holds and what is read.
    """
    if column.dtype not in dtypes:
        raise ColumnTypeError(
            f"{kind} cannot read column {column.name!r}, which holds {column.dtype}; it reads {' or '.join(dtypes)}.",
            column=column.name,
        )
