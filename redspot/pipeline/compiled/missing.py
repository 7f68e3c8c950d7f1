"""Refusing a missing value where a model cannot read it."""

from __future__ import annotations

from collections.abc import Sequence

from redspot.pipeline.errors import MissingValueError
from redspot.pipeline.rowcode import RowCode, Value


def refuse_missing(code: RowCode, inputs: Sequence[Value]) -> None:
    """Write down a check of each value that may be missing; those that were imputed cost nothing."""
    for value in inputs:
        if value.may_miss and value.choice is None:
            variable = code.atom(value)
            code.line(f"if {variable} - {variable} != 0.0: {code.constant(_refuse)}({value.name!r})")


def _refuse(name: str) -> None:
    raise MissingValueError(
        f"The model cannot read the missing or infinite value of {name!r}; add impute() before it.", column=name
    )
