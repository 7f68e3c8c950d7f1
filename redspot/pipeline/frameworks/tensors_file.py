"""Named tensors as safetensors bytes, written and checked here, so that neither needs a library.

Source: the format's own description: eight bytes with the length of a JSON header, the header with type, shape and
place of each tensor, and then the tensors without a gap.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redspot.pipeline.errors import CorruptPipelineError

# Type → bytes per number.
SIZES: Mapping[str, int] = {
    "BF16": 2,
    "BOOL": 1,
    "F16": 2,
    "F32": 4,
    "F64": 8,
    "I16": 2,
    "I32": 4,
    "I64": 8,
    "I8": 1,
    "U8": 1,
}
_MAX_HEADER = 16 * 1024**2
_MAX_DIMENSIONS = 16


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor.

    Attributes
    ----------
    dtype
        One of `SIZES`.
    shape
        Length of each dimension; empty for a single number.
    data
        Its numbers, the last dimension together, little-endian.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes


def write_tensors(tensors: Mapping[str, Tensor]) -> bytes:
    """Return tensors as safetensors bytes; the same tensors always give the same bytes."""
    # Wide numbers first, so that each lies at a multiple of its size; the format's own library does the same.
    order = sorted(tensors, key=lambda name: (-SIZES[tensors[name].dtype], name))
    header: dict[str, Any] = {}
    place = 0
    for name in order:
        tensor = tensors[name]
        end = place + len(tensor.data)
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(tensors[name].data for name in order)


def read_tensors(data: bytes, what: str) -> dict[str, Tensor]:
    """Return the tensors of safetensors bytes.

    Raises
    ------
    CorruptPipelineError
        When the header is damaged, or promises anything else than exactly what follows it; nothing is reserved before
        that is known.
    """
    try:
        (length,) = struct.unpack_from("<Q", data)
        if not 2 <= length <= min(_MAX_HEADER, len(data) - 8):
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(data[8 : 8 + length].decode(), object_pairs_hook=_once)
        tensors = {name: _tensor(entry, data, 8 + length) for name, entry in header.items()}
        _require_gapless([entry["data_offsets"] for entry in header.values()], len(data) - 8 - length)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CorruptPipelineError(f"The tensors of {what} are damaged: {error!r}.") from error
    return tensors


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} twice")
        found[key] = value
    return found


def _tensor(entry: Mapping[str, Any], data: bytes, base: int) -> Tensor:
    if set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError("a tensor with other facts")
    shape, (start, end) = entry["shape"], entry["data_offsets"]
    numbers = [*shape, start, end]
    if any(type(number) is not int or number < 0 for number in numbers) or len(shape) > _MAX_DIMENSIONS:
        raise ValueError("a shape or place that is none")
    size = SIZES[entry["dtype"]]
    for length in shape:
        size *= length
    if end - start != size or base + end > len(data):
        raise ValueError(f"a tensor of shape {shape} in {end - start} bytes")
    return Tensor(entry["dtype"], tuple(shape), data[base + start : base + end])


def _require_gapless(places: list[list[int]], total: int) -> None:
    reached = 0
    for start, end in sorted(places):
        if start != reached:
            raise ValueError("a gap or an overlap")
        reached = end
    if reached != total:
        raise ValueError("bytes that belong to no tensor")
