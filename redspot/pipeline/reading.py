"""Columns as they came, read a stretch of rows at a time and without a copy where none is needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np

from redspot.pipeline.column import Data, Dtype, Values, coerce, infer_dtype
from redspot.pipeline.errors import ColumnTypeError, MissingValueError
from redspot.pipeline.texts import Texts


class Reader(Protocol):
    """One column."""

    @property
    def dtype(self) -> Dtype:
        """Type of the column."""
        ...

    def read(self, start: int, stop: int) -> Data:
        """Return the rows from `start` up to, not including, `stop`."""
        ...


def dtype_of(name: str, column: object) -> Dtype:
    """Return the type of a column as the data declares or shows it."""
    if isinstance(column, np.ndarray):
        by_kind: dict[str, Dtype] = {"f": "float", "i": "int", "u": "int", "b": "bool", "U": "text", "M": "datetime"}
        return by_kind.get(column.dtype.kind) or infer_dtype(name, column.tolist())
    if isinstance(column, list | tuple):
        return infer_dtype(name, column)
    import narwhals as nw

    series = cast("nw.Series[Any]", column)
    declared = series.dtype
    if declared.is_float() or declared.is_decimal():
        return "float"
    if declared.is_integer():
        return "int"
    if declared == nw.Boolean:
        return "bool"
    if declared == nw.String:
        return "text"
    if declared == nw.Datetime or declared == nw.Date:
        return "datetime"
    if declared == nw.Binary:
        return "image"
    if declared == nw.List or declared == nw.Array:
        return "list"
    return infer_dtype(name, series.to_list())


def reader(name: str, dtype: Dtype, column: object) -> Reader:
    """Return what reads a column (an array, a list or a narwhals series) as the given type."""
    if isinstance(column, np.ndarray):
        return _array_reader(name, dtype, column)
    if isinstance(column, list | tuple):
        return _Values(name, dtype, column)
    import narwhals as nw

    series = cast("nw.Series[Any]", column)
    if dtype in ("float", "int") and series.dtype.is_numeric():
        # A nullable integer column turns into objects unless it passes through Float64 first.
        is_plain = series.null_count() == 0 or series.dtype.is_float()
        return _array_reader(name, dtype, (series if is_plain else series.cast(nw.Float64)).to_numpy())
    if dtype == "bool" and series.dtype == nw.Boolean and series.null_count() == 0:
        return _array_reader(name, dtype, series.to_numpy())
    if dtype == "text" and series.dtype == nw.String and _is_arrow_here():
        return _ArrowTexts(dtype, series.to_arrow())
    if dtype == "text" and series.implementation.is_pandas():
        return _PandasTexts(name, dtype, series.to_native())
    if dtype == "datetime" and series.dtype == nw.Datetime and series.dtype.time_zone is None:  # type: ignore[attr-defined]
        return _array_reader(name, dtype, series.to_numpy())
    return _Values(name, dtype, series.to_list())


def _array_reader(name: str, dtype: Dtype, array: Values) -> Reader:
    if array.ndim != 1:
        raise ColumnTypeError(f"Column {name!r} has {array.ndim} dimensions; one is needed.", column=name)
    if dtype in ("float", "int") and array.dtype.kind in "fiu":
        return _Numbers(name, dtype, array)
    if dtype == "bool" and array.dtype.kind == "b":
        return _Numbers(name, dtype, array)
    if dtype == "datetime" and array.dtype.kind == "M":
        return _Times(dtype, array)
    return _Values(name, dtype, cast("list[object]", array.tolist()))


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers or truths in an array."""

    name: str
    dtype: Dtype
    array: Values

    def read(self, start: int, stop: int) -> Data:
        values = self.array[start:stop].astype(np.float64, copy=False)
        return require_finite(self.name, values, start)


@dataclass(frozen=True, slots=True)
class _Times:
    """Times in an array."""

    dtype: Dtype
    array: Values

    def read(self, start: int, stop: int) -> Data:
        return self.array[start:stop].astype("datetime64[us]", copy=False)


@dataclass(frozen=True, slots=True)
class _ArrowTexts:
    """Texts that Arrow holds: it finds the distinct ones itself, without the interpreter's lock."""

    dtype: Dtype
    array: Any

    def read(self, start: int, stop: int) -> Data:
        part = self.array.slice(start, stop - start)
        if hasattr(part, "combine_chunks"):
            part = part.combine_chunks()
        encoded = part.dictionary_encode()
        codes = encoded.indices.fill_null(-1) if encoded.indices.null_count else encoded.indices
        return Texts(codes.to_numpy(zero_copy_only=False).astype(np.int32), tuple(encoded.dictionary.to_pylist()))


@dataclass(frozen=True, slots=True)
class _PandasTexts:
    """Texts in a pandas series of another kind; pandas finds the distinct ones."""

    name: str
    dtype: Dtype
    series: Any

    def read(self, start: int, stop: int) -> Data:
        part = self.series.iloc[start:stop]
        codes, distinct = part.factorize()
        labels = distinct.tolist()
        if all(type(label) is str for label in labels):
            return Texts(codes.astype(np.int32), tuple(labels))
        return cast("Texts", coerce(self.name, self.dtype, part.tolist(), start))


@dataclass(frozen=True, slots=True)
class _Values:
    """Plain Python values; every one of them is looked at."""

    name: str
    dtype: Dtype
    values: Sequence[object]

    def read(self, start: int, stop: int) -> Data:
        part = self.values if stop - start == len(self.values) else self.values[start:stop]
        data = coerce(self.name, self.dtype, part, start)
        return data if isinstance(data, Texts) else require_finite(self.name, data, start)


def require_finite(name: str, values: Values, first_row: int = 0) -> Values:
    """Refuse infinite numbers: JSON cannot carry them, so no endpoint could ever be asked about them.

    Raises
    ------
    MissingValueError
        Naming the column and the row.
    """
    if values.dtype.kind != "f":
        return values
    infinite = np.isinf(values)
    if infinite.any():
        row = first_row + int(np.flatnonzero(infinite)[0])
        raise MissingValueError(
            f"Column {name!r} has an infinite value in row {row}; give a number or leave it empty.",
            column=name,
            row=row,
        )
    return values


def _is_arrow_here() -> bool:
    """Whether pyarrow is installed; whoever holds a frame has mostly imported it already."""
    if "pyarrow" in sys.modules:
        return True
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None
