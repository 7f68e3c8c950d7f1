"""Jobs, schedules and runs: what must never happen twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from redspot.ids import new_id
from redspot.jobs.job import Job, JobNotFoundError, Outcome
from redspot.jobs.run import RunEnd, RunEndedError, RunFailure, RunProgress, RunState
from redspot.stores.audit import SqlAuditLog
from redspot.stores.database import Database
from redspot.stores.endpoints import SqlEndpointStore
from redspot.stores.jobs import SqlJobStore
from redspot.stores.models import SqlModelStore
from redspot.stores.runs import SqlRunStore
from tests.clock import SetClock
from tests.stores.conftest import ARTIFACT, ENVIRONMENT, new_version


@pytest.fixture
def jobs(database: Database) -> SqlJobStore:
    return SqlJobStore(database)


@pytest.fixture
def runs(database: Database) -> SqlRunStore:
    return SqlRunStore(database)


@pytest.fixture
def job(jobs: SqlJobStore, clock: SetClock) -> Job:
    return jobs.add(make_job(clock))


def make_job(clock: SetClock, name: str = "j") -> Job:
    return Job(new_id("j"), name, "ada", ARTIFACT, (), {"n": 1}, ENVIRONMENT, Outcome(), None, clock.now())


def test_equal_content_is_the_same_job(jobs: SqlJobStore, job: Job, clock: SetClock) -> None:
    assert jobs.add(make_job(clock)).id == job.id
    assert jobs.add(make_job(clock, "other")).id != job.id


def test_a_schedule_fires_each_moment_once(jobs: SqlJobStore, runs: SqlRunStore, job: Job, clock: SetClock) -> None:
    schedule = jobs.add_schedule(job.id, "*/5 * * * *", "UTC", owner="ada")
    assert schedule.next_fire == datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
    assert jobs.fire_due(clock.now()) == ()
    clock.forward(minutes=5)
    with ThreadPoolExecutor(4) as pool:
        fired = [run_id for ids in pool.map(lambda _: jobs.fire_due(clock.now()), range(8)) for run_id in ids]
    assert len(fired) == 1
    run = runs.get(fired[0])
    assert (run.state, run.fire_time, run.parameters) == (RunState.QUEUED, schedule.next_fire, {"n": 1})


def test_of_several_missed_moments_the_newest_runs_and_the_others_are_counted(
    jobs: SqlJobStore, runs: SqlRunStore, job: Job, clock: SetClock
) -> None:
    schedule = jobs.add_schedule(job.id, "*/5 * * * *", "UTC", owner="ada")
    clock.forward(minutes=17)
    (run_id,) = jobs.fire_due(clock.now())
    after = jobs.schedule(schedule.id)
    assert runs.get(run_id).fire_time == datetime(2026, 3, 1, 12, 15, tzinfo=UTC)
    assert (after.fired, after.skipped) == (1, 2)
    assert after.next_fire == datetime(2026, 3, 1, 12, 20, tzinfo=UTC)


def test_a_paused_schedule_is_silent_and_catches_up_with_nothing(jobs: SqlJobStore, job: Job, clock: SetClock) -> None:
    schedule = jobs.add_schedule(job.id, "* * * * *", "UTC", owner="ada")
    jobs.set_active(schedule.id, False, by="ada")
    clock.forward(hours=3)
    assert jobs.fire_due(clock.now()) == ()
    resumed = jobs.set_active(schedule.id, True, by="ada")
    assert resumed.next_fire == datetime(2026, 3, 1, 15, 1, tzinfo=UTC)
    assert jobs.fire_due(clock.now()) == ()


def test_one_claim_wins(runs: SqlRunStore, job: Job) -> None:
    run = runs.add(job.id, {}, owner="ada")
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: runs.claim(run.id), range(16))) == 1


def test_an_ended_run_never_changes(runs: SqlRunStore, job: Job, clock: SetClock) -> None:
    run = runs.add(job.id, {}, owner="ada")
    runs.claim(run.id)
    ended = runs.end(run.id, RunEnd(RunState.LOST, clock.now(), RunFailure("lost", "It is lost.")))
    assert runs.end(run.id, RunEnd(RunState.SUCCEEDED, clock.now())) == ended
    runs.observe(run.id, RunState.RUNNING, started_at=None, progress=RunProgress(3, 1))
    assert runs.get(run.id) == ended
    with pytest.raises(RunEndedError, match="lost"):
        runs.request_cancel(run.id, by="ada")


def test_a_queued_run_is_cancelled_at_once_and_never_claimed(runs: SqlRunStore, job: Job) -> None:
    run = runs.add(job.id, {}, owner="ada")
    assert runs.request_cancel(run.id, by="bob").state is RunState.CANCELLED
    assert not runs.claim(run.id)


def test_a_run_and_what_follows_from_it_are_one_transaction(
    runs: SqlRunStore, job: Job, database: Database, clock: SetClock
) -> None:
    run = runs.add(job.id, {}, owner="ada")
    end = RunEnd(RunState.SUCCEEDED, clock.now(), register=new_version("m", run.id), deploy_to="front")
    assert runs.end(run.id, end).version == "m@1"
    runs.end(run.id, end)
    assert SqlModelStore(database).model("m").version_count == 1
    endpoint = SqlEndpointStore(database, "http://router").get("front")
    assert endpoint.deployment is not None
    assert str(endpoint.deployment.ref) == "m@1"


def test_a_bad_endpoint_name_undoes_the_version_too(
    runs: SqlRunStore, job: Job, database: Database, clock: SetClock
) -> None:
    run = runs.add(job.id, {}, owner="ada")
    end = RunEnd(RunState.SUCCEEDED, clock.now(), register=new_version("m", run.id), deploy_to="../x")
    with pytest.raises(Exception, match="not a valid name"):
        runs.end(run.id, end)
    assert SqlModelStore(database).models(limit=5) == ()
    assert not runs.get(run.id).state.ended


def test_an_unknown_job_is_named(runs: SqlRunStore) -> None:
    with pytest.raises(JobNotFoundError, match="j_0"):
        runs.add("j_0", {}, owner="ada")


def test_every_change_is_in_the_audit_log(runs: SqlRunStore, job: Job, database: Database) -> None:
    run = runs.add(job.id, {}, owner="ada")
    runs.request_cancel(run.id, by="bob")
    entries = SqlAuditLog(database).entries(limit=10)
    assert [(entry.who, entry.action) for entry in entries] == [
        ("bob", "cancel-run"),
        ("ada", "start-run"),
        ("ada", "freeze-job"),
    ]


def test_the_state_survives_a_new_process(database: Database, job: Job, runs: SqlRunStore, tmp_path: Path) -> None:
    run = runs.add(job.id, {"x": [1, None]}, owner="ada")
    again = Database.open(f"sqlite:///{tmp_path}/redspot.db")
    assert SqlRunStore(again).get(run.id) == run
    again.dispose()
