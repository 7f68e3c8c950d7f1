"""Choosing rows of whatever a notebook holds, and reading single columns of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import is_missing
from redspot.pipeline.errors import ColumnTypeError, InvalidTargetError
from redspot.pipeline.frame import Frame
from redspot.profile.values import Coded, Dtype, Values

Rows = NDArray[np.intp]


def take(data: object, rows: Rows) -> Any:
    """Return some rows of data, in the order asked for and of the same kind.

    Parameters
    ----------
    data
        A pandas or polars frame or series, an array, a dict of columns, a list of dicts or of values.
    rows
        Numbers of the rows, from 0; a row may come more than once.

    Examples
    --------
    >>> take({"mass": [3.7, 4.1, 5.9]}, np.array([2, 0]))
    {'mass': [5.9, 3.7]}
    >>> take([{"mass": 3.7}, {"mass": 4.1}], np.array([1]))
    [{'mass': 4.1}]
    """
    if isinstance(data, Frame):
        return {name: take(column, rows) for name, column in data.columns.items()}
    if isinstance(data, Mapping):
        return {name: take(column, rows) for name, column in data.items()}
    if isinstance(data, np.ndarray):
        return data[rows]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return [data[row] for row in rows.tolist()]
    import narwhals as nw

    try:
        native = nw.from_native(cast("Any", data), eager_only=True, allow_series=True)
    except TypeError as error:
        if hasattr(data, "__array__"):
            return np.asarray(data)[rows]
        raise ColumnTypeError(
            f"Rows can be chosen from a pandas or polars frame or series, an array, a dict of columns or a list, "
            f"not from {type(data).__name__}."
        ) from error
    chosen = native[rows] if len(rows) else native.head(0)
    return chosen if native is data else chosen.to_native()


def readable(data: object, columns: Sequence[str]) -> dict[str, object]:
    """Return those columns of data that a pipeline reads, so that others are no mistake in rows.

    Raises
    ------
    MissingColumnError
        When the data lacks one of them.
    """
    frame = Frame.of(data)
    return {name: frame.column(name) for name in columns}


def read_column(data: object, name: str) -> tuple[Dtype, Values]:
    """Return the type and the values of a column, as profiles read them; text as codes.

    Raises
    ------
    MissingColumnError, ColumnTypeError
        When there is no such column, or it mixes types.
    """
    frame = Frame.of(data)
    found = frame.dtype(name)
    raw = frame.column(name)
    if found == "list" or found == "image":
        raise ColumnTypeError(f"Column {name!r} holds {found}s, which have no values to tell rows apart.", column=name)
    dtype: Dtype = found
    if dtype == "text":
        return dtype, Coded.of(_listed(raw))
    array = raw if isinstance(raw, np.ndarray) else None
    if array is None and hasattr(raw, "to_numpy"):
        array = np.asarray(raw.to_numpy())
    if dtype == "datetime":
        return dtype, _times(array, raw)
    if array is not None and array.dtype.kind in "fiub":
        return dtype, array.astype(np.float64)
    values = [np.nan if is_missing(value) else float(cast("Any", value)) for value in _listed(raw)]
    return dtype, np.array(values, dtype=np.float64)


def read_labels(target: object, rows: int) -> NDArray[np.generic]:
    """Return a target as a one-dimensional array: text, int64, bool or float64.

    Raises
    ------
    InvalidTargetError
        When it has another length than the rows, a missing or infinite value, or is no series, array or list.
    """
    if isinstance(target, np.ndarray) and target.ndim != 1:
        raise InvalidTargetError(f"The target has {target.ndim} dimensions; one is needed.")
    if isinstance(target, str) or not hasattr(target, "__len__"):
        raise InvalidTargetError(
            f"The target is a column name, a series, an array or a list, not {type(target).__name__}."
        )
    dtype, values = read_column({"target": target}, "target")
    if len(values) != rows:
        raise InvalidTargetError(f"The target has {len(values)} values for {rows} rows.")
    if dtype == "datetime":
        raise InvalidTargetError("The target holds times; give labels or numbers.")
    if isinstance(values, Coded):
        missing = int((values.codes < 0).sum())
        labels = np.array(values.labels, dtype=np.str_)
    else:
        missing = int((~np.isfinite(values)).sum())
    if missing:
        raise InvalidTargetError(
            f"The target has {missing} missing or infinite values; drop those rows first.", missing=missing
        )
    if isinstance(values, Coded):
        return labels[values.codes]
    kinds: Mapping[str, type] = {"int": np.int64, "bool": np.bool_, "float": np.float64}
    return values.astype(kinds[dtype])


def read_groups(data: object, groups: object) -> NDArray[np.int64]:
    """Return which group each row is in, as numbers from 0, in the order of first mention.

    Parameters
    ----------
    data
        The rows.
    groups
        Name of a column of theirs, or one value for each row.

    Raises
    ------
    InvalidTargetError
        When there is not one value for each row.
    """
    frame = Frame.of(data)
    raw = frame.column(groups) if isinstance(groups, str) else groups
    values = _listed(raw)
    if len(values) != frame.rows or any(is_missing(value) for value in values):
        raise InvalidTargetError(f"Groups need one value for each of {frame.rows} rows; there are {len(values)}.")
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64)


def _listed(raw: object) -> list[object]:
    if isinstance(raw, np.ndarray):
        return cast("list[object]", raw.tolist())
    for method in ("to_list", "tolist"):
        if hasattr(raw, method):
            return cast("list[object]", getattr(raw, method)())
    return list(cast("Sequence[object]", raw))


def _times(array: NDArray[Any] | None, raw: object) -> NDArray[Any]:
    if array is not None and array.dtype.kind == "M":
        return array.astype("datetime64[us]")
    times = [np.datetime64("NaT") if is_missing(value) else _moment(value) for value in _listed(raw)]
    return np.array(times, dtype="datetime64[us]")


def _moment(value: object) -> np.datetime64:
    zone = getattr(value, "tzinfo", None)
    if zone is not None:
        from datetime import UTC

        value = cast("Any", value).astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(cast("Any", value), "us")
