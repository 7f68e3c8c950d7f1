"""The service is killed at random moments, and no run is lost, doubled or registered twice."""

from __future__ import annotations

import random
import time

import pytest

from redspot.contracts.requests import JobIn, OutcomeIn
from redspot.jobs.run import RunState
from tests.notebooks import TRAIN
from tests.services import ServiceProcess


def test_runs_survive_a_service_that_keeps_dying(service: ServiceProcess, request: pytest.FixtureRequest) -> None:
    whole = request.config.getoption("--torture")
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to repeat a campaign that failed
    chance = random.Random(seed)
    runs, kills = (12, 15) if whole else (3, 3)
    with service.client() as client:
        job = client.freeze(JobIn(name="train", notebook=TRAIN, outcome=OutcomeIn(register_as="m")))
        started = [client.start_run(job.id).id for _ in range(runs)]
    for _ in range(kills):
        time.sleep(chance.uniform(0.1, 3.0))  # the random moment is the test
        service.kill()
        service.start()
    with service.client() as client:
        for run_id in started:
            ended = client.wait(
                lambda run_id=run_id: client.run(run_id), lambda seen: seen.state.ended, timeout_s=180, what=run_id
            )
            assert ended.state is RunState.SUCCEEDED, ended.failure
        versions = client.versions("m")
        assert sorted(version.number for version in versions) == list(range(1, runs + 1))
        assert {version.run_id for version in versions} == set(started)
        assert len(client.runs()) == runs
