"""Names and identifiers: parsed into types before they go anywhere near a path, SQL or a shell."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import ClassVar, Self

from redspot.errors import InvalidError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_RESERVED_ALIAS = re.compile(r"[0-9]+|latest|v[0-9]+")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class InvalidNameError(InvalidError):
    """A name uses characters that names may not have."""

    code = "invalid-name"


class InvalidRefError(InvalidError):
    """A model reference is not of the form ``name``, ``name@7`` or ``name@alias``."""

    code = "invalid-ref"


def parse_name(text: str, field: str = "name") -> str:
    """Return `text` when it is a valid name.

    Raises
    ------
    InvalidNameError
        When it is not 1 to 100 of ``A-Za-z0-9._-``, beginning with a letter or digit.

    Examples
    --------
    >>> parse_name("penguins")
    'penguins'
    """
    if not _NAME.fullmatch(text):
        raise InvalidNameError(
            f"{field} {text!r} is not a valid name: use 1 to 100 letters, digits, '.', '_' or '-',"
            " beginning with a letter or digit.",
            field=field,
        )
    return text


def parse_alias(text: str) -> str:
    """Return `text` when it can be an alias, so that ``name@7`` is never two things."""
    parse_name(text, "alias")
    if _RESERVED_ALIAS.fullmatch(text):
        raise InvalidNameError(
            f"alias {text!r} is reserved: an alias is not a number, 'latest' or 'vN'.", field="alias"
        )
    return text


def new_id(prefix: str) -> str:
    """Return a fresh identifier that sorts by time: ``prefix_`` and 20 characters of base 32.

    The first ten hold milliseconds since 1970 (UTC), the last ten are random.
    """
    stamp, tail = int(time.time() * 1000), secrets.randbits(50)
    digits = [_ALPHABET[(stamp >> shift) & 31] for shift in range(45, -1, -5)]
    digits += [_ALPHABET[(tail >> shift) & 31] for shift in range(45, -1, -5)]
    return f"{prefix}_{''.join(digits)}"


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model's name and which of its versions: a number, an alias, or ``latest``.

    Examples
    --------
    >>> str(ModelRef.parse("penguins@7"))
    'penguins@7'
    >>> ModelRef.parse("penguins").selector
    'latest'
    """

    LATEST: ClassVar[str] = "latest"

    name: str
    selector: str = LATEST

    @property
    def number(self) -> int | None:
        """The version number, or None when the selector is an alias or ``latest``."""
        return int(self.selector) if self.selector.isascii() and self.selector.isdigit() else None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``name``, ``name@7``, ``name@alias`` or ``name@latest``."""
        name, at, selector = text.partition("@")
        parse_name(name, "model")
        if not at:
            return cls(name)
        if selector.isascii() and selector.isdigit() and len(selector) < 10 and int(selector) > 0:
            return cls(name, str(int(selector)))
        if selector == cls.LATEST:
            return cls(name)
        if not selector or selector.isdigit():
            raise InvalidRefError(
                f"{text!r} is not a model version: write name@7, name@alias or name@latest.", ref=text
            )
        return cls(name, parse_alias(selector))

    def __str__(self) -> str:
        return f"{self.name}@{self.selector}"
