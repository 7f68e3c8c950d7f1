"""Runs from queued to their end, under a real service: what goes wrong, and what is said then."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redspot.client.service import ServiceClient
from redspot.compute.process import ProcessBackend
from redspot.contracts.requests import JobIn, OutcomeIn
from redspot.jobs.job import Job
from redspot.jobs.run import Run, RunState
from tests.notebooks import TRAIN, cell, notebook
from tests.services import ServiceProcess


def ended(client: ServiceClient, run: Run, timeout_s: float = 60) -> Run:
    return client.wait(lambda: client.run(run.id), lambda seen: seen.state.ended, timeout_s=timeout_s, what="the end")


def running(client: ServiceClient, run: Run, cell_number: int) -> None:
    def reached(seen: Run) -> bool:
        return bool(seen.progress and seen.progress.current_cell == cell_number)

    client.wait(lambda: client.run(run.id), reached, timeout_s=60, what=f"cell {cell_number}")


@pytest.fixture
def start(client: ServiceClient) -> Callable[..., Run]:
    def made(*cells: Any, **changes: Any) -> Run:
        book = cells[0] if isinstance(cells[0], dict) and "cells" in cells[0] else notebook(*cells)
        job: Job = client.freeze(JobIn(**{"name": "t", "notebook": book, **changes}))
        return client.start_run(job.id)

    return made


def failure(run: Run) -> tuple[str, int | None]:
    assert run.failure is not None, run
    assert run.failure.message.endswith((".", "zero")), run.failure.message
    return run.failure.code, run.failure.cell


def test_a_run_that_succeeds_registers_the_next_version(client: ServiceClient, start: Callable[..., Run]) -> None:
    outcome = OutcomeIn(register_as="trained", variable="pipeline")
    run = ended(client, start(TRAIN, values={"strength": 0.5}, outcome=outcome))
    assert run.state is RunState.SUCCEEDED, run.failure
    version = client.version("trained@latest")
    assert run.version == str(version.ref)
    assert version.parameters == {"strength": 0.5}
    assert set(version.metrics) >= {"accuracy", "f1_macro"}
    assert version.notebook is not None
    assert version.parity_rows > 0
    assert [node["kind"] for node in version.graph["nodes"]]
    assert run.records["rows"][0]["answer"]["prediction"] in ("yes", "no")
    assert b"https://" not in client.run_output(run.id, "html")


def test_a_cell_that_raises_keeps_the_output(client: ServiceClient, start: Callable[..., Run]) -> None:
    run = ended(client, start("print('before')", "1 / 0"))
    assert (run.state, failure(run)) == (RunState.FAILED, ("cell-raised", 2))
    assert run.failure is not None
    assert "ZeroDivisionError" in run.failure.traceback
    assert b"before" in client.run_output(run.id, "notebook")
    assert b"ZeroDivisionError" in client.run_output(run.id, "html")


def test_a_notebook_that_takes_too_much_memory_is_told_so(client: ServiceClient, start: Callable[..., Run]) -> None:
    greedy = "blocks = []\nwhile True:\n    blocks.append(bytearray(64 * 1024 * 1024))"
    run = ended(client, start("1", greedy), timeout_s=120)
    assert (run.state, failure(run)) == (RunState.FAILED, ("out-of-memory", 2))
    assert run.failure is not None
    assert "memory" in run.failure.message


def test_a_run_that_takes_too_long_is_ended(client: ServiceClient, start: Callable[..., Run]) -> None:
    run = ended(client, start("import time\ntime.sleep(300)", timeout_s=6))
    assert (run.state, failure(run)[0]) == (RunState.TIMED_OUT, "timed-out")


def test_a_cancelled_run_leaves_no_process(
    client: ServiceClient, start: Callable[..., Run], shared_service: ServiceProcess
) -> None:
    run = start("import subprocess\nchild = subprocess.Popen(['sleep', '300'], start_new_session=True)\nchild.wait()")
    running(client, run, 1)
    client.cancel(run.id)
    assert ended(client, run).state is RunState.CANCELLED
    assert processes_of(run) == []


def processes_of(run: Run) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"REDSPOT_UNIT_ID={run.id}".encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue  # it has just ended
    return found


def test_a_run_whose_processes_vanish_is_lost_and_never_starts_again(
    client: ServiceClient, start: Callable[..., Run], shared_service: ServiceProcess
) -> None:
    run = start("import time\ntime.sleep(300)")
    running(client, run, 1)
    supervisor = ProcessBackend(shared_service.config.units_dir).observe(run.id).pid
    assert supervisor is not None
    parent = int((Path("/proc") / str(supervisor) / "stat").read_text().rsplit(")", 1)[1].split()[1])
    for pid in {parent, supervisor, *processes_of(run)} - {0, 1, os.getpid()}:
        if b"redspot" in (Path("/proc") / str(pid) / "cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    gone = ended(client, run)
    assert (gone.state, failure(gone)[0]) == (RunState.LOST, "lost")
    assert processes_of(run) == []


@pytest.mark.parametrize(
    ("cells", "variable", "says"),
    [
        (("x = 1",), None, "0 fitted pipelines"),
        (("x = 1",), "model", "no fitted pipeline called 'model'"),
        ((*TRAIN["cells"], "import copy\nother = copy.deepcopy(pipeline)"), None, "2 fitted pipelines"),
        (tuple(TRAIN["cells"]), "pipelin", "fitted pipelines: pipeline"),
    ],
)
def test_nothing_to_register_is_a_failure_that_lists_what_there_is(
    client: ServiceClient, start: Callable[..., Run], cells: tuple[Any, ...], variable: str | None, says: str
) -> None:
    outcome = OutcomeIn(register_as="none", variable=variable)
    run = ended(client, start(notebook(*cells), outcome=outcome))
    assert (run.state, failure(run)[0]) == (RunState.FAILED, "no-pipeline")
    assert run.failure is not None
    assert says in run.failure.message
    assert run.outputs.notebook is not None


def test_a_parameter_of_one_run_overrides_the_jobs(client: ServiceClient) -> None:
    book = notebook(cell("n: int = 1\nm: int = 1", "parameters"), "import redspot\nredspot.record('sum', n + m)")
    job = client.freeze(JobIn(name="sum", notebook=book, values={"n": 10}))
    run = ended(client, client.start_run(job.id, {"m": 5}))
    assert run.records == {"sum": 15}
    assert run.parameters == {"n": 10, "m": 5}


def test_a_damaged_snapshot_is_told_and_nothing_else_stops(
    client: ServiceClient, shared_service: ServiceProcess
) -> None:
    job = client.freeze(JobIn(name="damaged", notebook=notebook("'damage me'")))
    digest = job.notebook.digest.removeprefix("sha256:")
    path = shared_service.config.state_dir / "artifacts" / "sha256" / digest[:2] / digest
    path.write_bytes(path.read_bytes() + b" ")
    run = ended(client, client.start_run(job.id))
    assert (run.state, failure(run)[0]) == (RunState.FAILED, "artifact-corrupt")


def test_a_run_sees_no_secret_of_the_service(client: ServiceClient, start: Callable[..., Run]) -> None:
    code = "import os, redspot\nredspot.record('names', sorted(os.environ))"
    names = ended(client, start(code)).records["names"]
    assert not [name for name in names if "TOKEN" in name or "SECRET" in name or "PASSWORD" in name]
    assert "REDSPOT_DATABASE_URL" not in names
