"""Tensors of the Open Inference Protocol, one per column, checked before a pipeline sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from redspot.pipeline import Schema
from redspot.serving.errors import InvalidTensorError

# What each datatype may hold: the Python type of its values and, for whole numbers, their bounds.
_WHOLE: dict[str, tuple[int, int]] = {
    **{f"UINT{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
}
_REAL = ("FP16", "FP32", "FP64")
DATATYPES = ("BOOL", *_WHOLE, *_REAL, "BYTES")

_NUMBERS = (*_WHOLE, *_REAL)
# A whole column may come as FP*, since pandas makes floats of whole numbers with gaps.
ACCEPTED: dict[str, tuple[str, ...]] = {
    "float": _NUMBERS,
    "int": _NUMBERS,
    "bool": ("BOOL",),
    "text": ("BYTES",),
    "datetime": ("BYTES",),
}
PREFERRED = {"float": "FP64", "int": "INT64", "bool": "BOOL", "text": "BYTES", "datetime": "BYTES"}


def read_tensors(inputs: object, schema: Schema, max_rows: int) -> tuple[dict[str, list[Any]], int]:
    """Return the columns of an inference request and their number of rows.

    Raises
    ------
    InvalidTensorError
        When a tensor does not fit itself, the others or the model; the message names what exists.
    """
    if not isinstance(inputs, list) or not inputs:
        raise InvalidTensorError("'inputs' must be a list of at least one tensor, one per column of the model.")
    dtypes: Mapping[str, str] = schema.dtypes
    columns: dict[str, list[Any]] = {}
    rows: int | None = None
    for tensor in inputs:
        name, values = _read_tensor(tensor, dtypes, max_rows)
        if name in columns:
            raise InvalidTensorError(f"Input {name!r} is given twice.", input=name)
        if rows is not None and len(values) != rows:
            raise InvalidTensorError(
                f"Input {name!r} has {len(values)} rows, and those before it have {rows}.", input=name
            )
        rows = len(values)
        columns[name] = values
    absent = [name for name in dtypes if name not in columns]
    if absent:
        raise InvalidTensorError(
            f"Input {_listed(absent)} is missing; the model reads {_listed(dtypes)}. A value not known is null."
        )
    return columns, rows or 0


def _read_tensor(tensor: object, dtypes: Mapping[str, str], max_rows: int) -> tuple[str, list[Any]]:
    if not isinstance(tensor, dict):
        raise InvalidTensorError("Each input must be an object with name, shape, datatype and data.")
    name = tensor.get("name")
    if not isinstance(name, str) or name not in dtypes:
        raise InvalidTensorError(f"There is no input {_shown(name)}; the model reads {_listed(dtypes)}.")
    datatype = tensor.get("datatype")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise InvalidTensorError(
            f"Input {name!r} has datatype {_shown(datatype)}; known are {', '.join(DATATYPES)}.", input=name
        )
    if datatype not in ACCEPTED[dtypes[name]]:
        raise InvalidTensorError(
            f"Input {name!r} has datatype {datatype}, but the column holds {dtypes[name]}:"
            f" send {' or '.join(ACCEPTED[dtypes[name]])}.",
            input=name,
        )
    if "data" not in tensor:
        raise InvalidTensorError(f"Input {name!r} has no 'data'; binary tensors are not supported.", input=name)
    rows = _rows_of_shape(name, tensor.get("shape"), max_rows)
    values = _flat(name, tensor["data"], rows, tensor["shape"])
    for value in values:
        if value is not None:
            _check_value(name, datatype, value)
    return name, values


def _rows_of_shape(name: str, shape: object, max_rows: int) -> int:
    is_shape = isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)
    if not is_shape or not isinstance(shape, list) or len(shape) not in (1, 2) or shape[1:] not in ([], [1]):
        raise InvalidTensorError(f"Input {name!r} has shape {_shown(shape)}; a column is [n] or [n, 1].", input=name)
    if shape[0] > max_rows:
        raise InvalidTensorError(f"Input {name!r} has {shape[0]} rows; one request may have {max_rows}.", input=name)
    return int(shape[0])


def _flat(name: str, data: object, rows: int, shape: list[int]) -> list[Any]:
    if not isinstance(data, list):
        raise InvalidTensorError(f"The data of input {name!r} is not a list.", input=name)
    if data and isinstance(data[0], list):
        if len(shape) != 2 or not all(isinstance(row, list) and len(row) == 1 for row in data):
            raise InvalidTensorError(f"The data of input {name!r} does not nest as its shape {shape} says.", input=name)
        data = [row[0] for row in data]
    if len(data) != rows:
        raise InvalidTensorError(
            f"Input {name!r} has {len(data)} values, but its shape {shape} says {rows}.", input=name
        )
    return data


def _check_value(name: str, datatype: str, value: object) -> None:
    if datatype in _WHOLE:
        low, high = _WHOLE[datatype]
        fits = type(value) is int and low <= value <= high
    elif datatype in _REAL:
        fits = type(value) is float or type(value) is int
    elif datatype == "BOOL":
        fits = type(value) is bool
    else:
        fits = type(value) is str
    if not fits:
        raise InvalidTensorError(f"Input {name!r} has the value {_shown(value)}, which is no {datatype}.", input=name)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
