"""Texts as lists of their words, or of short stretches of letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from redspot.pipeline.column import Column, Table
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.parameters import require_names, require_whole
from redspot.pipeline.steps.values import called, made, require_dtype

Unit = Literal["words", "characters"]
Splitter = Callable[[str], list[str]]

MAX_GRAM = 10

_BLANKS = re.compile(r"\s\s+")


@dataclass(frozen=True)
class Splitting(Step):
    """What steps have in common that part a text into tokens."""

    unit: Unit = "words"
    ngrams: tuple[int, int] = (1, 1)
    stop_words: tuple[str, ...] = ()
    min_length: int = 2
    lower: bool = True

    def __post_init__(self) -> None:
        require_choice(self.kind, "unit", self.unit, ("words", "characters"))
        pair = tuple(self.ngrams) if isinstance(self.ngrams, Sequence) else ()
        if len(pair) != 2 or pair[0] > pair[1]:
            raise InvalidStepError(f"{self.kind}: ngrams are the least and the most, such as (1, 2), not {pair!r}.")
        for size in pair:
            require_whole(self.kind, "ngrams", size, 1, MAX_GRAM)
        object.__setattr__(self, "ngrams", pair)
        if self.stop_words:
            words = (self.stop_words,) if isinstance(self.stop_words, str) else tuple(self.stop_words)
            require_names(self.kind, "stop_words", words)
            if self.unit == "characters":
                raise InvalidStepError(f"{self.kind}: stop_words go with unit 'words', not 'characters'.")
            object.__setattr__(self, "stop_words", words)
        object.__setattr__(self, "stop_words", tuple(self.stop_words))
        require_whole(self.kind, "min_length", self.min_length, 1, 1000)

    def splitter(self) -> Splitter:
        """Return the function that parts one text."""
        least, most = self.ngrams
        if self.unit == "characters":
            return _letters(least, most, lower=self.lower)
        return _words(least, most, frozenset(self.stop_words), self.min_length, lower=self.lower)

    def grams(self, tokens: list[Any]) -> list[str]:
        """Return the n-grams of a list that holds tokens already."""
        return grams([str(token) for token in tokens], *self.ngrams)


def _words(least: int, most: int, stop_words: frozenset[str], min_length: int, *, lower: bool) -> Splitter:
    find = re.compile(rf"\w{{{min_length},}}").findall

    def split(text: str) -> list[str]:
        words: list[str] = find(text.lower() if lower else text)
        if stop_words:
            words = [word for word in words if word not in stop_words]
        return words if most == 1 else grams(words, least, most)

    return split


def _letters(least: int, most: int, *, lower: bool) -> Splitter:
    def split(text: str) -> list[str]:
        text = _BLANKS.sub(" ", text.lower() if lower else text)
        sizes = range(least, min(most, len(text)) + 1)
        return [text[start : start + size] for size in sizes for start in range(len(text) - size + 1)]

    return split


def grams(words: list[str], least: int, most: int) -> list[str]:
    """Return runs of neighbouring words, with blanks between them: all short ones, then all longer ones.

    Examples
    --------
    >>> grams(["a", "nice", "flat"], 1, 2)
    ['a', 'nice', 'flat', 'a nice', 'nice flat']
    """
    found = list(words) if least == 1 else []
    for size in range(max(least, 2), min(most, len(words)) + 1):
        found.extend(" ".join(words[start : start + size]) for start in range(len(words) - size + 1))
    return found


@dataclass(frozen=True)
class Tokenize(Splitting):
    """Parts each text into a list of tokens."""

    kind: ClassVar[str] = "tokenize"

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            require_dtype(self.kind, column, ("text",))
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the lists; rows with the same text share one."""
        split = self.splitter()
        made = []
        for column in table.columns:
            lists = np.empty(len(column.texts.labels) + 1, dtype=object)
            for index, label in enumerate(column.texts.labels):
                lists[index] = split(label)
            made.append(Column(column.name, "list", lists[column.texts.codes], column.origins))
        return Table(tuple(made), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the parting of each text."""
        split = self.splitter()
        return [made(value.name, "list", called(code, value, split), may_miss=value.may_miss) for value in inputs]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs


def tokenize(
    *,
    unit: Unit = "words",
    ngrams: tuple[int, int] = (1, 1),
    stop_words: Sequence[str] = (),
    min_length: int = 2,
    lower: bool = True,
) -> Tokenize:
    """Part texts into lists of tokens.

    Text in, lists of texts out, under the same names; missing stays missing, and a text without a token becomes an
    empty list.

    Parameters
    ----------
    unit
        ``words`` (runs of letters, digits and underscores) or ``characters``.
    ngrams
        Least and most neighbouring words, or characters, of a token.
    stop_words
        Words to leave out, compared after `lower`.
    min_length
        Words with fewer letters are left out; it says nothing about characters.
    lower
        Whether to write small letters only.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> step = tokenize(ngrams=(1, 2), stop_words=["the"])
    >>> made = Pipeline(x=branch("note").then(step)).fit({"note": ["a"]})
    >>> made.transform({"note": ["Near the old Town", None]})["note"].tolist()
    [['near', 'old', 'town', 'near old', 'old town'], None]
    """
    return Tokenize(unit, ngrams, tuple(stop_words), min_length, lower)
