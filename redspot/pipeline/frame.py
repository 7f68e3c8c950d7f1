"""Reading what notebooks hold (pandas, polars, dict of columns, list of rows) into tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from redspot.pipeline.column import Column, Dtype, Table, Values, coerce, infer_dtype, listed
from redspot.pipeline.errors import (
    ColumnTypeError,
    InvalidTargetError,
    MissingColumnError,
    MissingValueError,
    UnknownColumnError,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Columns by name, not yet typed.

    Attributes
    ----------
    columns
        The data as it came: narwhals series, arrays or lists.
    rows
        Number of rows.
    is_rows
        Whether it came as a list of rows, where an absent key means missing and an unknown key is a mistake.
    """

    columns: Mapping[str, object]
    rows: int
    is_rows: bool

    @classmethod
    def of(cls, data: object) -> Frame:
        """Read a pandas or polars frame, a dict of columns or a list of dicts.

        Raises
        ------
        ColumnTypeError
            When `data` is none of these, or its columns differ in length.
        """
        if isinstance(data, Frame):
            return data
        if isinstance(data, Mapping):
            return _of_columns(data)
        if isinstance(data, Sequence) and not isinstance(data, str | bytes):
            return _of_rows(data)
        import narwhals as nw

        try:
            frame = nw.from_native(cast("Any", data), eager_only=True)
            names = [str(name) for name in frame.columns]
        except nw.exceptions.DuplicateError as error:
            raise ColumnTypeError(f"The frame has columns by the same name: {error}") from error
        except TypeError as error:
            raise ColumnTypeError(
                f"Rows are given as a pandas or polars frame, a dict of columns or a list of dicts, "
                f"not {type(data).__name__}."
            ) from error
        series = {name: frame.get_column(original) for name, original in zip(names, frame.columns, strict=True)}
        return cls(series, len(frame), False)

    def dtype(self, name: str) -> Dtype:
        """Return the type of a column as the data declares or shows it."""
        return _dtype(name, self.column(name))

    def column(self, name: str) -> object:
        """Return one column as it came.

        Raises
        ------
        MissingColumnError
            When there is none; the message lists those that exist.
        """
        if name in self.columns:
            return self.columns[name]
        if self.is_rows:
            return [None] * self.rows
        raise MissingColumnError(f"Column {name!r} is missing; the data has {listed(self.columns)}.", column=name)

    def without(self, name: str) -> Frame:
        """Return the frame without one column."""
        return Frame({key: value for key, value in self.columns.items() if key != name}, self.rows, self.is_rows)

    def selected(self, names: Sequence[str]) -> Frame:
        """Return the frame with only some of its columns."""
        return Frame({name: self.column(name) for name in names}, self.rows, self.is_rows)

    def table(self, dtypes: Mapping[str, Dtype]) -> Table:
        """Return the named columns with the given types.

        Raises
        ------
        UnknownColumnError
            When rows carry a key that is not among `dtypes`.
        """
        if self.is_rows:
            refuse_unknown(self.columns, dtypes)
        columns = tuple(
            Column(name, dtype, require_finite(name, _values(name, dtype, self.column(name))), (name,))
            for name, dtype in dtypes.items()
        )
        return Table(columns, self.rows)


def row_table(row: Mapping[str, object], dtypes: Mapping[str, Dtype]) -> Table:
    """Return one row as a table, without any frame library; an absent key means missing.

    Raises
    ------
    UnknownColumnError, ColumnTypeError
        For a key that is no column, or a value of another type.
    """
    if not isinstance(row, Mapping):
        raise ColumnTypeError(f"A row is a mapping of column to value, not {type(row).__name__}.")
    refuse_unknown(row, dtypes)
    columns = tuple(
        Column(name, dtype, require_finite(name, coerce(name, dtype, [row.get(name)])), (name,))
        for name, dtype in dtypes.items()
    )
    return Table(columns, 1)


def require_finite(name: str, values: Values) -> Values:
    """Refuse infinite numbers: JSON cannot carry them, so no endpoint could ever be asked about them.

    Raises
    ------
    MissingValueError
        Naming the column.
    """
    if values.dtype.kind == "f" and np.isinf(values).any():
        raise MissingValueError(f"Column {name!r} has an infinite value; give a number or leave it empty.", column=name)
    return values


