"""Time: always aware, always UTC inside; a port, so that tests can hold it still."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


def as_utc(moment: datetime) -> datetime:
    """Return `moment` in UTC; a naive one is refused, since its zone would be a guess."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC)


def isoformat(moment: datetime) -> str:
    """Return `moment` as RFC 3339 in UTC with milliseconds, such as ``2026-11-23T10:00:00.000Z``."""
    return as_utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
