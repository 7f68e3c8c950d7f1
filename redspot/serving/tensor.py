"""Tensors of the Open Inference Protocol, one per column, checked before a pipeline sees them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from redspot.pipeline import Schema
from redspot.serving.binary import is_binary, take
from redspot.serving.errors import BodyTooLargeError, InvalidTensorError

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
    # A list is a JSON text, an image base64 text, or the bytes of its file among binary data.
    "list": ("BYTES",),
    "image": ("BYTES",),
}
# What JSON may hold for each; null is a value not known.
_ALLOWED: dict[str, set[type]] = {
    **{name: {int, type(None)} for name in _WHOLE},
    **{name: {int, float, type(None)} for name in _REAL},
    "BOOL": {bool, type(None)},
    "BYTES": {str, type(None)},
}
PREFERRED = {dtype: "BYTES" for dtype in ACCEPTED} | {"float": "FP64", "int": "INT64", "bool": "BOOL"}


def read_tensors(
    inputs: object, schema: Schema, max_rows: int, binary: memoryview
) -> tuple[dict[str, Sequence[Any]], int]:
    """Return the columns of an inference request and their number of rows.

    Parameters
    ----------
    binary
        What follows the JSON; the tensors that have their values there take them in order.

    Raises
    ------
    InvalidTensorError, BodyTooLargeError
        When a tensor does not fit itself, the others or the model; the message names what exists.
    """
    if not isinstance(inputs, list) or not inputs:
        raise InvalidTensorError("'inputs' must be a list of at least one tensor, one per column of the model.")
    dtypes: Mapping[str, str] = schema.dtypes
    columns: dict[str, Sequence[Any]] = {}
    rows: int | None = None
    for tensor in inputs:
        name, values, binary = _read_tensor(tensor, dtypes, max_rows, binary)
        if name in columns:
            raise InvalidTensorError(f"Input {name!r} is given twice.", input=name)
        if rows is not None and len(values) != rows:
            raise InvalidTensorError(
                f"Input {name!r} has {len(values)} rows, and those before it have {rows}.", input=name
            )
        rows = len(values)
        columns[name] = values
    if len(binary):
        raise InvalidTensorError(f"{len(binary)} bytes follow the JSON that no input says are its own.")
    absent = [name for name in dtypes if name not in columns]
    if absent:
        raise InvalidTensorError(
            f"Input {_listed(absent)} is missing; the model reads {_listed(dtypes)}. A value not known is null."
        )
    return columns, rows or 0


def _read_tensor(
    tensor: object, dtypes: Mapping[str, str], max_rows: int, binary: memoryview
) -> tuple[str, Sequence[Any], memoryview]:
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
    rows = _rows_of_shape(name, tensor.get("shape"), max_rows)
    if is_binary(tensor):
        if "data" in tensor:
            raise InvalidTensorError(f"Input {name!r} has both 'data' and binary data.", input=name)
        values, binary = take(tensor, rows, binary, as_text=dtypes[name] != "image")
        return name, _lists(name, values) if dtypes[name] == "list" else values, binary
    if "data" not in tensor:
        raise InvalidTensorError(f"Input {name!r} has neither 'data' nor 'binary_data_size'.", input=name)
    values = _flat(name, tensor["data"], rows, tensor["shape"])
    _check_values(name, datatype, values)
    return name, _lists(name, values) if dtypes[name] == "list" else values, binary


def _rows_of_shape(name: str, shape: object, max_rows: int) -> int:
    is_shape = isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)
    if not is_shape or not isinstance(shape, list) or len(shape) not in (1, 2) or shape[1:] not in ([], [1]):
        raise InvalidTensorError(f"Input {name!r} has shape {_shown(shape)}; a column is [n] or [n, 1].", input=name)
    if shape[0] > max_rows:
        raise BodyTooLargeError(f"Input {name!r} has {shape[0]} rows; one request may have {max_rows}.", input=name)
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


def _check_values(name: str, datatype: str, values: Sequence[object]) -> None:
    """Look at all values together first: what fits, as nearly everything does, is not looked at one by one."""
    allowed = _ALLOWED[datatype]
    if set(map(type, values)) <= allowed and (datatype not in _WHOLE or _within(_WHOLE[datatype], values)):
        return
    for row, value in enumerate(values):
        fits = type(value) in allowed and (datatype not in _WHOLE or _within(_WHOLE[datatype], (value,)))
        if not fits:
            raise InvalidTensorError(
                f"Row {row}: input {name!r} has the value {_shown(value)}, which is no {datatype}.", input=name, row=row
            )


def _lists(name: str, values: Sequence[Any]) -> list[Any]:
    found = []
    for row, value in enumerate(values):
        try:
            found.append(None if value is None else json.loads(value))
        except (ValueError, RecursionError) as error:
            raise InvalidTensorError(
                f"Row {row}: input {name!r} has {_shown(value)}, which is no JSON of a list.", input=name, row=row
            ) from error
    return found


def _within(bounds: tuple[int, int], values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return not known or (bounds[0] <= min(known) and max(known) <= bounds[1])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
