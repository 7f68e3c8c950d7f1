"""The service's process: its lock, its end, and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
from redspot_server.child import ServiceStartError, join_or_start
from redspot_server.down import stop_everything
from redspot_server.service import running_service

from redspot.compute.process import ProcessBackend
from redspot.compute.unit import UnitPhase
from redspot.config import Config
from redspot.contracts.requests import JobIn, OutcomeIn
from redspot.jobs.run import RunState
from tests.notebooks import TRAIN, notebook
from tests.services import ServiceProcess


def test_a_second_service_is_refused_with_the_remedy(service: ServiceProcess) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "redspot", "service", "--wait-s", "0"],
        env={**os.environ, **service.config.to_environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert "redspot down" in second.stderr
    assert "[service-running]" in second.stderr


def test_whoever_comes_second_joins(service: ServiceProcess) -> None:
    assert join_or_start(service.config) is None


def test_a_child_ends_with_its_parent(config: Config) -> None:
    code = "from redspot.config import Config; from redspot_server import child; child.join_or_start(Config.load())"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **config.to_environment()}, check=True)
    deadline = time.monotonic() + 15
    while running_service(config) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_service_that_cannot_start_says_why(config: Config) -> None:
    broken = Config(state_dir=config.state_dir, database_url=f"sqlite:///{config.state_dir}/units")
    with pytest.raises(ServiceStartError, match="cannot be opened"):
        join_or_start(broken)


def test_a_run_survives_a_sigkill_of_the_service_and_registers_once(service: ServiceProcess) -> None:
    slow = notebook(*TRAIN["cells"], "import time\ntime.sleep(6)")
    with service.client() as client:
        job = client.freeze(JobIn(name="slow", notebook=slow, outcome=OutcomeIn(register_as="slow")))
        run = client.start_run(job.id)
        client.wait(
            lambda: client.run(run.id), lambda r: bool(r.progress and r.progress.cells_done), timeout_s=60, what="x"
        )
    service.kill()
    service.start()
    with service.client() as client:
        ended = client.wait(lambda: client.run(run.id), lambda r: r.state.ended, timeout_s=60, what="the end")
        assert (ended.state, ended.version) == (RunState.SUCCEEDED, "slow@1")
        assert len(client.versions("slow")) == 1
        assert len(client.runs()) == 1


def test_sigterm_leaves_units_running_and_down_stops_them_all(service: ServiceProcess) -> None:
    with service.client() as client:
        job = client.freeze(JobIn(name="long", notebook=notebook("import time\ntime.sleep(600)")))
        run = client.start_run(job.id)
        client.wait(lambda: client.run(run.id), lambda r: r.state is RunState.RUNNING, timeout_s=60, what="running")
    service.end()
    backend = ProcessBackend(service.config.units_dir)
    assert backend.observe(run.id).phase is UnitPhase.RUNNING
    stopped = stop_everything(service.config, grace_s=2.0)
    assert run.id in stopped
    assert all(backend.observe(unit).phase is UnitPhase.ENDED for unit in backend.unit_ids())
    service.start()
    with service.client() as client:
        ended = client.wait(lambda: client.run(run.id), lambda r: r.state.ended, timeout_s=30, what="the end")
    assert ended.failure is not None
    assert ended.failure.code == "stopped"


def test_logs_are_json_with_request_and_run_ids(service: ServiceProcess) -> None:
    with service.client() as client:
        job = client.freeze(JobIn(name="logged", notebook=notebook("1")))
        run = client.start_run(job.id)
        client.wait(lambda: client.run(run.id), lambda seen: seen.state.ended, timeout_s=60, what="the end")
    lines = [json.loads(line) for line in service.log().splitlines()]
    assert any(line.get("request", "").startswith("q_") for line in lines)
    assert {line["run"] for line in lines if "run" in line} == {run.id}
    assert all({"at", "level", "logger", "message"} <= set(line) for line in lines)


def test_a_taken_router_port_is_told(config: Config) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", config.router_port))
        taken.listen()
        process = ServiceProcess(config)
        backend = ProcessBackend(config.units_dir)
        process.start()
        try:
            with process.client() as client:
                unit = client.wait(backend.unit_ids, bool, timeout_s=20, what="the router's start")[0]
                look = lambda: backend.log_tail(unit)  # noqa: E731
                log = client.wait(look, lambda text: "taken" in text, timeout_s=20, what="the sentence")
                assert str(config.router_port) in log
                assert not client.status().router_ok
        finally:
            process.end()
