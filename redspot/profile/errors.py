"""What can go wrong with a profile."""

from __future__ import annotations

from redspot.errors import InvalidError


class InvalidProfileError(InvalidError):
    """The columns do not make a table, or the target is none of them."""

    code = "invalid-profile"
