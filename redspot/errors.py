"""The root of every error that Redspot raises on purpose.

Kinds (not found, invalid, …) live here; each package adds its leaves. HTTP is unknown here: the
server maps kinds to statuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

JsonScalar = str | int | float | bool | None


class RedspotError(Exception):
    """Base of everything Redspot raises on purpose.

    Parameters
    ----------
    message
        One clear sentence: what was wrong, what exists, what to do. It may be reworded.
    **facts
        What a program may read; JSON scalars only.

    Attributes
    ----------
    code
        Travels over HTTP, CLI and UI, and never changes.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, **facts: JsonScalar) -> None:
        super().__init__(message)
        self.message = message
        self.facts: Mapping[str, JsonScalar] = facts


class InvalidError(RedspotError):
    """What was given cannot be used as it is."""

    code = "invalid"


class NotFoundError(RedspotError):
    """What was named does not exist."""

    code = "not-found"


class ConflictError(RedspotError):
    """What was asked contradicts what is there."""

    code = "conflict"


class UnauthenticatedError(RedspotError):
    """Nobody is known to be asking."""

    code = "unauthenticated"


class ForbiddenError(RedspotError):
    """The one who asks lacks the right."""

    code = "forbidden"


class UnavailableError(RedspotError):
    """A part that is needed cannot be reached now; the same call may succeed later."""

    code = "unavailable"


class CorruptError(RedspotError):
    """What is stored is not what was stored."""

    code = "corrupt"


class MissingExtraError(RedspotError):
    """An optional library is not installed; the message names the extra that brings it."""

    code = "missing-extra"
