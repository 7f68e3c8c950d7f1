"""Reading numbers that were written for people."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from redspot.pipeline.column import NUMERIC, Column, Table
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.node import State, Step, Target, require_choice

_WRITTEN = re.compile(
    r"""
    (?P<sign>[-+−])? \s* (?:[$€£¥₹]|USD|EUR|GBP)? \s* (?P<sign2>[-+−])?
    (?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+) (?P<exponent>[eE][-+]?[0-9]{1,3})?
    \s* (?:[$€£¥₹]|USD|EUR|GBP)? \s* (?P<percent>%)?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class ParseNumber(Step):
    """Reads text such as ``$1,234.00``, ``95%`` or ``(12.5)`` as numbers."""

    kind: ClassVar[str] = "parse_number"

    percent: Literal["fraction", "number"] = "fraction"
    invalid: Literal["missing", "error"] = "missing"

    def __post_init__(self) -> None:
        require_choice(self.kind, "percent", self.percent, ("fraction", "number"))
        require_choice(self.kind, "invalid", self.invalid, ("missing", "error"))

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing."""
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the columns as numbers; columns that are numbers already stay as they are."""
        return Table(tuple(self._parse(column) for column in table.columns), table.rows)

    def _parse(self, column: Column) -> Column:
        if column.dtype in NUMERIC:
            return column
        if column.dtype != "text":
            raise ColumnTypeError(f"parse_number cannot read the times of column {column.name!r}.", column=column.name)
        numbers = np.empty(len(column.values), dtype=np.float64)
        for index, value in enumerate(column.values):
            number = math.nan if value is None else parse_written(value, percent=self.percent)
            if number is None:
                if self.invalid == "error":
                    raise ColumnTypeError(f"Column {column.name!r} has {value[:40]!r}, which is no number.")
                number = math.nan
            numbers[index] = number
        return replace(column, dtype="float", values=numbers)


def parse_written(text: str, *, percent: str = "fraction") -> float | None:
    """Return the number that a text says, or None when it says none.

    Examples
    --------
    >>> parse_written("$1,234.00"), parse_written("95%"), parse_written("(12.5)"), parse_written("1,2")
    (1234.0, 0.95, -12.5, None)
    """
    text = text.strip()
    in_brackets = text.startswith("(") and text.endswith(")")
    match = _WRITTEN.fullmatch(text[1:-1].strip() if in_brackets else text)
    if match is None or (match["sign"] and match["sign2"]):
        return None
    number = float(match["digits"].replace(",", "") + (match["exponent"] or ""))
    if match["percent"] and percent == "fraction":
        number /= 100
    # Accountants write a loss in brackets.
    is_negative = in_brackets or (match["sign"] or match["sign2"]) in ("-", "−")
    return -number if is_negative else number


def parse_number(
    *, percent: Literal["fraction", "number"] = "fraction", invalid: Literal["missing", "error"] = "missing"
) -> ParseNumber:
    """Read numbers that were written for people.

    Parameters
    ----------
    percent
        Whether ``95%`` is 0.95 (``fraction``) or 95 (``number``).
    invalid
        What becomes of a text that is no number: ``missing``, or an ``error``.

    Examples
    --------
    >>> parse_number(percent="number").params()
    {'percent': 'number', 'invalid': 'missing'}
    """
    return ParseNumber(percent, invalid)
