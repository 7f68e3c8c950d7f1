"""From comparisons to SQL: what users typed becomes parameters, never text."""

from __future__ import annotations

from typing import Any

from redspot.registry.filtering import Comparison, FilterError

_PLAIN = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Conditions:
    """The WHERE of a statement, and its parameters.

    Parameters
    ----------
    sqlite
        Whether the dialect is SQLite's, whose LIKE knows no case.
    """

    def __init__(self, *, sqlite: bool) -> None:
        self.sqlite = sqlite
        self.parts: list[str] = []
        self.values: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        """Return the placeholder of a new parameter."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def bind_all(self, values: tuple[Any, ...]) -> str:
        """Return ``(:a, :b, …)``."""
        return f"({', '.join(self.bind(value) for value in values)})"

    def add(self, condition: str) -> None:
        """Want `condition` as well."""
        self.parts.append(condition)

    def compare(self, column: str, operator: str, value: Any) -> str:
        """Return SQL that compares a column with a value."""
        if operator in _PLAIN:
            return f"{column} {_PLAIN[operator]} {self.bind(value)}"
        if operator in ("IN", "NOT IN"):
            return f"{column} {operator} {self.bind_all(value)}"
        if operator == "LIKE":
            if self.sqlite:
                return f"{column} GLOB {self.bind(_as_glob(value))}"
            return f"{column} LIKE {self.bind(value)}"
        if operator == "ILIKE":
            return f"lower({column}) LIKE {self.bind(value.lower())}"
        raise FilterError(f"Invalid comparator '{operator}'.")

    def keyed(self, table: str, owner: str, comparison: Comparison, outer: str) -> str:
        """Return SQL for a row of a key-value table that belongs to the outer row."""
        inner = f"SELECT 1 FROM {table} f WHERE f.{owner} = {outer} AND f.key = {self.bind(comparison.key)}"
        if comparison.operator in ("IS NULL", "IS NOT NULL"):
            return f"{'NOT ' if comparison.operator == 'IS NULL' else ''}EXISTS ({inner})"
        return f"EXISTS ({inner} AND {self.compare('f.value', comparison.operator, comparison.value)})"

    @property
    def sql(self) -> str:
        """All of them, joined."""
        return " AND ".join(self.parts) or "1 = 1"


def _as_glob(pattern: str) -> str:
    """Return a LIKE pattern as one of SQLite's GLOB, which minds case."""
    special = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(special.get(character, character) for character in pattern)
