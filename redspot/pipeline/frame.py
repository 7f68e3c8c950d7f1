"""Reading what notebooks hold (pandas, polars, Arrow, DuckDB, arrays, dicts, rows) into tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from redspot.pipeline.column import Column, Dtype, Table, Values, coerce, infer_dtype, listed
from redspot.pipeline.errors import ColumnTypeError, InvalidTargetError, MissingColumnError, UnknownColumnError
from redspot.pipeline.reading import Reader, dtype_of, reader


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
        """Read a pandas, polars, Arrow or DuckDB table, an array, a dict of columns or a list of dicts.

        A structured array has the names of its fields; a two-dimensional one the names ``x0``, ``x1``, ….

        Raises
        ------
        ColumnTypeError
            When `data` is none of these, or its columns differ in length.
        """
        if isinstance(data, Frame):
            return data
        if isinstance(data, np.ndarray):
            return _of_array(data)
        if hasattr(data, "tocsr"):
            raise ColumnTypeError(
                "Sparse data is not supported as rows: columns have names and types of their own; "
                "give a frame, a dict of columns or a dense array."
            )
        if isinstance(data, Mapping):
            return _of_columns(data)
        if isinstance(data, Sequence) and not isinstance(data, str | bytes):
            is_matrix = bool(data) and all(isinstance(row, list | tuple | np.ndarray) for row in data)
            return _of_array(np.asarray(data)) if is_matrix else _of_rows(data)
        import narwhals as nw

        if type(data).__module__.partition(".")[0] in ("duckdb", "_duckdb") and hasattr(data, "to_arrow_table"):
            data = data.to_arrow_table()
        try:
            frame = nw.from_native(cast("Any", data), eager_only=True)
            names = [str(name) for name in frame.columns]
        except nw.exceptions.DuplicateError as error:
            raise ColumnTypeError(f"The frame has columns by the same name: {error}") from error
        except TypeError as error:
            if hasattr(data, "__array__"):
                return _of_array(np.asarray(data))
            raise ColumnTypeError(
                f"Rows are given as a pandas, polars, Arrow or DuckDB table, an array, a dict of columns or a list "
                f"of dicts, not {type(data).__name__}."
            ) from error
        series = {name: frame.get_column(original) for name, original in zip(names, frame.columns, strict=True)}
        return cls(series, len(frame), False)

    def dtype(self, name: str) -> Dtype:
        """Return the type of a column as the data declares or shows it."""
        return dtype_of(name, self.column(name))

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

    @classmethod
    def of_width(cls, data: object, names: Sequence[str]) -> Frame:
        """Read data in which columns without a name are told by their place: there must be as many as there were.

        Raises
        ------
        MissingColumnError
            When an array has another number of columns than the pipeline learned from.
        """
        is_plain = isinstance(data, np.ndarray) and data.ndim == 2 and list(names) == _places(len(names))
        if is_plain and cast("Values", data).shape[1] != len(names):
            raise MissingColumnError(
                f"X has {cast('Values', data).shape[1]} features, but Pipeline is expecting {len(names)} features as "
                "input."
            )
        return cls.of(data)

    def without(self, name: str) -> Frame:
        """Return the frame without one column."""
        return Frame({key: value for key, value in self.columns.items() if key != name}, self.rows, self.is_rows)

    def selected(self, names: Sequence[str]) -> Frame:
        """Return the frame with only some of its columns."""
        return Frame({name: self.column(name) for name in names}, self.rows, self.is_rows)

    def readers(self, dtypes: Mapping[str, Dtype]) -> Readers:
        """Return the named columns, ready to be read a stretch of rows at a time.

        Raises
        ------
        UnknownColumnError
            When rows carry a key that is not among `dtypes`.
        """
        if self.is_rows:
            refuse_unknown(self.columns, dtypes)
        return Readers({name: reader(name, dtype, self.column(name)) for name, dtype in dtypes.items()}, self.rows)

    def table(self, dtypes: Mapping[str, Dtype]) -> Table:
        """Return the named columns, whole, with the given types; raises as `readers` does."""
        return self.readers(dtypes).table(0, self.rows)


@dataclass(frozen=True, slots=True)
class Readers:
    """Typed columns of which any stretch of rows can be read, also by several threads."""

    readers: Mapping[str, Reader]
    rows: int

    def table(self, start: int, stop: int) -> Table:
        """Return rows from `start` up to, not including, `stop`.

        Raises
        ------
        ColumnTypeError, MissingValueError
            Naming the column and the row.
        """
        columns = tuple(
            Column(name, each.dtype, each.read(start, stop), (name,)) for name, each in self.readers.items()
        )
        return Table(columns, stop - start)


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
    values = _target_values(target)
    if len(values) != rows:
        raise InvalidTargetError(f"The target has {len(values)} values for {rows} rows.")
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "f":
            _refuse_missing(int(np.isnan(values).sum()))
        return values.astype(_PLAIN_TARGETS[values.dtype.kind])
    dtype = infer_dtype("target", values)
    if dtype not in _TARGETS:
        kind = "times" if dtype == "datetime" else f"{dtype}s"
        raise InvalidTargetError(f"The target holds {kind}; labels or numbers are needed.")
    column = Column("target", dtype, coerce("target", dtype, values), ())
    _refuse_missing(int(column.missing().sum()))
    return column.values.astype(_TARGETS[dtype])


def _refuse_missing(missing: int) -> None:
    if missing:
        raise InvalidTargetError(f"The target has {missing} missing values; drop those rows first.", missing=missing)


_TARGETS: Mapping[Dtype, type] = {"text": np.str_, "int": np.int64, "bool": np.bool_, "float": np.float64}
_PLAIN_TARGETS: Mapping[str, type] = {"i": np.int64, "u": np.int64, "b": np.bool_, "f": np.float64, "U": np.str_}


def _target_values(target: object) -> Values | list[object]:
    """Return an array where numpy knows the type of each value, otherwise plain Python values."""
    if not isinstance(target, np.ndarray) and isinstance(target, Sequence) and not isinstance(target, str):
        return list(target)
    array = target
    if not isinstance(target, np.ndarray):
        import narwhals as nw

        try:
            series = nw.from_native(cast("Any", target), series_only=True)
        except TypeError as error:
            if hasattr(target, "__array__"):
                return _target_values(np.asarray(target))
            raise InvalidTargetError(
                f"The target is a column name, a series, an array or a list, not {type(target).__name__}."
            ) from error
        if not (series.dtype.is_numeric() or series.dtype == nw.Boolean) or series.null_count():
            return cast("list[object]", series.to_list())
        array = series.to_numpy()
    array = cast("Values", array)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InvalidTargetError(f"The target has {array.ndim} dimensions; one is needed.")
    return array if array.dtype.kind in _PLAIN_TARGETS else cast("list[object]", array.tolist())


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


def _of_array(array: Values) -> Frame:
    if array.dtype.names is not None and array.ndim == 1:
        return Frame({name: cast("Any", array)[name] for name in array.dtype.names}, len(array), False)
    if array.ndim != 2:
        raise ColumnTypeError(
            f"An array of rows has two dimensions, or named fields; this one has shape {array.shape}. "
            "Reshape your data: reshape(-1, 1) makes one column of it, reshape(1, -1) one row."
        )
    if array.dtype.kind == "c":
        raise ColumnTypeError("Complex data not supported: a column holds real numbers, text, times, lists or images.")
    if not array.shape[1]:
        raise ColumnTypeError(f"Found array with 0 feature(s) (shape={array.shape}) while a minimum of 1 is required.")
    return Frame({name: array[:, index] for index, name in enumerate(_places(array.shape[1]))}, len(array), False)


def _places(count: int) -> list[str]:
    """Return the names of columns that have none."""
    return [f"x{index}" for index in range(count)]


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
