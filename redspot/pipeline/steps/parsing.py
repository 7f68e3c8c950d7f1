"""Reading numbers that were written for people."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from redspot.pipeline.column import NUMERIC, Column, Table
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value

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
            raise ColumnTypeError(
                f"parse_number cannot read column {column.name!r}, which holds {column.dtype}.", column=column.name
            )
        return column.numeric(column.texts.numbers(lambda text: self._number(text, column.name), math.nan))

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the reading of each value."""
        outputs = []
        for value in inputs:
            if value.dtype in NUMERIC:
                outputs.append(value)
                continue
            source = code.atom(value)
            call = f"{code.constant(self._number)}({source}, {value.name!r})"
            number = code.variable(f"{call} if {source} is not None else nan" if value.may_miss else call)
            outputs.append(Value(value.name, "float", number, base=(number, ())))
        return outputs

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def _number(self, text: str, name: str) -> float:
        number = parse_written(text, percent=self.percent)
        if number is None and self.invalid == "error":
            raise ColumnTypeError(f"Column {name!r} has {text[:40]!r}, which is no number.", column=name)
        return math.nan if number is None else number


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
