"""Reading UBJSON, the binary form of JSON that XGBoost writes: sizes are checked before anything is reserved.

Source: the Universal Binary JSON specification, draft 12; numbers are big-endian.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from redspot.pipeline.errors import CorruptPipelineError

_NUMBERS = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
_MAX_DEPTH = 50


def read_ubjson(data: bytes) -> Any:
    """Return what UBJSON bytes say; arrays of numbers of one type become numpy arrays.

    Raises
    ------
    CorruptPipelineError
        When they are damaged, too deep, or promise more than they hold.
    """
    reader = _Reader(data)
    try:
        value = reader.value(reader.mark(), 0)
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise CorruptPipelineError(f"The UBJSON is damaged: {error}.") from error
    if reader.place != len(data):
        raise CorruptPipelineError("The UBJSON goes on after its end.")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.place + count > len(self.data):
            raise CorruptPipelineError("The UBJSON promises more than it holds.")
        part = self.data[self.place : self.place + count]
        self.place += count
        return part

    def mark(self) -> str:
        while True:
            mark = self.take(1).decode("ascii")
            if mark != "N":
                return mark

    def number(self, mark: str) -> Any:
        if mark not in _NUMBERS:
            raise CorruptPipelineError(f"The UBJSON has {mark!r} where a number belongs.")
        dtype = np.dtype(_NUMBERS[mark])
        return np.frombuffer(self.take(dtype.itemsize), dtype=dtype)[0].item()

    def length(self) -> int:
        count = self.number(self.mark())
        if not isinstance(count, int) or count < 0:
            raise CorruptPipelineError("The UBJSON has a length that is none.")
        return count

    def text(self) -> str:
        return self.take(self.length()).decode("utf-8")

    def value(self, mark: str, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise CorruptPipelineError("The UBJSON is nested too deeply.")
        if mark in _NUMBERS:
            return self.number(mark)
        if mark in "ZTF":
            return {"Z": None, "T": True, "F": False}[mark]
        if mark == "S":
            return self.text()
        if mark == "C":
            return self.take(1).decode("ascii")
        if mark == "[":
            return self.array(depth)
        if mark == "{":
            return self.object(depth)
        raise CorruptPipelineError(f"The UBJSON has the unknown mark {mark!r}.")

    def header(self) -> tuple[str | None, int | None]:
        kind, count = None, None
        if self.data[self.place : self.place + 1] == b"$":
            self.take(1)
            kind = self.take(1).decode("ascii")
        if self.data[self.place : self.place + 1] == b"#":
            self.take(1)
            count = self.length()
        if kind is not None and count is None:
            raise CorruptPipelineError("The UBJSON has a typed list without a length.")
        return kind, count

    def array(self, depth: int) -> Any:
        kind, count = self.header()
        if kind is not None and kind in _NUMBERS and count is not None:
            dtype = np.dtype(_NUMBERS[kind])
            return np.frombuffer(self.take(dtype.itemsize * count), dtype=dtype).astype(dtype.newbyteorder("="))
        values: list[Any] = []
        while count is None or len(values) < count:
            mark = kind if kind is not None else self.mark()
            if mark == "]" and count is None:
                break
            values.append(self.value(mark, depth + 1))
            # Values such as null take no bytes of their own; a length may not make many of them.
            if len(values) > len(self.data):
                raise CorruptPipelineError("The UBJSON promises more than it holds.")
        return values

    def object(self, depth: int) -> dict[str, Any]:
        kind, count = self.header()
        found: dict[str, Any] = {}
        while count is None or len(found) < count:
            if count is None and self.data[self.place : self.place + 1] == b"}":
                self.take(1)
                break
            key = self.text()
            if key in found:
                raise CorruptPipelineError(f"The UBJSON has {key!r} twice.")
            found[key] = self.value(kind if kind is not None else self.mark(), depth + 1)
        return found


def write_ubjson(value: Any) -> bytes:
    """Return a value as UBJSON: texts, numbers (float32), arrays, lists and mappings."""
    if isinstance(value, str):
        return b"S" + _text(value)
    if isinstance(value, float):
        return b"d" + struct.pack(">f", value)
    if isinstance(value, int):
        return b"L" + value.to_bytes(8, "big", signed=True)
    if isinstance(value, np.ndarray):
        mark = {">f4": "d", ">i4": "l", ">i8": "L", "|u1": "U"}[value.dtype.newbyteorder(">").str]
        size = b"L" + len(value).to_bytes(8, "big", signed=True)
        return b"[$" + mark.encode() + b"#" + size + value.astype(_NUMBERS[mark]).tobytes()
    if isinstance(value, list):
        size = b"L" + len(value).to_bytes(8, "big", signed=True)
        return b"[#" + size + b"".join(map(write_ubjson, value))
    return b"{" + b"".join(_text(key) + write_ubjson(each) for key, each in value.items()) + b"}"


def _text(text: str) -> bytes:
    data = text.encode()
    return b"L" + len(data).to_bytes(8, "big", signed=True) + data
