"""The profile of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redspot.profile.column import ColumnProfile
from redspot.profile.errors import InvalidProfileError


@dataclass(frozen=True, slots=True)
class Profile:
    """What the columns of a table hold, in the order of the table."""

    rows: int
    columns: tuple[ColumnProfile, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> ColumnProfile:
        for column in self.columns:
            if column.name == name:
                return column
        raise InvalidProfileError(f"No column {name!r} in the profile; there are {', '.join(map(repr, self.names))}.")

    def to_json(self) -> dict[str, Any]:
        """Return the profile as JSON."""
        return {"rows": self.rows, "columns": [column.to_json() for column in self.columns]}

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Profile:
        """Return the profile that `to_json` wrote."""
        return cls(int(data["rows"]), tuple(ColumnProfile.of_json(column) for column in data["columns"]))
