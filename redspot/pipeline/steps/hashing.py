"""Categories as buckets, found by a hash that is the same in every process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from zlib import crc32

import numpy as np

from redspot.pipeline.column import Column, Indicator, Table, unique_names
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import Choice, RowCode, Value
from redspot.pipeline.steps.categories import category_code, category_texts
from redspot.pipeline.steps.parameters import require_whole
from redspot.pipeline.steps.values import table_of, with_unique_names

# As many columns are written into the file, and looked at by whoever opens it.
MAX_BUCKETS = 2**18


@dataclass(frozen=True)
class HashCategory(Step):
    """One column of 0 and 1 per bucket, into which a hash puts each category, and one for missing."""

    kind: ClassVar[str] = "hash_category"

    buckets: int = 32

    def __post_init__(self) -> None:
        require_whole(self.kind, "buckets", self.buckets, 2, MAX_BUCKETS)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            category_texts(column, self.kind)
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the indicator columns of each column in turn."""
        columns: list[Column] = []
        for column in table.columns:
            texts = category_texts(column, self.kind)
            per_label = [*(bucket_of(label, self.buckets) for label in texts.labels), self.buckets]
            codes = texts.gathered(per_label, np.int32)
            columns.extend(
                Column(name, "float", Indicator(codes, index), column.origins)
                for index, name in enumerate(self._bit_names(column.name))
            )
        return table_of(columns, table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down which bit of each block is set."""
        positions = {str(index): index for index in range(self.buckets)}
        outputs: list[Value] = []
        for value in inputs:
            text = category_code(code, value)
            bucket = code.variable(f"{code.constant(_bucketer(self.buckets))}({text}) if {text} is not None else None")
            for index, name in enumerate(self._bit_names(value.name)):
                choice = Choice(bucket, positions, self.buckets, self.buckets, index)
                outputs.append(Value(name, "float", "", is_atom=False, may_miss=False, choice=choice))
        return with_unique_names(outputs)

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the bits."""
        return tuple(unique_names([bit for name in inputs for bit in self._bit_names(name)]))

    def _bit_names(self, name: str) -> list[str]:
        return [*(f"{name} bucket {index}" for index in range(self.buckets)), f"{name} is missing"]


def bucket_of(text: str, buckets: int) -> int:
    """Return the bucket of a text: the CRC-32 of its UTF-8, modulo the number of buckets.

    Python's own `hash` differs from one process to the next.

    Examples
    --------
    >>> bucket_of("Berlin", 32)
    27
    """
    return crc32(text.encode("utf-8", "surrogatepass")) % buckets


def _bucketer(buckets: int) -> Callable[[str], str]:
    return lambda text: str(bucket_of(text, buckets))


def hash_category(buckets: int = 32) -> HashCategory:
    """Put categories into buckets by a hash, and turn each bucket into a column of 0 and 1.

    For columns with so many categories that nobody wants to learn them: nothing is learned, and a new category is no
    stranger than another. Texts, truths or numbers in; out come, for each column, ``<column> bucket <number>`` and
    ``<column> is missing``. The hash is CRC-32 (of the text in UTF-8, modulo the number of buckets), the same on
    every machine and in every process.

    Parameters
    ----------
    buckets
        How many, from 2; categories that share one cannot be told apart.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("street").then(hash_category(2))).fit({"street": ["Elm Street"]})
    >>> later = made.transform({"street": ["Elm Street", "High Road", None]})
    >>> {name: values.tolist() for name, values in later.items()}
    {'street bucket 0': [0.0, 1.0, 0.0], 'street bucket 1': [1.0, 0.0, 0.0], 'street is missing': [0.0, 0.0, 1.0]}
    """
    return HashCategory(buckets)
