"""The types that columns of sources may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from redspot.features.errors import InvalidDefinitionError


class Kind(StrEnum):
    """What one value is."""

    INTEGER = "integer"
    FLOAT = "float"
    STRING = "string"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    DATE = "date"


NUMBERS = frozenset({Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN})


@dataclass(frozen=True, slots=True)
class ColumnType:
    """What a column holds: values of a kind, or lists of them."""

    kind: Kind
    is_list: bool = False

    @classmethod
    def parse(cls, text: str) -> ColumnType:
        """Return the type of a text such as ``float`` or ``list[string]``.

        Raises
        ------
        InvalidDefinitionError
            If there is no such type.
        """
        is_list = text.startswith("list[") and text.endswith("]")
        word = text[5:-1] if is_list else text
        if word not in list(Kind):
            known = ", ".join(Kind)
            raise InvalidDefinitionError(f"{text!r} is no type of a column; there are {known}, and list[…] of each.")
        return cls(Kind(word), is_list)

    def __str__(self) -> str:
        return f"list[{self.kind}]" if self.is_list else str(self.kind)


Schema = tuple[tuple[str, ColumnType], ...]


def parse_schema(texts: Mapping[str, str | ColumnType]) -> Schema:
    """Return columns and their types, in order.

    Raises
    ------
    InvalidDefinitionError
        If a type is unknown or a name is empty.
    """
    if any(not isinstance(name, str) or not name for name in texts):
        raise InvalidDefinitionError("A column's name is a text that is not empty.")
    return tuple((name, t if isinstance(t, ColumnType) else ColumnType.parse(t)) for name, t in texts.items())
