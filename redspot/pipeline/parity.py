"""Proof that a pipeline still answers as it did when it was fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from redspot.pipeline.column import Table
from redspot.pipeline.schema import JsonValue, json_values

MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class ParitySet:
    """Some training rows with the answers of the pipeline that learned from them.

    Attributes
    ----------
    rows
        Raw rows as JSON, at most 100, spread evenly over the training data.
    answers
        The prediction for each and, for a classifier, the probability of each class, as `predict_one` gives it.
    """

    rows: tuple[Mapping[str, JsonValue], ...]
    answers: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ParityReport:
    """How many rows of a parity set still get the same answer.

    Attributes
    ----------
    rows, matched
        Number of rows, and of those with the same class and numbers within tolerance.
    max_abs_difference
        Largest difference of any predicted number or probability.
    """

    rows: int
    matched: int
    max_abs_difference: float

    @property
    def ok(self) -> bool:
        """Whether every row matches."""
        return self.matched == self.rows


def sample_rows(table: Table) -> tuple[Mapping[str, JsonValue], ...]:
    """Return rows spread evenly over the table: the same table always gives the same rows."""
    chosen = np.unique(np.linspace(0, table.rows - 1, min(MAX_ROWS, table.rows)).round().astype(int))
    columns = {column.name: json_values(column.at(chosen)) for column in table.columns}
    return tuple({name: values[index] for name, values in columns.items()} for index in range(len(chosen)))


def compare(
    expected: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]], tolerance: float
) -> ParityReport:
    """Compare answers with those expected: classes exactly, numbers to a relative tolerance."""
    matched, worst = 0, 0.0
    for wanted, given in zip(expected, answers, strict=True):
        one, other = _flat(wanted), _flat(given)
        if one.keys() != other.keys():
            continue
        pairs = [(value, other[path]) for path, value in one.items()]
        numbers = [(a, b) for a, b in pairs if type(a) is float and isinstance(b, float | int)]
        worst = max([worst, *(abs(a - b) for a, b in numbers)])
        matched += all(
            abs(a - b) <= tolerance * max(1.0, abs(a)) if type(a) is float and isinstance(b, float | int) else a == b
            for a, b in pairs
        )
    return ParityReport(len(expected), matched, worst)


def _flat(answer: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """Return the values of an answer by where they are in it."""
    flat: dict[tuple[str, ...], Any] = {}
    for name, value in answer.items():
        if isinstance(value, Mapping):
            flat.update({(name, str(key)): each for key, each in value.items()})
        else:
            flat[(name,)] = value
    return flat
