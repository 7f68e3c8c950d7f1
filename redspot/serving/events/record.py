"""The records of a spool: framed so that a torn or damaged one is told apart, and the next one found.

A record is four bytes of mark, length and CRC-32 (both 32 bits, little-endian), and the payload: the lengths of
head and inputs (32 bits each), then head, inputs and outputs. The CRC covers the length too.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

# 0xF5 is in no UTF-8 text, so no caller can write the mark into a body.
MARK = b"\xf5REv"
_FRAME = struct.Struct("<4sII")
_PARTS = struct.Struct("<II")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Record:
    """One request as it was written: three pieces of JSON that nobody has read yet."""

    head: bytes
    inputs: bytes
    outputs: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a stretch of a segment holds.

    Attributes
    ----------
    records
        Each with the position, in bytes, at which it ends.
    end
        Up to where the stretch is done with.
    damaged
        Number of places that were skipped because no whole record is there.
    """

    records: tuple[tuple[int, Record], ...]
    end: int
    damaged: int


def frame(head: bytes, inputs: bytes, outputs: bytes) -> bytes:
    """Return the bytes of one record.

    Examples
    --------
    >>> read_records(frame(b"{}", b"[1]", b"[2]"), is_whole=True).records[0][1]
    Record(head=b'{}', inputs=b'[1]', outputs=b'[2]')
    """
    payload = b"".join((_PARTS.pack(len(head), len(inputs)), head, inputs, outputs))
    length = len(payload)
    return _FRAME.pack(MARK, length, zlib.crc32(payload, zlib.crc32(_LENGTH.pack(length)))) + payload


def read_records(data: bytes, *, is_whole: bool) -> Reading:
    """Return the records of a stretch that begins where a record begins.

    Parameters
    ----------
    is_whole
        Whether nothing will be added: only then is a record without an end a damaged one.
    """
    records: list[tuple[int, Record]] = []
    at = damaged = 0
    while at < len(data):
        found = _read(data, at)
        if isinstance(found, Record):
            at += _FRAME.size + _PARTS.size + len(found.head) + len(found.inputs) + len(found.outputs)
            records.append((at, found))
            continue
        if found is _UNFINISHED and not is_whole:
            break
        following = data.find(MARK, at + 1)
        if following < 0 and not is_whole:
            break
        damaged += 1
        at = len(data) if following < 0 else following
    return Reading(tuple(records), at, damaged)


class _Unread:
    """Why there is no record."""


_UNFINISHED, _BROKEN = _Unread(), _Unread()


def _read(data: bytes, at: int) -> Record | _Unread:
    if len(data) - at < _FRAME.size:
        return _UNFINISHED if MARK.startswith(data[at : at + len(MARK)]) else _BROKEN
    mark, length, crc = _FRAME.unpack_from(data, at)
    if mark != MARK:
        return _BROKEN
    begin, end = at + _FRAME.size, at + _FRAME.size + length
    if end > len(data):
        return _UNFINISHED
    payload = memoryview(data)[begin:end]
    if length < _PARTS.size or zlib.crc32(payload, zlib.crc32(_LENGTH.pack(length))) != crc:
        return _BROKEN
    head, inputs = _PARTS.unpack_from(payload)
    if _PARTS.size + head + inputs > length:
        return _BROKEN
    first, second = _PARTS.size + head, _PARTS.size + head + inputs
    return Record(bytes(payload[_PARTS.size : first]), bytes(payload[first:second]), bytes(payload[second:]))
