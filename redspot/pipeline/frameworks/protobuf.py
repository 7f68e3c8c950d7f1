"""Walking protobuf bytes without the library: fields one after the other, each within its bounds.

Source: the description of protobuf's encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from redspot.pipeline.errors import CorruptPipelineError

_FIXED = {1: 8, 5: 4}


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of one message, in order.

    Attributes
    ----------
    fields
        Number of the field, and its value: an int where it is a varint, a view of the bytes otherwise.
    """

    fields: tuple[tuple[int, int | memoryview], ...]

    @classmethod
    def of(cls, data: bytes | memoryview) -> Message:
        """Read a message, and nothing inside of it.

        Raises
        ------
        CorruptPipelineError
            When the bytes are no message.
        """
        return cls(tuple(_fields(memoryview(data))))

    def parts(self, number: int) -> list[memoryview]:
        """Return all values of a field that holds bytes."""
        found = [value for key, value in self.fields if key == number]
        return [_refuse("a number where bytes belong") if isinstance(value, int) else value for value in found]

    def messages(self, number: int) -> list[Message]:
        """Return all values of a field that holds messages."""
        return [Message.of(part) for part in self.parts(number)]

    def text(self, number: int) -> str:
        """Return the last text of a field, or an empty one."""
        parts = self.parts(number)
        try:
            return bytes(parts[-1]).decode() if parts else ""
        except UnicodeDecodeError as error:
            raise CorruptPipelineError(f"The protobuf has a text that is none: {error}.") from error

    def numbers(self, number: int) -> list[int]:
        """Return all whole numbers of a field, side by side or packed."""
        found: list[int] = []
        for key, value in self.fields:
            if key != number:
                continue
            if isinstance(value, int):
                found.append(value)
                continue
            place = 0
            while place < len(value):
                one, place = _varint(value, place)
                found.append(one)
        return [value - 2**64 if value >= 2**63 else value for value in found]

    def number(self, number: int, default: int = 0) -> int:
        """Return the last whole number of a field."""
        found = self.numbers(number)
        return found[-1] if found else default

    def size(self, number: int) -> int:
        """Return how many bytes the values of a field have together."""
        return sum(len(part) for part in self.parts(number))


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if not 0 < number < 2**29:
            _refuse("a field without a number")
        if kind == 0:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == 2:
            length, place = _varint(data, place)
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            _refuse("a field of an unknown kind")
        if place + length > len(data):
            _refuse("a field that is longer than what holds it")
        yield number, data[place : place + length]
        place += length


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            _refuse("a number without an end")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), place
    return _refuse("a number that is too long")


def _refuse(what: str) -> NoReturn:
    raise CorruptPipelineError(f"The protobuf is damaged: it has {what}.")
