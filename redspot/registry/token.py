"""Tokens that call endpoints: what is known of them once they were shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from redspot.errors import NotFoundError


class TokenNotFoundError(NotFoundError):
    """The caller has no such token."""

    code = "token-not-found"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its secret.

    Attributes
    ----------
    endpoints
        Those it may call; None means all that its owner may.
    rate_per_s
        Requests each second in the long run; None does not limit them.
    burst
        Requests at once; None allows those of one second.
    expires_at
        When it is no longer taken (UTC); brought forward when it is rotated.
    """

    id: str
    name: str
    owner: str
    endpoints: tuple[str, ...] | None
    rate_per_s: float | None
    burst: int | None
    created_at: datetime
    expires_at: datetime
