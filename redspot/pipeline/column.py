"""Typed columns and tables of them: what flows along the edges of a pipeline."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from numbers import Real
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.errors import ColumnTypeError, MissingValueError, UnknownColumnError

Dtype = Literal["float", "int", "bool", "text", "datetime"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
NUMERIC: frozenset[Dtype] = frozenset({"float", "int", "bool"})

Values = NDArray[np.generic]

_WAYS: Mapping[str, str] = {
    "text": "use one_hot() or parse_number()",
    "datetime": "make it one with a function marked @step",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One named column with what it is made of.

    Attributes
    ----------
    name
        Name within its table.
    dtype
        ``float``, ``int`` and ``bool`` hold float64 with NaN for missing; ``text`` holds objects, ``str`` or None;
        ``datetime`` holds datetime64[us] in UTC with NaT for missing.
    values
        One-dimensional, one entry per row.
    origins
        Raw columns that it was computed from, in the order of the pipeline's inputs.
    """

    name: str
    dtype: Dtype
    values: Values
    origins: tuple[str, ...]

    def missing(self) -> NDArray[np.bool_]:
        """Return a mask of the rows that have no value."""
        if self.dtype == "text":
            return np.fromiter((value is None for value in self.values), dtype=bool, count=len(self.values))
        if self.dtype == "datetime":
            return np.isnat(self.values)
        return np.isnan(cast("NDArray[np.float64]", self.values))

    def floats(self) -> NDArray[np.float64]:
        """Return the values as float64.

        Raises
        ------
        ColumnTypeError
            When the column holds text or times.
        """
        if self.dtype not in NUMERIC:
            raise ColumnTypeError(
                f"Column {self.name!r} holds {self.dtype}, and a number is needed here; {_WAYS[self.dtype]} first.",
                column=self.name,
            )
        return cast("NDArray[np.float64]", self.values)

    def numeric(self, values: NDArray[np.float64]) -> Column:
        """Return the same column with other, numeric values."""
        return replace(self, dtype="float", values=values)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, in a fixed order; names are unique."""

    columns: tuple[Column, ...]
    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownColumnError(f"No column {name!r}; there are {listed(self.names)}.", column=name)

    def matrix(self, reader: str, *, allow_missing: bool) -> NDArray[np.float64]:
        """Return the columns side by side: float64, shape (rows, columns).

        Parameters
        ----------
        reader
            Who will read it, for the message of an error.
        allow_missing
            Whether NaN may stay; an infinite value never may.
        """
        matrix = np.empty((self.rows, len(self.columns)), dtype=np.float64)
        for index, column in enumerate(self.columns):
            matrix[:, index] = column.floats()
        bad: NDArray[np.bool_] = np.isinf(matrix) if allow_missing else ~np.isfinite(matrix)
        if bad.any():
            names = [name for name, is_bad in zip(self.names, np.any(bad, axis=0).tolist(), strict=True) if is_bad]
            raise MissingValueError(
                f"{reader} cannot read the missing or infinite values of {listed(names)}; add impute() before it.",
                column=names[0],
            )
        return matrix


def listed(names: Iterable[str], limit: int = 30) -> str:
    """Return names for a message, with a bound on how many."""
    all_names = list(names)
    shown = ", ".join(repr(name) for name in all_names[:limit]) or "none"
    return shown if len(all_names) <= limit else f"{shown} and {len(all_names) - limit} more"


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the names with a counter behind those that came before."""
    taken: set[str] = set()
    unique: list[str] = []
    for name in names:
        candidate, count = name, 1
        while candidate in taken:
            count += 1
            candidate = f"{name} #{count}"
        taken.add(candidate)
        unique.append(candidate)
    return unique


def merged_origins(columns: Iterable[Column]) -> tuple[str, ...]:
    """Return the raw columns behind several columns, each once, in order of first mention."""
    return tuple(dict.fromkeys(origin for column in columns for origin in column.origins))


def is_missing(value: object) -> bool:
    """Tell whether a single value means "not known": None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, np.generic):
        return bool(np.isnat(value)) if value.dtype.kind in "mM" else bool(value != value)
    # pandas.NA and pandas.NaT: known by class name, so that pandas need not be imported to see them.
    return type(value).__name__ in {"NAType", "NaTType"}


def infer_dtype(name: str, values: Iterable[object]) -> Dtype:
    """Return the one type of a column of plain Python values; ``float`` when all of them are missing."""
    kinds = {_kind(name, value) for value in values if not is_missing(value)}
    if not kinds:
        return "float"
    if kinds <= {"int", "float"}:
        return "float" if "float" in kinds else "int"
    if len(kinds) == 1:
        return kinds.pop()
    raise ColumnTypeError(f"Column {name!r} mixes {' and '.join(sorted(kinds))}; give it one type.", column=name)


def _kind(name: str, value: object) -> Dtype:
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, int | np.integer):
        return "int"
    if isinstance(value, str):
        return "text"
    if isinstance(value, date | np.datetime64):
        return "datetime"
    if isinstance(value, Real) or hasattr(value, "__float__"):
        return "float"
    raise ColumnTypeError(
        f"Column {name!r} has a value of type {type(value).__name__}; known are {', '.join(DTYPES)}.", column=name
    )


def coerce(name: str, dtype: Dtype, values: Sequence[object]) -> Values:
    """Return plain Python values as the array of a column of that type.

    Raises
    ------
    ColumnTypeError
        When a value has another type; the message names the column, the value's type and the type that is expected.
    """
    convert = _CONVERT[dtype]
    if dtype == "text":
        texts = np.empty(len(values), dtype=object)
        for index, value in enumerate(values):
            texts[index] = None if is_missing(value) else convert(name, value)
        return texts
    blank: object = np.datetime64("NaT") if dtype == "datetime" else math.nan
    converted = [blank if is_missing(value) else convert(name, value) for value in values]
    return np.array(converted, dtype="datetime64[us]" if dtype == "datetime" else np.float64)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool | np.bool_ | str | date | np.datetime64) or not hasattr(value, "__float__"):
        raise _type_error(name, "a number", value)
    try:
        return float(value)
    except OverflowError as error:
        raise ColumnTypeError(f"Column {name!r} has a number that does not fit a float64.", column=name) from error


def _truth(name: str, value: object) -> float:
    if not isinstance(value, bool | np.bool_):
        raise _type_error(name, "true or false", value)
    return float(value)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _type_error(name, "text", value)
    return str(value)


def _time(name: str, value: object) -> np.datetime64:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ColumnTypeError(
                f"Column {name!r} expects a time such as 2026-01-31T12:00:00.", column=name
            ) from error
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return np.datetime64(moment, "us")
    if isinstance(value, date | np.datetime64):
        return np.datetime64(cast("date", value), "us")
    raise _type_error(name, "a time", value)


def _type_error(name: str, expected: str, value: object) -> ColumnTypeError:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else f"{shown[:37]}…"
    return ColumnTypeError(
        f"Column {name!r} expects {expected}, not {shown} ({type(value).__name__}).", column=name, expected=expected
    )


_CONVERT: Mapping[Dtype, Callable[[str, object], object]] = {
    "float": _number,
    "int": _number,
    "bool": _truth,
    "text": _text,
    "datetime": _time,
}
