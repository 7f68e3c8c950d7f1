"""Header fields of one request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import overload


class Headers:
    """Fields in the order in which they came, found without regard to case.

    Examples
    --------
    >>> Headers([("Accept", "a"), ("accept", "b")]).get("ACCEPT")
    'a,b'
    """

    __slots__ = ("_by_name", "_fields")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        self._by_name: dict[bytes, bytes] | None = None

    @classmethod
    def of_bytes(cls, fields: list[tuple[bytes, bytes]]) -> Headers:
        """Return the fields as a parser gives them; they are read only when they are asked for."""
        made = cls.__new__(cls)
        made._fields, made._by_name = fields, None
        return made

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the value of a field, several of the same name joined by commas."""
        by_name = self._by_name
        if by_name is None:
            by_name = self._by_name = _by_name(self._fields)
        found = by_name.get(name.lower().encode("latin-1"))
        return default if found is None else found.decode("latin-1")

    def pair(self, one: bytes, other: bytes) -> tuple[bytes | None, bytes | None]:
        """Return the values of two fields that are sent once, in one look and without an index; names in lower case."""
        first = second = None
        sizes = (len(one), len(other))
        for name, value in self._fields:
            if len(name) in sizes:
                lower = name.lower()
                if lower == one:
                    first = value
                elif lower == other:
                    second = value
        return first, second

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def add(self, name: str, value: str) -> None:
        """Give a field that the request did not have."""
        self._fields = [*self._fields, (name.encode("latin-1"), value.encode("latin-1"))]
        self._by_name = None

    def get_all(self) -> Iterable[tuple[str, str]]:
        """Return each field as it came."""
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._fields]


def _by_name(fields: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    found = {name.lower(): value for name, value in fields}
    if len(found) < len(fields):
        found.clear()
        for name, value in fields:
            key = name.lower()
            found[key] = found[key] + b"," + value if key in found else value
    return found
