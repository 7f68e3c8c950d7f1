"""The binary tensor extension of the Open Inference Protocol: values as raw bytes behind the JSON of a message."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from redspot.serving.errors import InvalidTensorError

JSON_SIZE_HEADER = "Inference-Header-Content-Length"
OCTETS = "application/octet-stream"

# More digits than any body has bytes are not read as a number at all.
_DIGITS = re.compile("[0-9]{1,15}")
_SIZE = struct.Struct("<I")
_NUMPY: Mapping[str, str] = {
    "BOOL": "?",
    **{f"UINT{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
    **{f"INT{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}


def split(body: bytes, announced: str) -> tuple[bytes, memoryview]:
    """Return the JSON of a message and what follows it.

    Parameters
    ----------
    announced
        What `JSON_SIZE_HEADER` says; empty when it was not sent.
    """
    if not announced:
        return body, memoryview(b"")
    if not _DIGITS.fullmatch(announced) or int(announced) > len(body):
        raise InvalidTensorError(
            f"{JSON_SIZE_HEADER} is {announced[:20]!r}; it must be the size of the JSON in a body of {len(body)} bytes."
        )
    size = int(announced)
    return body[:size], memoryview(body)[size:]


def take(
    tensor: Mapping[str, Any], rows: int, left: memoryview, *, as_text: bool = True
) -> tuple[Sequence[Any], memoryview]:
    """Return the values of a tensor whose data is binary, and what is left for those after it.

    Parameters
    ----------
    tensor
        With a known datatype.
    as_text
        Whether BYTES are UTF-8; those of images are not.

    Raises
    ------
    InvalidTensorError
        When the bytes are not as many as they should be, or no text.
    """
    name, datatype, size = tensor["name"], tensor["datatype"], tensor["parameters"]["binary_data_size"]
    if type(size) is not int or not 0 <= size <= len(left):
        raise InvalidTensorError(
            f"Input {name!r} says {size!r} bytes of binary data, and {len(left)} bytes are left.", input=name
        )
    data, left = left[:size], left[size:]
    if datatype == "BYTES":
        pieces = list(_pieces(name, data, rows))
        return [_text(name, row, piece) for row, piece in enumerate(pieces)] if as_text else pieces, left
    kind = np.dtype(_NUMPY[datatype])
    if size != kind.itemsize * rows:
        raise InvalidTensorError(
            f"Input {name!r} has {size} bytes of binary data; {rows} of {datatype} are {kind.itemsize * rows}.",
            input=name,
        )
    if datatype == "BOOL":
        return (np.frombuffer(data, dtype="u1") != 0).tolist(), left
    # An array of numbers is a sequence of them in all that is done with it here.
    return cast("Sequence[Any]", np.frombuffer(data, dtype=kind)), left


def is_binary(tensor: Mapping[str, Any]) -> bool:
    """Tell whether the data of a tensor follows the JSON."""
    parameters = tensor.get("parameters")
    return isinstance(parameters, Mapping) and "binary_data_size" in parameters


def pack(name: str, datatype: str, values: Sequence[Any]) -> bytes:
    """Return the values of an output as bytes; a number that is not known is NaN.

    Raises
    ------
    InvalidTensorError
        When there are gaps that the datatype has no value for.
    """
    if datatype.startswith("FP"):
        return np.array([np.nan if value is None else value for value in values], dtype=_NUMPY[datatype]).tobytes()
    if any(value is None for value in values):
        raise InvalidTensorError(
            f"Output {name!r} has gaps, which {datatype} has no bytes for; ask for it as JSON.", output=name
        )
    if datatype == "BYTES":
        return pack_bytes([str(value).encode() for value in values])
    return np.array(values, dtype=_NUMPY[datatype]).tobytes()


def pack_bytes(values: Iterable[bytes]) -> bytes:
    """Return byte strings one after the other, each after its size."""
    return b"".join(part for value in values for part in (_SIZE.pack(len(value)), value))


def _pieces(name: str, data: memoryview, rows: int) -> Iterable[bytes]:
    place = 0
    for row in range(rows):
        end = place + _SIZE.size
        if end > len(data) or (stop := end + _SIZE.unpack_from(data, place)[0]) > len(data):
            raise InvalidTensorError(
                f"Row {row}: the binary data of input {name!r} ends too early.", input=name, row=row
            )
        yield bytes(data[end:stop])
        place = stop
    if place != len(data):
        raise InvalidTensorError(f"The binary data of input {name!r} has more than its {rows} rows.", input=name)


def _text(name: str, row: int, piece: bytes) -> str:
    try:
        return piece.decode()
    except UnicodeDecodeError as error:
        raise InvalidTensorError(f"Row {row}: input {name!r} is not UTF-8.", input=name, row=row) from error
