"""Jobs and schedules in SQL."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from redspot.artifacts import Artifact
from redspot.ids import new_id
from redspot.jobs.job import Job, JobNotFoundError, Outcome, Schedule, ScheduleNotFoundError
from redspot.jobs.parameter import Parameter
from redspot.jobs.run import RunState
from redspot.jobs.schedule import next_fires
from redspot.registry.model import EnvironmentRecord
from redspot.stores import audit
from redspot.stores.codec import from_json, to_json
from redspot.stores.database import Database
from redspot.stores.tables import JobRow, RunRow, ScheduleRow

_MISSED_AT_MOST = 10_000


class SqlJobStore:
    """Keeps jobs and schedules; see the port `redspot.jobs.job.JobStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: Job) -> Job:
        """Keep a job; the very same content by the same owner is the same job."""
        fields = {
            "name": job.name,
            "notebook": to_json(job.notebook),
            "parameters": [to_json(parameter) for parameter in job.parameters],
            "values": dict(job.values),
            "environment": to_json(job.environment),
            "outcome": to_json(job.outcome),
            "timeout_s": job.timeout_s,
        }
        content = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
        with self._database.write() as session:
            row = session.scalar(select(JobRow).where(JobRow.owner == job.owner, JobRow.content == content))
            if row is None:
                row = JobRow(id=job.id, owner=job.owner, content=content, created_at=job.created_at, **fields)
                session.add(row)
                audit.note(session, job.created_at, job.owner, "freeze-job", job.id, name=job.name)
                session.flush()
            return _job(session, row)

    def get(self, job_id: str) -> Job:
        """Return one job."""
        with self._database.read() as session:
            return _job(session, job_row(session, job_id))

    def jobs(self, *, limit: int, before: str | None = None) -> tuple[Job, ...]:
        """Return jobs, newest first."""
        query = select(JobRow).order_by(JobRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(JobRow.id < before)
        with self._database.read() as session:
            return tuple(_job(session, row) for row in session.scalars(query).all())

    def add_schedule(self, job_id: str, cron: str, time_zone: str, *, owner: str) -> Schedule:
        """Add an active schedule that first fires after now."""
        now = self._database.clock.now()
        first = next_fires(cron, time_zone, after=now)[0]
        with self._database.write() as session:
            job = job_row(session, job_id)
            row = ScheduleRow(
                id=new_id("s"),
                job_id=job_id,
                owner=owner,
                cron=" ".join(cron.split()),
                time_zone=time_zone,
                active=True,
                created_at=now,
                next_fire=first,
                fired=0,
                skipped=0,
            )
            session.add(row)
            audit.note(session, now, owner, "add-schedule", row.id, job=job_id, cron=cron, time_zone=time_zone)
            session.flush()
            return _schedule(row, job.name)

    def schedule(self, schedule_id: str) -> Schedule:
        """Return one schedule."""
        with self._database.read() as session:
            row = _schedule_row(session, schedule_id)
            return _schedule(row, job_row(session, row.job_id).name)

    def schedules(self) -> tuple[Schedule, ...]:
        """Return all schedules, newest first."""
        query = select(ScheduleRow, JobRow.name).join(JobRow, JobRow.id == ScheduleRow.job_id)
        with self._database.read() as session:
            return tuple(_schedule(row, name) for row, name in session.execute(query.order_by(ScheduleRow.id.desc())))

    def set_active(self, schedule_id: str, active: bool, *, by: str) -> Schedule:
        """Pause or resume; resuming counts from now."""
        now = self._database.clock.now()
        with self._database.write() as session:
            row = _schedule_row(session, schedule_id)
            if row.active != active:
                row.active = active
                row.next_fire = next_fires(row.cron, row.time_zone, after=now)[0] if active else None
                audit.note(session, now, by, "resume-schedule" if active else "pause-schedule", row.id)
            return _schedule(row, job_row(session, row.job_id).name)

    def fire_due(self, now: datetime) -> tuple[str, ...]:
        """Queue one run per due schedule; of several missed moments only the newest runs, the others are counted."""
        with self._database.write() as session:
            query = select(ScheduleRow).where(ScheduleRow.active, ScheduleRow.next_fire <= now)
            return tuple(_fire(session, row, now) for row in session.scalars(query.with_for_update()).all())


def _fire(session: Session, row: ScheduleRow, now: datetime) -> str:
    moment = row.next_fire
    if moment is None:
        raise ValueError(f"schedule {row.id} is not due")
    following = next_fires(row.cron, row.time_zone, after=moment)[0]
    missed = 0
    while following <= now and missed < _MISSED_AT_MOST:
        moment, missed = following, missed + 1
        following = next_fires(row.cron, row.time_zone, after=moment)[0]
    if following <= now:
        following = next_fires(row.cron, row.time_zone, after=now)[0]
    run = RunRow(
        id=new_id("r"),
        job_id=row.job_id,
        owner=row.owner,
        state=RunState.QUEUED,
        parameters=dict(job_row(session, row.job_id).values),
        schedule_id=row.id,
        fire_time=moment,
        created_at=now,
        outputs={},
        records={},
    )
    session.add(run)
    row.last_fire, row.next_fire = moment, following
    row.fired += 1
    row.skipped += missed
    audit.note(session, now, row.owner, "schedule-fired", row.id, run=run.id, fire_time=moment.isoformat())
    return run.id


def job_row(session: Session, job_id: str) -> JobRow:
    """Return the row of a job, or raise JobNotFoundError."""
    row = session.get(JobRow, job_id)
    if row is None:
        raise JobNotFoundError(f"No job {job_id!r} exists; `redspot jobs` lists them.", job=job_id)
    return row


def _schedule_row(session: Session, schedule_id: str) -> ScheduleRow:
    row = session.get(ScheduleRow, schedule_id)
    if row is None:
        raise ScheduleNotFoundError(f"No schedule {schedule_id!r} exists.", schedule=schedule_id)
    return row


def _job(session: Session, row: JobRow) -> Job:
    last = session.execute(
        select(RunRow.id, RunRow.state).where(RunRow.job_id == row.id).order_by(RunRow.id.desc()).limit(1)
    ).first()
    return Job(
        id=row.id,
        name=row.name,
        owner=row.owner,
        notebook=from_json(Artifact, row.notebook),
        parameters=tuple(from_json(Parameter, parameter) for parameter in row.parameters),
        values=row.values,
        environment=from_json(EnvironmentRecord, row.environment),
        outcome=from_json(Outcome, row.outcome),
        timeout_s=row.timeout_s,
        created_at=row.created_at,
        last_run_id=last.id if last else None,
        last_run_state=last.state if last else None,
    )


def _schedule(row: ScheduleRow, job_name: str) -> Schedule:
    return Schedule(
        id=row.id,
        job_id=row.job_id,
        job_name=job_name,
        owner=row.owner,
        cron=row.cron,
        time_zone=row.time_zone,
        active=row.active,
        created_at=row.created_at,
        next_fire=row.next_fire,
        last_fire=row.last_fire,
        fired=row.fired,
        skipped=row.skipped,
    )
