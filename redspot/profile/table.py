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
        """Return the profile that `to_json` wrote.

        Raises
        ------
        InvalidProfileError
            When anything in it is not what belongs there.
        """
        is_object = isinstance(data, Mapping) and set(data) == {"rows", "columns"}
        if not is_object or type(data["rows"]) is not int or not isinstance(data["columns"], list | tuple):
            raise InvalidProfileError("The profile does not hold together: it has to be rows and columns.")
        profile = cls(data["rows"], tuple(ColumnProfile.of_json(column) for column in data["columns"]))
        if len(set(profile.names)) != len(profile.names) or any(c.rows != profile.rows for c in profile.columns):
            raise InvalidProfileError("The profile does not hold together: names occur twice, or rows differ.")
        return profile
