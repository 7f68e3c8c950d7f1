"""What the service answers where the domain has no dataclass of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from redspot.registry.deployment import LedgerEntry, LiveArm

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None on the last one."""

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """An error, as RFC 9457 has it, with a stable `code` and facts for programs."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    facts: Mapping[str, Any]
    request_id: str


@dataclass(frozen=True, slots=True)
class Check:
    """One part that readiness depends on."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the service is alive or ready."""

    ok: bool
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class ImageSummary:
    """An image that a job can run in."""

    name: str
    lock: str
    python: str
    packages: int


@dataclass(frozen=True, slots=True)
class Status:
    """What this installation is and what it can do for the caller.

    Attributes
    ----------
    host
        ``hub`` or ``embedded``.
    trust
        One sentence about who is kept apart from whom.
    schedules_note
        One sentence when schedules fire only while something is up, else empty.
    rights
        What the caller may do: ``read``, ``author``, ``approve``, ``admin``.
    """

    version: str
    host: str
    caller: str
    rights: tuple[str, ...]
    trust: str
    isolates: str
    schedules_note: str
    router_url: str
    router_ok: bool
    time_zone: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FirePreview:
    """When a cron expression fires next (UTC)."""

    cron: str
    time_zone: str
    fires: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What an endpoint answered."""

    model: str
    version: str
    predictions: tuple[Mapping[str, Any], ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """What answered at some moment, and what had changed until then, newest first.

    Attributes
    ----------
    at
        The moment (UTC).
    """

    at: datetime
    live: tuple[LiveArm, ...]
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token, shown this once."""

    id: str
    name: str
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LogTail:
    """The end of a run's log."""

    text: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: who, what, when, from where."""

    id: int
    at: datetime
    who: str
    how: str
    action: str
    target: str
    facts: Mapping[str, Any]
