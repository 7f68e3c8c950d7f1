"""A unit: whatever runs for a user. A run, a replica, a router, a build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from redspot.errors import ConflictError, InvalidError, NotFoundError, UnavailableError


class UnitExistsError(ConflictError):
    """A unit of that id was started before; an id is never started twice."""

    code = "unit-exists"


class UnitNotFoundError(NotFoundError):
    """No unit of that id was ever started here."""

    code = "unit-not-found"


class UnitSpecError(InvalidError):
    """A unit's specification cannot be run."""

    code = "unit-spec"


class UnitStopError(UnavailableError):
    """A unit's processes could not all be ended in time; the same call may succeed later."""

    code = "unit-stop"


class UnitAliveError(ConflictError):
    """What was asked needs the unit to have ended."""

    code = "unit-alive"


class Isolation(StrEnum):
    """How far a backend keeps units of different users apart."""

    NONE = "none"
    OS_USER = "os-user"
    CONTAINER = "container"


class UnitKind(StrEnum):
    """What a unit is for."""

    RUN = "run"
    REPLICA = "replica"
    ROUTER = "router"
    SHIPPER = "shipper"
    BUILD = "build"


class UnitPhase(StrEnum):
    """Where a unit is in its life.

    ``starting`` → ``running`` → ``ended``, or ``lost`` when it is gone without an exit record.
    """

    STARTING = "starting"
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


class ExitReason(StrEnum):
    """Why a unit ended."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    OUT_OF_MEMORY = "out-of-memory"
    TIMED_OUT = "timed-out"
    STOPPED = "stopped"
    NOT_STARTED = "not-started"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a unit may use; None means no limit.

    Attributes
    ----------
    memory_bytes
        Resident memory of all its processes together, in bytes.
    cpu
        CPU cores' worth of time, such as 0.5 or 2.
    timeout_s
        Wall-clock seconds from start to end.
    """

    memory_bytes: int | None = None
    cpu: float | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Bind:
    """A folder of the machine that a unit in a container sees, at the same absolute path."""

    path: Path
    writable: bool = False


@dataclass(frozen=True, slots=True)
class UnitSpec:
    """What to run.

    Attributes
    ----------
    unit_id
        Unique for ever; starting the same id twice is refused.
    argv
        Program and arguments; no shell sees them.
    environment
        The whole environment of the unit (nothing is inherited from the service).
    working_dir
        Absolute; made when missing, 0700.
    image
        What it runs in, where the backend runs images; a process unit runs in the service's own software.
    binds
        What it sees of the machine beside its working directory; a process unit sees everything anyway.
    network
        Whether it may reach others by network; a process unit always may.
    """

    unit_id: str
    kind: UnitKind
    argv: tuple[str, ...]
    working_dir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    owner: str = ""
    image: str = ""
    binds: tuple[Bind, ...] = ()
    network: bool = True


@dataclass(frozen=True, slots=True)
class ExitRecord:
    """How a unit ended.

    Attributes
    ----------
    exit_code
        Exit status of its first process; None when a signal ended it or it never started.
    signal
        Number of the signal that ended it, if one did.
    message
        One sentence for a person, e.g. that it used more memory than its limit.
    peak_memory_bytes
        Highest sum of resident memory seen, in bytes.
    """

    reason: ExitReason
    exit_code: int | None
    signal: int | None
    started_at: datetime
    ended_at: datetime
    peak_memory_bytes: int
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with status 0."""
        return self.reason is ExitReason.EXITED and self.exit_code == 0


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """A unit as it was just seen."""

    unit_id: str
    kind: UnitKind
    phase: UnitPhase
    pid: int | None
    started_at: datetime | None
    memory_bytes: int | None
    exit: ExitRecord | None


class ComputeBackend(Protocol):
    """Starts, watches and stops units. Every method may be called by any process of the installation.

    Units outlive the process that started them; a later one adopts them by calling `observe`.
    """

    name: str
    isolates: Isolation

    def start(self, spec: UnitSpec) -> UnitStatus:
        """Start a unit and return at once.

        UnitExistsError when its id was ever used; UnitSpecError when it cannot run.
        """
        ...

    def observe(self, unit_id: str) -> UnitStatus:
        """Return the unit as it is now (UnitNotFoundError). Never blocks for long; safe to call at any time."""
        ...

    def stop(self, unit_id: str, *, grace_s: float = 10.0) -> UnitStatus:
        """End every process of the unit: SIGTERM, then SIGKILL after `grace_s` seconds. Returns once nothing is left.

        Idempotent: stopping an ended unit returns its record. A lost unit becomes an ended one, with
        the reason ``stopped``. UnitStopError when something could not be ended.
        """
        ...

    def unit_ids(self) -> tuple[str, ...]:
        """Return the ids of all units known here, oldest first."""
        ...

    def log_tail(self, unit_id: str, *, max_bytes: int = 65536) -> str:
        """Return the end of the unit's combined stdout and stderr, decoded with replacement characters."""
        ...

    def forget(self, unit_id: str) -> None:
        """Remove the record and files of a unit that has ended or is lost (UnitAliveError otherwise).

        Its id stays used: starting it again is still refused.
        """
        ...