def refuse_unknown(given: Mapping[str, object], known: Mapping[str, Dtype]) -> None:
    """Refuse keys that are not columns of the pipeline.

    Raises
    ------
    UnknownColumnError
        For the first of them; the message lists the columns that exist.
    """
    for name in given:
        if name not in known:
            raise UnknownColumnError(f"Unknown column {name!r}; the pipeline reads {listed(known)}.", column=str(name))


def read_target(target: object, rows: int) -> Values:
    """Return the target as a one-dimensional array: text, int64, bool or float64.

    Raises
    ------
    InvalidTargetError
        When it has another length than the rows, or a missing value.
    """
    values = _target_list(target)
    if len(values) != rows:
        raise InvalidTargetError(f"The target has {len(values)} values for {rows} rows.")
    dtype = infer_dtype("target", values)
    if dtype == "datetime":
        raise InvalidTargetError("The target holds times; give labels or numbers.")
    array = coerce("target", dtype, values)
    missing = int(Column("target", dtype, array, ()).missing().sum())
    if missing:
        raise InvalidTargetError(f"The target has {missing} missing values; drop those rows first.", missing=missing)
    kinds: Mapping[Dtype, type] = {"text": np.str_, "int": np.int64, "bool": np.bool_, "float": np.float64}
    return array.astype(kinds[dtype])


def _target_list(target: object) -> list[object]:
    if isinstance(target, np.ndarray):
        if target.ndim != 1:
            raise InvalidTargetError(f"The target has {target.ndim} dimensions; one is needed.")
        return cast("list[object]", target.tolist())
    if isinstance(target, Sequence) and not isinstance(target, str):
        return list(target)
    import narwhals as nw

    try:
        return cast("list[object]", nw.from_native(cast("Any", target), series_only=True).to_list())
    except TypeError as error:
        raise InvalidTargetError(
            f"The target is a column name, a series, an array or a list, not {type(target).__name__}."
        ) from error


def _of_columns(data: Mapping[Any, object]) -> Frame:
    columns: dict[str, object] = {}
    for name, values in data.items():
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise ColumnTypeError(f"Column {str(name)!r} is one value; give a list, or use predict_one() for one row.")
        columns[str(name)] = values if isinstance(values, np.ndarray | list | tuple) else _series(values)
    lengths = {len(cast("Sequence[object]", values)) for values in columns.values()}
    if len(lengths) > 1:
        raise ColumnTypeError(f"The columns have different lengths: {', '.join(map(str, sorted(lengths)))}.")
    return Frame(columns, lengths.pop() if lengths else 0, False)


def _series(values: object) -> object:
    import narwhals as nw

    try:
        return nw.from_native(cast("Any", values), series_only=True)
    except TypeError:
        return list(cast("Sequence[object]", values))


def _of_rows(data: Sequence[object]) -> Frame:
    names: dict[str, None] = {}
    for row in data:
        if not isinstance(row, Mapping):
            raise ColumnTypeError(f"A row is a mapping of column to value, not {type(row).__name__}.")
        names.update(dict.fromkeys(map(str, row)))
    rows = cast("Sequence[Mapping[str, object]]", data)
    return Frame({name: [row.get(name) for row in rows] for name in names}, len(rows), True)


def _dtype(name: str, column: object) -> Dtype:
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
    return infer_dtype(name, series.to_list())


def _values(name: str, dtype: Dtype, column: object) -> Values:
    if isinstance(column, np.ndarray):
        return _array_values(name, dtype, column)
    if isinstance(column, list | tuple):
        return coerce(name, dtype, column)
    import narwhals as nw

    series = cast("nw.Series[Any]", column)
    if dtype in ("float", "int") and series.dtype.is_numeric():
        # A nullable integer column turns into objects unless it passes through Float64 first.
        return _array_values(name, dtype, series.cast(nw.Float64).to_numpy())
    return coerce(name, dtype, series.to_list())


def _array_values(name: str, dtype: Dtype, array: Values) -> Values:
    if array.ndim != 1:
        raise ColumnTypeError(f"Column {name!r} has {array.ndim} dimensions; one is needed.", column=name)
    if dtype in ("float", "int") and array.dtype.kind in "fiu":
        return array.astype(np.float64)
    if dtype == "datetime" and array.dtype.kind == "M":
        return array.astype("datetime64[us]")
    return coerce(name, dtype, cast("list[object]", array.tolist()))
