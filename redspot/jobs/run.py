"""Runs: one recorded execution each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from redspot.artifacts import Artifact
from redspot.errors import ConflictError, NotFoundError
from redspot.registry.model import NewVersion


class RunNotFoundError(NotFoundError):
    """No run has that id."""

    code = "run-not-found"


class RunEndedError(ConflictError):
    """The run has ended and cannot be changed."""

    code = "run-ended"


class RunState(StrEnum):
    """``queued`` → ``starting`` → ``running`` → one of the five ends."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    LOST = "lost"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (RunState.QUEUED, RunState.STARTING, RunState.RUNNING)


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is.

    Attributes
    ----------
    cells_total, cells_done
        Code cells to execute, and those executed.
    current_cell
        1-based number of the code cell that is executing, or None.
    """

    cells_total: int
    cells_done: int
    current_cell: int | None = None


@dataclass(frozen=True, slots=True)
class RunFailure:
    """Why a run did not succeed.

    Attributes
    ----------
    code
        Stable: ``cell-raised``, ``out-of-memory``, ``kernel-died``, ``timed-out``, ``cancelled``, ``lost``,
        ``no-pipeline``, ``not-started``, ``unit-failed``.
    cell
        1-based number of the code cell that failed, or None.
    traceback
        Plain text, without terminal colours; empty where there is none.
    """

    code: str
    message: str
    cell: int | None = None
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """What a run left behind; None where it did not get that far."""

    notebook: Artifact | None = None
    html: Artifact | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a job.

    Attributes
    ----------
    schedule_id, fire_time
        The schedule that fired it and the moment (UTC) it stood for; None when a person started it.
    records
        What the notebook recorded with ``redspot.record``.
    version
        The model version it registered, such as ``penguins@2``, or None.
    """

    id: str
    job_id: str
    job_name: str
    owner: str
    state: RunState
    parameters: Mapping[str, Any]
    schedule_id: str | None
    fire_time: datetime | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    progress: RunProgress | None
    failure: RunFailure | None
    outputs: RunOutputs
    records: Mapping[str, Any]
    version: str | None

    @property
    def unit_id(self) -> str:
        """The unit of its one attempt."""
        return self.id


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended, written in one transaction with what follows from it.

    Attributes
    ----------
    register
        The version it made, to be numbered now.
    deploy_to
        The endpoint that shall serve that version.
    """

    state: RunState
    ended_at: datetime
    failure: RunFailure | None = None
    outputs: RunOutputs = RunOutputs()
    records: Mapping[str, Any] | None = None
    progress: RunProgress | None = None
    register: NewVersion | None = None
    deploy_to: str | None = None


class RunStore(Protocol):
    """Keeps runs; an ended run never changes."""

    def add(self, job_id: str, parameters: Mapping[str, Any], *, owner: str) -> Run:
        """Queue a run (JobNotFoundError)."""
        ...

    def get(self, run_id: str) -> Run:
        """Return one run (RunNotFoundError)."""
        ...

    def runs(self, *, limit: int, before: str | None = None, job_id: str | None = None) -> tuple[Run, ...]:
        """Return runs, newest first, those with ids below `before`."""
        ...

    def open_runs(self) -> tuple[Run, ...]:
        """Return the runs that have not ended, oldest first."""
        ...

    def claim(self, run_id: str) -> bool:
        """Move a queued run to starting; False when someone else did, or it was cancelled."""
        ...

    def observe(
        self, run_id: str, state: RunState, *, started_at: datetime | None, progress: RunProgress | None
    ) -> None:
        """Record what was seen of a run that goes on."""
        ...

    def end(self, run_id: str, end: RunEnd) -> Run:
        """Record its end, once; ending an ended run returns it as it is."""
        ...

    def request_cancel(self, run_id: str, *, by: str) -> Run:
        """Want the run cancelled (RunEndedError); a queued one ends at once."""
        ...

    def cancel_requested(self, run_id: str) -> bool:
        """Return whether someone wants it cancelled."""
        ...
