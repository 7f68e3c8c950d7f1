"""What the service answers where the domain has no dataclass of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from redspot.registry.deployment import LedgerEntry, LiveArm
from redspot.registry.endpoint import ArmRole, EndpointState
from redspot.registry.rollout import Rollout

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
class ArmNow:
    """What one arm does now; see `EndpointNow`."""

    deployment_id: str
    version: str
    role: ArmRole
    share: float
    ready: int
    wanted: int
    in_flight: int
    requests_per_s: float | None
    error_share: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class EndpointNow:
    """What an endpoint did in the last seconds.

    Attributes
    ----------
    seconds
        How many of them; rates and quantiles are None while nothing was counted before.
    router_ok
        Whether the router answers.
    requests_per_s, refused_per_s, error_share
        Of the arms that answer, together.
    """

    at: datetime
    state: EndpointState
    router_ok: bool
    seconds: float
    requests_per_s: float | None
    refused_per_s: float | None
    error_share: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    in_flight: int
    held: int
    ready: int
    wanted: int
    arms: tuple[ArmNow, ...]
    rollout: Rollout | None


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One row of a request as its event has it; values of redacted columns are null."""

    request_id: str
    row: int
    at: datetime
    deployment_id: str
    version: str
    caller: str | None
    status: int
    latency_ms: float
    error: str | None
    shadow: bool
    redacted: tuple[str, ...]
    inputs: Any
    outputs: Any


@dataclass(frozen=True, slots=True)
class RecentRequests:
    """The newest requests that are kept as events, newest first; `note` says why there are none."""

    items: tuple[LoggedRequest, ...]
    note: str


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
