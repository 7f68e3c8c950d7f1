"""Jobs: a frozen notebook with typed parameters and an environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from redspot.artifacts import Artifact
from redspot.errors import ConflictError, InvalidError, NotFoundError
from redspot.jobs.parameter import Parameter
from redspot.registry.model import EnvironmentRecord


class JobNotFoundError(NotFoundError):
    """No job has that id."""

    code = "job-not-found"


class JobOutcomeError(InvalidError):
    """What shall happen with a job's result contradicts itself."""

    code = "job-outcome"


class ScheduleNotFoundError(NotFoundError):
    """No schedule has that id."""

    code = "schedule-not-found"


class ScheduleConflictError(ConflictError):
    """The schedule was changed in between."""

    code = "schedule-conflict"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do with the result of a run that succeeded.

    Attributes
    ----------
    register
        Name of the model that its pipeline becomes the next version of, or None.
    variable
        The notebook's variable that holds the pipeline; None when the notebook has just one.
    deploy
        Name of the endpoint that shall serve that version, or None.
    """

    register: str | None = None
    variable: str | None = None
    deploy: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A notebook frozen as it was, with typed parameters and an environment.

    Attributes
    ----------
    notebook
        The snapshot, outputs stripped, in the artifact store.
    parameters
        As declared in the ``parameters`` cell, in order.
    values
        The values that this job gives; what it leaves out keeps the notebook's default.
    timeout_s
        Wall-clock seconds a run may take, or None.
    """

    id: str
    name: str
    owner: str
    notebook: Artifact
    parameters: tuple[Parameter, ...]
    values: Mapping[str, Any]
    environment: EnvironmentRecord
    outcome: Outcome
    timeout_s: float | None
    created_at: datetime
    last_run_id: str | None = None
    last_run_state: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job runs.

    Attributes
    ----------
    cron
        Five fields; Debian cron's rule at changes of daylight-saving time.
    time_zone
        IANA name.
    next_fire
        Next moment (UTC), or None while it is paused.
    last_fire
        The last moment (UTC) it stood for, or None.
    skipped
        Firings that passed while no service ran and that were not caught up with: only the newest missed one runs.
    """

    id: str
    job_id: str
    job_name: str
    owner: str
    cron: str
    time_zone: str
    active: bool
    created_at: datetime
    next_fire: datetime | None
    last_fire: datetime | None
    fired: int
    skipped: int


class JobStore(Protocol):
    """Keeps jobs and schedules; a job, once added, never changes."""

    def add(self, job: Job) -> Job:
        """Keep a job; the very same content by the same owner is the same job."""
        ...

    def get(self, job_id: str) -> Job:
        """Return one job (JobNotFoundError)."""
        ...

    def jobs(self, *, limit: int, before: str | None = None) -> tuple[Job, ...]:
        """Return jobs, newest first, those with ids below `before`."""
        ...

    def add_schedule(self, job_id: str, cron: str, time_zone: str, *, owner: str) -> Schedule:
        """Add an active schedule (JobNotFoundError, InvalidCronError, UnknownTimeZoneError)."""
        ...

    def schedule(self, schedule_id: str) -> Schedule:
        """Return one schedule (ScheduleNotFoundError)."""
        ...

    def schedules(self) -> tuple[Schedule, ...]:
        """Return all schedules, newest first."""
        ...

    def set_active(self, schedule_id: str, active: bool, *, by: str) -> Schedule:
        """Pause or resume; resuming counts from now and catches up with nothing."""
        ...

    def fire_due(self, now: datetime) -> tuple[str, ...]:
        """Queue one run per schedule that is due, and return their ids.

        The run and the schedule's next moment are one transaction; (schedule, fire time) is unique for ever.
        """
        ...
