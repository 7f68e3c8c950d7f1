"""Texts in one way of writing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from redspot.pipeline.column import Table
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.values import called, made, require_dtype

Form = Literal["NFC", "NFKC", "none"]

# Bounded and anchored, so that no text makes them look at a letter more than a few times.
_TAGS: Mapping[str, re.Pattern[str]] = {
    "url": re.compile(r"(?<!\w)(?:https?://|www\.)\S+", re.IGNORECASE),
    "email": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}"),
    "number": re.compile(r"(?<![\w.,])[-+]?[0-9]+(?:[.,][0-9]+)*(?![\w]|[.,][0-9])"),
}


@dataclass(frozen=True)
class NormalizeText(Step):
    """Writes texts that mean the same in the same way."""

    kind: ClassVar[str] = "normalize_text"

    unicode: Form = "NFKC"
    lower: bool = True
    strip_accents: bool = False
    tags: tuple[str, ...] = ()
    squeeze: bool = True

    def __post_init__(self) -> None:
        require_choice(self.kind, "unicode", self.unicode, ("NFC", "NFKC", "none"))
        if isinstance(self.tags, str):
            raise InvalidStepError(f"normalize_text: tags is a list, such as [{self.tags!r}].", parameter="tags")
        object.__setattr__(self, "tags", tuple(self.tags))
        for tag in self.tags:
            require_choice(self.kind, "tags", tag, tuple(_TAGS))

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            require_dtype(self.kind, column, ("text",))
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the texts, each distinct one written anew once."""
        written = (replace(column, data=column.texts.mapped(self.written)) for column in table.columns)
        return Table(tuple(written), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the writing of each text."""
        return [
            made(value.name, "text", called(code, value, self.written), may_miss=value.may_miss) for value in inputs
        ]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def written(self, text: str) -> str:
        """Return one text in this way of writing."""
        if self.unicode != "none":
            text = unicodedata.normalize(self.unicode, text)
        if self.lower:
            text = text.lower()
        if self.strip_accents:
            apart = unicodedata.normalize("NFD", text)
            text = unicodedata.normalize("NFC", "".join(each for each in apart if not unicodedata.combining(each)))
        # In this order: a number within a link is part of the link.
        for tag, pattern in _TAGS.items():
            if tag in self.tags:
                text = pattern.sub(f"<{tag}>", text)
        return " ".join(text.split()) if self.squeeze else text


def normalize_text(
    *,
    unicode: Form = "NFKC",
    lower: bool = True,
    strip_accents: bool = False,
    tags: Sequence[str] = (),
    squeeze: bool = True,
) -> NormalizeText:
    """Write texts that mean the same in the same way.

    Text in, text out, under the same names; missing stays missing. The steps are taken in the order of the parameters.

    Parameters
    ----------
    unicode
        Unicode normalization form: ``NFKC`` (also full-width letters, ligatures, superscripts), ``NFC`` or ``none``.
    lower
        Whether to write small letters only.
    strip_accents
        Whether to leave out accents: ``é`` becomes ``e``.
    tags
        What to write as a tag: ``url`` as ``<url>``, ``email`` as ``<email>``, ``number`` as ``<number>``.
    squeeze
        Whether to write one blank for several, or for a line break, and none at the ends.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> step = normalize_text(strip_accents=True, tags=["url", "number"])
    >>> made = Pipeline(x=branch("note").then(step)).fit({"note": ["a"]})
    >>> made.transform({"note": ["Café  №5: 12 beds, see https://a.example/b", None]})["note"].tolist()
    ['cafe no5: <number> beds, see <url>', None]
    """
    return NormalizeText(unicode, lower, strip_accents, tuple(tags), squeeze)
