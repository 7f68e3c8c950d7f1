"""Texts as counts and weights of their words, one column per word, of which a text has a few."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table
from redspot.pipeline.errors import MissingValueError
from redspot.pipeline.node import State, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.bags import bag_columns, bag_values, distinct
from redspot.pipeline.steps.parameters import require_whole
from redspot.pipeline.steps.tokens import Splitting, Unit
from redspot.pipeline.steps.values import require_dtype, table_of, with_unique_names

Norm = Literal["l2", "none"]
Counts = dict[int, float]


@dataclass(frozen=True)
class Words(Splitting):
    """What steps have in common that count the tokens of each text, in one column per token or bucket."""

    binary: bool = False

    def apply(self, table: Table, state: State) -> Table:
        """Return the columns of each text in turn."""
        columns: list[Column] = []
        for index, column in enumerate(table.columns):
            require_dtype(self.kind, column, ("text", "list"))
            names = self._output_names(column.name, state, index)
            columns.extend(bag_columns(column, self._bagger(column.dtype, state, index), names))
        return table_of(columns, table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down which words each text has."""
        outputs: list[Value] = []
        for index, value in enumerate(inputs):
            names = self._output_names(value.name, state, index)
            outputs.extend(bag_values(code, value, self._bagger(value.dtype, state, index), names))
        return with_unique_names(outputs)

    def _tokens(self, dtype: str) -> Callable[[Any], list[str]]:
        return self.splitter() if dtype == "text" else self.grams

    def _bagger(self, dtype: str, state: State, index: int) -> Callable[[Any], Counts]:
        """Return the function from a text, or a list of tokens, to what is not zero in its row."""
        raise NotImplementedError

    def _output_names(self, name: str, state: State, index: int) -> list[str]:
        raise NotImplementedError


@dataclass(frozen=True)
class CountWords(Words):
    """One column per word that training saw: how often a text has it."""

    kind: ClassVar[str] = "count_words"

    min_support: int = 1
    max_words: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole(self.kind, "min_support", self.min_support)
        if self.max_words is not None:
            require_whole(self.kind, "max_words", self.max_words)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the words of each column."""
        return {"words": [self._learned(column)[0] for column in table.columns]}

    def _learned(self, column: Column) -> tuple[list[str], NDArray[np.int64], int]:
        """Return the words in order, in how many rows each is, and how many rows have a text."""
        require_dtype(self.kind, column, ("text", "list"))
        codes, values = distinct(column)
        rows = np.bincount(codes[codes >= 0], minlength=len(values)).tolist()
        tokens = self._tokens(column.dtype)
        support: Counter[str] = Counter()
        occurrences: Counter[str] = Counter()
        for value, count in zip(values, rows, strict=True):
            if not count:
                continue
            found = Counter(tokens(value))
            if count > 1:
                found = Counter({token: times * count for token, times in found.items()})
            occurrences.update(found)
            support.update(dict.fromkeys(found, count))
        words = [word for word, count in support.items() if count >= self.min_support]
        if self.max_words is not None and len(words) > self.max_words:
            words.sort(key=lambda word: (-occurrences[word], word))
            words = words[: self.max_words]
        if not words:
            raise MissingValueError(
                f"Column {column.name!r} has no word that {self.min_support} training rows have; "
                f"give {self.kind} a smaller min_support or min_length.",
                column=column.name,
            )
        words.sort()
        return words, np.array([support[word] for word in words], dtype=np.int64), sum(rows)

    def _bagger(self, dtype: str, state: State, index: int) -> Callable[[Any], Counts]:
        places = {word: place for place, word in enumerate(state["words"][index])}
        return _counter(self._tokens(dtype), places, binary=self.binary)

    def _output_names(self, name: str, state: State, index: int) -> list[str]:
        return [f"{name}: {word}" for word in state["words"][index]]


@dataclass(frozen=True)
class Tfidf(CountWords):
    """One column per word that training saw: how much a text is about it.

    State: ``words`` of each column; ``idf``, float64, the weights of the words of all columns, one behind the other.
    """

    kind: ClassVar[str] = "tfidf"

    sublinear: bool = False
    norm: Norm = "l2"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice(self.kind, "norm", self.norm, ("l2", "none"))

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the words of each column, and how rare each is."""
        learned = [self._learned(column) for column in table.columns]
        weights = [np.log((1.0 + rows) / (1.0 + support)) + 1.0 for _, support, rows in learned]
        return {"words": [words for words, _, _ in learned], "idf": np.concatenate(weights)}

    def _bagger(self, dtype: str, state: State, index: int) -> Callable[[Any], Counts]:
        counts = super()._bagger(dtype, state, index)
        start = sum(len(words) for words in state["words"][:index])
        idf = state["idf"][start : start + len(state["words"][index])].tolist()
        sublinear, is_normed = self.sublinear, self.norm == "l2"

        def weigh(value: Any) -> Counts:
            bag = counts(value)
            for place, count in bag.items():
                bag[place] = (math.log(count) + 1.0 if sublinear else count) * idf[place]
            return normed(bag) if is_normed else bag

        return weigh


