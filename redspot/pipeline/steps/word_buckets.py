"""Texts as counts of their words in buckets, found by a hash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from redspot.pipeline.column import Table, unique_names
from redspot.pipeline.node import State, Target, require_choice
from redspot.pipeline.steps.hashing import MAX_BUCKETS, bucket_of
from redspot.pipeline.steps.parameters import require_whole
from redspot.pipeline.steps.tokens import Unit
from redspot.pipeline.steps.values import require_dtype
from redspot.pipeline.steps.words import Counts, Norm, Words, normed


@dataclass(frozen=True)
class HashWords(Words):
    """One column per bucket, into which a hash puts each word: how many words of a text are in it."""

    kind: ClassVar[str] = "hash_words"

    buckets: int = 1024
    norm: Norm = "l2"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole(self.kind, "buckets", self.buckets, 2, MAX_BUCKETS)
        require_choice(self.kind, "norm", self.norm, ("l2", "none"))

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            require_dtype(self.kind, column, ("text", "list"))
        return {}

    def _bagger(self, dtype: str, state: State, index: int) -> Callable[[Any], Counts]:
        tokens, buckets, binary, is_normed = self._tokens(dtype), self.buckets, self.binary, self.norm == "l2"

        def count(value: Any) -> Counts:
            bag: Counts = {}
            for token in tokens(value):
                bucket = bucket_of(token, buckets)
                bag[bucket] = 1.0 if binary else bag.get(bucket, 0.0) + 1.0
            return normed(bag) if is_normed else bag

        return count

    def _output_names(self, name: str, state: State, index: int) -> list[str]:
        return [f"{name} words {bucket}" for bucket in range(self.buckets)]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the buckets."""
        return tuple(unique_names([each for name in inputs for each in self._output_names(name, {}, 0)]))


def hash_words(
    buckets: int = 1024,
    *,
    unit: Unit = "words",
    ngrams: tuple[int, int] = (1, 1),
    stop_words: Sequence[str] = (),
    min_length: int = 2,
    lower: bool = True,
    binary: bool = False,
    norm: Norm = "l2",
) -> HashWords:
    """Count the words of texts in buckets, found by a hash; nothing is learned.

    Text, or lists of tokens, in; out comes, for each column, one float column ``<column> words <number>`` per bucket,
    mostly zero and never written out unless somebody asks. A missing text has no word. The hash is that of
    `hash_category`.

    Parameters
    ----------
    buckets
        How many, from 2; words that share one cannot be told apart.
    unit, ngrams, stop_words, min_length, lower, binary
        As for `count_words`.
    norm
        Whether each row is divided by its length (``l2``), or not (``none``).

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("note").then(hash_words(2, norm="none"))).fit({"note": ["any"]})
    >>> {name: values.tolist() for name, values in made.transform({"note": ["an old town", None]}).items()}
    {'note words 0': [2.0, 0.0], 'note words 1': [1.0, 0.0]}
    """
    return HashWords(unit, ngrams, tuple(stop_words), min_length, lower, binary, buckets, norm)
