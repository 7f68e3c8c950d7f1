"""Runs in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from redspot.ids import new_id
from redspot.jobs.run import (
    Run,
    RunEnd,
    RunEndedError,
    RunFailure,
    RunNotFoundError,
    RunOutputs,
    RunProgress,
    RunState,
)
from redspot.stores import audit
from redspot.stores.applying import want_deployment
from redspot.stores.codec import from_json, maybe_from_json, to_json
from redspot.stores.database import Database
from redspot.stores.jobs import job_row
from redspot.stores.models import add_version
from redspot.stores.tables import JobRow, RunRow

_OPEN = tuple(state for state in RunState if not state.ended)


class SqlRunStore:
    """Keeps runs; see the port `redspot.jobs.run.RunStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job_id: str, parameters: Mapping[str, Any], *, owner: str) -> Run:
        """Queue a run."""
        now = self._database.clock.now()
        with self._database.write() as session:
            job = job_row(session, job_id)
            row = RunRow(
                id=new_id("r"),
                job_id=job_id,
                owner=owner,
                state=RunState.QUEUED,
                parameters=dict(parameters),
                created_at=now,
                outputs={},
                records={},
            )
            session.add(row)
            audit.note(session, now, owner, "start-run", row.id, job=job_id)
            session.flush()
            return _run(row, job.name)

    def get(self, run_id: str) -> Run:
        """Return one run."""
        with self._database.read() as session:
            row = _run_row(session, run_id)
            return _run(row, job_row(session, row.job_id).name)

    def runs(self, *, limit: int, before: str | None = None, job_id: str | None = None) -> tuple[Run, ...]:
        """Return runs, newest first."""
        query = select(RunRow, JobRow.name).join(JobRow, JobRow.id == RunRow.job_id).order_by(RunRow.id.desc())
        if before is not None:
            query = query.where(RunRow.id < before)
        if job_id is not None:
            query = query.where(RunRow.job_id == job_id)
        with self._database.read() as session:
            return tuple(_run(row, name) for row, name in session.execute(query.limit(limit)))

    def open_runs(self) -> tuple[Run, ...]:
        """Return the runs that have not ended, oldest first."""
        query = select(RunRow, JobRow.name).join(JobRow, JobRow.id == RunRow.job_id).where(RunRow.state.in_(_OPEN))
        with self._database.read() as session:
            return tuple(_run(row, name) for row, name in session.execute(query.order_by(RunRow.id)))

    def claim(self, run_id: str) -> bool:
        """Move a queued run to starting; the one caller that gets True starts its unit."""
        with self._database.write() as session:
            row = _run_row(session, run_id)
            if row.state != RunState.QUEUED:
                return False
            row.state = RunState.STARTING
            return True

    def observe(
        self, run_id: str, state: RunState, *, started_at: datetime | None, progress: RunProgress | None
    ) -> None:
        """Record what was seen of a run that goes on."""
        with self._database.write() as session:
            row = _run_row(session, run_id)
            if RunState(row.state).ended:
                return
            row.state = state
            row.started_at = row.started_at or started_at
            row.progress = to_json(progress) or row.progress

    def end(self, run_id: str, end: RunEnd) -> Run:
        """Record its end together with the version and deployment that follow from it, once."""
        with self._database.write() as session:
            row = _run_row(session, run_id)
            name = job_row(session, row.job_id).name
            if RunState(row.state).ended:
                return _run(row, name)
            row.state, row.ended_at = end.state, end.ended_at
            row.failure, row.outputs = to_json(end.failure), to_json(end.outputs)
            row.records = dict(end.records or {})
            row.progress = to_json(end.progress) or row.progress
            if end.register is not None:
                version = add_version(session, self._database, end.register)
                row.version = str(version.ref)
                if end.deploy_to is not None:
                    why = f"made by run {run_id}"
                    want_deployment(session, self._database, end.deploy_to, version.ref, by=row.owner, why=why)
            code = end.failure.code if end.failure else None
            audit.note(session, end.ended_at, row.owner, f"run-{end.state}", run_id, failure=code)
            session.flush()
            return _run(row, name)

    def request_cancel(self, run_id: str, *, by: str) -> Run:
        """Want the run cancelled; the runner stops its unit, a queued one ends here."""
        now = self._database.clock.now()
        with self._database.write() as session:
            row = _run_row(session, run_id)
            if RunState(row.state).ended:
                raise RunEndedError(f"Run {run_id} has ended already: it {row.state}.", run=run_id, state=row.state)
            row.cancel_by = by
            if row.state == RunState.QUEUED:
                row.state, row.ended_at = RunState.CANCELLED, now
                row.failure = to_json(RunFailure("cancelled", f"Cancelled by {by} before it started."))
            audit.note(session, now, by, "cancel-run", run_id)
            return _run(row, job_row(session, row.job_id).name)

    def cancel_requested(self, run_id: str) -> bool:
        """Return whether someone wants it cancelled."""
        with self._database.read() as session:
            return _run_row(session, run_id).cancel_by is not None


def _run_row(session: Session, run_id: str) -> RunRow:
    row = session.get(RunRow, run_id)
    if row is None:
        raise RunNotFoundError(f"No run {run_id!r} exists; `redspot runs` lists them.", run=run_id)
    return row


def _run(row: RunRow, job_name: str) -> Run:
    return Run(
        id=row.id,
        job_id=row.job_id,
        job_name=job_name,
        owner=row.owner,
        state=RunState(row.state),
        parameters=row.parameters,
        schedule_id=row.schedule_id,
        fire_time=row.fire_time,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        progress=maybe_from_json(RunProgress, row.progress),
        failure=maybe_from_json(RunFailure, row.failure),
        outputs=from_json(RunOutputs, row.outputs),
        records=row.records,
        version=row.version,
    )