def _counter(tokens: Callable[[Any], list[str]], places: Mapping[str, int], *, binary: bool) -> Callable[[Any], Counts]:
    find = places.get

    def count(value: Any) -> Counts:
        bag: Counts = {}
        for place in map(find, tokens(value)):
            if place is not None:
                bag[place] = 1.0 if binary or place not in bag else bag[place] + 1.0
        return bag

    return count


def normed(bag: Counts) -> Counts:
    """Return the values divided by the root of the sum of their squares."""
    length = math.sqrt(sum([value * value for value in bag.values()]))
    return {place: value / length for place, value in bag.items()} if bag else bag


def count_words(
    *,
    min_support: int = 1,
    max_words: int | None = None,
    unit: Unit = "words",
    ngrams: tuple[int, int] = (1, 1),
    stop_words: Sequence[str] = (),
    min_length: int = 2,
    lower: bool = True,
    binary: bool = False,
) -> CountWords:
    """Count the words of texts.

    Text, or lists of tokens, in; out comes, for each column, one float column ``<column>: <word>`` per word that
    training saw, in alphabetical order, mostly zero and never written out unless somebody asks. A missing text has no
    word. The same numbers as scikit-learn's `CountVectorizer`, but that a list is not split or written small.

    Parameters
    ----------
    min_support
        Keep only words that at least so many training rows have.
    max_words
        Keep only so many, those that occur most often; of equally frequent ones the smaller text.
    unit, ngrams, stop_words, min_length, lower
        What a word is, as for `tokenize`; of these only `ngrams` applies to lists.
    binary
        Whether to give 1 however often a text has the word.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("note").then(count_words())).fit({"note": ["old town", "town"]})
    >>> {name: values.tolist() for name, values in made.transform({"note": ["Town, old town", None]}).items()}
    {'note: old': [1.0, 0.0], 'note: town': [2.0, 0.0]}
    """
    return CountWords(unit, ngrams, tuple(stop_words), min_length, lower, binary, min_support, max_words)


def tfidf(
    *,
    min_support: int = 1,
    max_words: int | None = None,
    unit: Unit = "words",
    ngrams: tuple[int, int] = (1, 1),
    stop_words: Sequence[str] = (),
    min_length: int = 2,
    lower: bool = True,
    binary: bool = False,
    sublinear: bool = False,
    norm: Norm = "l2",
) -> Tfidf:
    """Weigh the words of texts: often in this text, and rare elsewhere.

    Columns as for `count_words`. The weight is count · (ln((1 + n) / (1 + d)) + 1), with d of n training rows that have
    the word, and each row is then divided by its length; the same numbers as scikit-learn's `TfidfVectorizer`. A
    missing text has no word, and is not among the n.

    Parameters
    ----------
    min_support, max_words, unit, ngrams, stop_words, min_length, lower, binary
        As for `count_words`.
    sublinear
        Whether to take 1 + ln(count) in place of the count.
    norm
        Whether each row is divided by its length (``l2``), or not (``none``).

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("note").then(tfidf())).fit({"note": ["old town", "town"]})
    >>> {name: values.round(3).tolist() for name, values in made.transform({"note": ["Old town", None]}).items()}
    {'note: old': [0.815, 0.0], 'note: town': [0.58, 0.0]}
    """
    return Tfidf(unit, ngrams, tuple(stop_words), min_length, lower, binary, min_support, max_words, sublinear, norm)
