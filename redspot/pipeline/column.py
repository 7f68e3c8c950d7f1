"""Typed columns and tables of them: what flows along the edges of a pipeline."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from numbers import Real
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.errors import ColumnTypeError, MissingValueError, UnknownColumnError
from redspot.pipeline.sparse import SparseMember
from redspot.pipeline.texts import Texts

Dtype = Literal["float", "int", "bool", "text", "datetime", "list", "image"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
NUMERIC: frozenset[Dtype] = frozenset({"float", "int", "bool"})

Values = NDArray[np.generic]

_WAYS: Mapping[str, str] = {
    "text": "use one_hot() or parse_number()",
    "datetime": "use time_parts() or age()",
    "list": "use multi_hot() or list_count()",
    "image": "use pixels()",
}


@dataclass(frozen=True, slots=True)
class Indicator:
    """One bit of a one-hot block, not written out: 1 where `codes` equals `position`.

    Attributes
    ----------
    codes
        int32, one entry per row; all bits of one block share the array.
    position
        Which code this bit stands for.
    """

    codes: NDArray[np.int32]
    position: int

    def floats(self) -> NDArray[np.float64]:
        """Return 0.0 and 1.0, one per row."""
        return np.asarray(self.codes == self.position).astype(np.float64)


Data = Values | Texts | Indicator | SparseMember


@dataclass(frozen=True, slots=True)
class Column:
    """One named column with what it is made of.

    Attributes
    ----------
    name
        Name within its table.
    dtype
        ``float``, ``int`` and ``bool`` hold float64 with NaN for missing (or an `Indicator`, or a `SparseMember`);
        ``text`` holds `Texts`; ``datetime`` holds datetime64[us] in UTC with NaT for missing; ``list`` and ``image``
        hold objects with None for missing: lists of texts or numbers; bytes of a file, or arrays of shape (height,
        width, channels).
    data
        One-dimensional, one entry per row.
    origins
        Raw columns that it was computed from, in the order of the pipeline's inputs.
    """

    name: str
    dtype: Dtype
    data: Data
    origins: tuple[str, ...]

    @property
    def values(self) -> Values:
        """The data written out: texts as objects, ``str`` or None; indicators and sparse columns as float64."""
        if isinstance(self.data, Texts):
            return self.data.decoded()
        return self.data.floats() if isinstance(self.data, Indicator | SparseMember) else self.data

    @property
    def texts(self) -> Texts:
        """The data of a text column.

        Raises
        ------
        ColumnTypeError
            When the column holds something else.
        """
        if not isinstance(self.data, Texts):
            raise ColumnTypeError(
                f"Column {self.name!r} holds {self.dtype}, and text is needed here.", column=self.name
            )
        return self.data

    def missing(self) -> NDArray[np.bool_]:
        """Return a mask of the rows that have no value."""
        data = self.data
        if isinstance(data, Texts):
            return data.codes < 0
        if isinstance(data, Indicator):
            return np.zeros(len(data.codes), dtype=bool)
        if isinstance(data, SparseMember):
            return np.zeros(data.block.rows, dtype=bool)
        if self.dtype == "datetime":
            return np.isnat(data)
        if self.dtype in NUMERIC:
            return np.isnan(cast("NDArray[np.float64]", data))
        return np.fromiter((value is None for value in data), dtype=bool, count=len(data))

    def floats(self) -> NDArray[np.float64]:
        """Return the values as float64; not to be written to.

        Raises
        ------
        ColumnTypeError
            When the column holds no numbers.
        """
        if self.dtype not in NUMERIC:
            raise ColumnTypeError(
                f"Column {self.name!r} holds {self.dtype}, and a number is needed here; {_WAYS[self.dtype]} first.",
                column=self.name,
            )
        return cast("NDArray[np.float64]", self.values)

    def times(self) -> NDArray[np.datetime64]:
        """Return the values as datetime64[us], UTC.

        Raises
        ------
        ColumnTypeError
            When the column holds no times.
        """
        if self.dtype != "datetime":
            raise ColumnTypeError(
                f"Column {self.name!r} holds {self.dtype}, and times are needed here.", column=self.name
            )
        return cast("NDArray[np.datetime64]", self.data)

    def at(self, rows: NDArray[np.intp]) -> Column:
        """Return the column with only some of its rows."""
        data = self.data
        if isinstance(data, Texts):
            return replace(self, data=Texts(data.codes[rows], data.labels))
        if isinstance(data, Indicator):
            return replace(self, data=Indicator(data.codes[rows], data.position))
        if isinstance(data, SparseMember):
            return replace(self, data=data.floats()[rows])
        return replace(self, data=data[rows])

    def numeric(self, values: NDArray[np.float64], name: str | None = None) -> Column:
        """Return a column of the same origin with other, numeric values."""
        return replace(self, dtype="float", data=values, name=self.name if name is None else name)


@dataclass(frozen=True)
class Table:
    """Columns of equal length, in a fixed order; names are unique."""

    columns: tuple[Column, ...]
    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def __getitem__(self, name: str) -> Column:
        column = self._by_name.get(name)
        if column is None:
            raise UnknownColumnError(f"No column {name!r}; there are {listed(self.names)}.", column=name)
        return column

    def matrix(self, reader: str, *, allow_missing: bool) -> NDArray[np.float64]:
        """Return the columns side by side: float64, shape (rows, columns).

        Parameters
        ----------
        reader
            Who will read it, for the message of an error.
        allow_missing
            Whether NaN may stay; an infinite value never may.
        """
        matrix = np.zeros((self.rows, len(self.columns)), dtype=np.float64)
        for start, width in self._runs():
            data = self.columns[start].data
            if isinstance(data, Indicator) and data.position == 0:
                _scatter(matrix, start, data.codes, width)
            elif isinstance(data, SparseMember):
                targets = np.full(data.block.width, -1, dtype=np.intp)
                for index in range(start, start + width):
                    targets[cast("SparseMember", self.columns[index].data).position] = index
                data.block.write(matrix, targets)
            else:
                matrix[:, start] = self.columns[start].floats()
        require_readable(matrix, self.names, reader, allow_missing=allow_missing)
        return matrix

    def _runs(self) -> Iterable[tuple[int, int]]:
        """Yield (first column, width) of each run of columns that is written at once.

        Those are bits 0, 1, 2, … of one block, and columns of one sparse block in rising order.
        """
        start = 0
        while start < len(self.columns):
            before = self.columns[start].data
            stop = start + 1
            if not isinstance(before, Indicator) or before.position == 0:
                while stop < len(self.columns) and _continues(before, self.columns[stop].data):
                    before = self.columns[stop].data
                    stop += 1
            yield start, stop - start
            start = stop


def _continues(before: Data, data: Data) -> bool:
    if isinstance(before, Indicator) and isinstance(data, Indicator):
        return data.codes is before.codes and data.position == before.position + 1
    if isinstance(before, SparseMember) and isinstance(data, SparseMember):
        return data.block is before.block and data.position > before.position
    return False


def _scatter(matrix: NDArray[np.float64], start: int, codes: NDArray[np.int32], width: int) -> None:
    inside = np.flatnonzero((codes >= 0) & (codes < width))
    matrix[inside, start + codes[inside]] = 1.0


def require_readable(values: NDArray[np.float64], names: Sequence[str], reader: str, *, allow_missing: bool) -> None:
    """Refuse infinite values and, unless they are allowed, missing ones, in a matrix with named columns.

    Raises
    ------
    MissingValueError
        Naming the columns and the first row.
    """
    # A sum is finite exactly when all of it is, but for an overflow, which the slow way then forgives.
    if np.isfinite(values.sum()):
        return
    bad: NDArray[np.bool_] = np.isinf(values) if allow_missing else ~np.isfinite(values)
    if bad.any():
        first = int(np.flatnonzero(bad.any(axis=1))[0])
        faulty = [name for name, is_bad in zip(names, np.any(bad, axis=0).tolist(), strict=True) if is_bad]
        raise MissingValueError(
            f"{reader} cannot read the missing or infinite values of {listed(faulty)} (first in row {first}); "
            "add impute() before it.",
            column=faulty[0],
            row=first,
        )


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
        if value.dtype.kind in "OV":
            return False
        return bool(np.isnat(value)) if value.dtype.kind in "mM" else bool(value != value)
    # pandas.NA and pandas.NaT: known by class name, so that pandas need not be imported to see them.
    return type(value).__name__ in {"NAType", "NaTType"}


def infer_dtype(name: str, values: Sequence[object]) -> Dtype:
    """Return the one type of a column of plain Python values; ``float`` when all of them are missing."""
    types = set(map(type, values))
    sure = {each: _SURE[each] for each in types if each in _SURE}
    kinds: set[Dtype] = set(sure.values())
    if len(sure) < len(types):
        # Only values whose type does not say it all are looked at one by one: a NaN is a float, and a gap.
        kinds |= {_kind(name, value) for value in values if type(value) not in sure and not is_missing(value)}
    if not kinds:
        return "float"
    if kinds <= {"int", "float"}:
        return "float" if "float" in kinds else "int"
    if len(kinds) == 1:
        return kinds.pop()
    raise ColumnTypeError(f"Column {name!r} mixes {' and '.join(sorted(kinds))}; give it one type.", column=name)


_SURE: Mapping[type, Dtype] = {str: "text", int: "int", bool: "bool", datetime: "datetime", bytes: "image"}


def _kind(name: str, value: object) -> Dtype:
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, int | np.integer):
        return "int"
    if isinstance(value, str):
        return "text"
    if isinstance(value, date | np.datetime64):
        return "datetime"
    if isinstance(value, list | tuple | set | frozenset):
        return "list"
    if isinstance(value, bytes | bytearray):
        return "image"
    if isinstance(value, np.ndarray):
        return "list" if value.ndim == 1 else "image"
    if isinstance(value, Real) or hasattr(value, "__float__"):
        return "float"
    raise ColumnTypeError(
        f"Column {name!r} has a value of type {type(value).__name__}; known are {', '.join(DTYPES)}.", column=name
    )


def coerce(name: str, dtype: Dtype, values: Sequence[object], first_row: int = 0) -> Values | Texts:
    """Return plain Python values as the data of a column of that type.

    Parameters
    ----------
    name, dtype
        Of the column.
    values
        One per row.
    first_row
        Number of the first row, for the message of an error.

    Raises
    ------
    ColumnTypeError
        When a value has another type; the message names the column, the row, the value's type and the type that is
        expected.
    """
    try:
        return _coerced(name, dtype, values)
    except ColumnTypeError as error:
        for row, value in enumerate(values):
            try:
                scalar(name, dtype, value)
            except ColumnTypeError as exact:
                where = f"Row {first_row + row}: " if len(values) > 1 or first_row else ""
                raise ColumnTypeError(f"{where}{exact}", **{**exact.facts, "row": first_row + row}) from error
        raise


def _coerced(name: str, dtype: Dtype, values: Sequence[object]) -> Values | Texts:
    convert = _CONVERT[dtype]
    if dtype == "text":
        return Texts.of(values, lambda value: None if is_missing(value) else cast("str", convert(name, value)))
    if dtype in ("list", "image"):
        objects = np.empty(len(values), dtype=object)
        for index, value in enumerate(values):
            objects[index] = None if is_missing(value) else convert(name, value)
        return objects
    blank: object = np.datetime64("NaT") if dtype == "datetime" else math.nan
    converted = [blank if is_missing(value) else convert(name, value) for value in values]
    return np.array(converted, dtype="datetime64[us]" if dtype == "datetime" else np.float64)


def scalar(name: str, dtype: Dtype, value: object) -> Any:
    """Return one value as compiled code reads it: a float with NaN for missing, or the object with None for missing.

    A time becomes whole microseconds since 1970 in UTC.

    Raises
    ------
    ColumnTypeError
        When the value has another type.
    """
    if is_missing(value):
        return math.nan if dtype in NUMERIC else None
    converted = _CONVERT[dtype](name, value)
    return int(cast("np.datetime64", converted).astype(np.int64)) if dtype == "datetime" else converted


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


def _list(name: str, value: object) -> list[Any]:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple | set | frozenset):
        raise _type_error(name, "a list", value)
    return sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)


def _image(name: str, value: object) -> bytes | NDArray[np.generic]:
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except ValueError as error:
            raise ColumnTypeError(f"Column {name!r} expects an image as base64 text.", column=name) from error
    if isinstance(value, list):
        # As JSON has them: rows of numbers, or of lists of channels.
        value = _array_of(value)
    if isinstance(value, np.ndarray) and value.ndim in (2, 3):
        return value
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    raise _type_error(name, "an image (bytes of a file, or an array)", value)


def _array_of(rows: list[object]) -> object:
    try:
        array = np.array(rows)
    except ValueError:
        return rows
    return array if array.dtype.kind in "biuf" else rows


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
    "list": _list,
    "image": _image,
}
