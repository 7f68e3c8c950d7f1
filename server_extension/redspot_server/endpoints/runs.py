"""Runs and what they left behind."""

from __future__ import annotations

from redspot.artifacts import Artifact
from redspot.compute.unit import UnitNotFoundError
from redspot.contracts.replies import LogTail, Page
from redspot.contracts.requests import RunListQuery
from redspot.errors import NotFoundError
from redspot.jobs.run import Run
from redspot_server.content import Content
from redspot_server.identity import Caller
from redspot_server.services import Services


class RunOutputMissingError(NotFoundError):
    """The run has not got, or never got, as far as this output."""

    code = "run-output-missing"


def list_runs(services: Services, caller: Caller, query: RunListQuery) -> Page[Run]:
    """Return runs, newest first."""
    found = services.runs.runs(limit=query.limit + 1, before=query.cursor, job_id=query.job_id)
    return Page(found[: query.limit], found[query.limit - 1].id if len(found) > query.limit else None)


def read_run(services: Services, caller: Caller, run_id: str) -> Run:
    """Return one run."""
    return services.runs.get(run_id)


def cancel_run(services: Services, caller: Caller, run_id: str) -> Run:
    """Want the run cancelled."""
    return services.runs.request_cancel(run_id, by=caller.name)


def read_output(services: Services, caller: Caller, run_id: str) -> Content:
    """Return the notebook as it ran."""
    return _output(services, services.runs.get(run_id).outputs.notebook, run_id, "output notebook")


def read_html(services: Services, caller: Caller, run_id: str) -> Content:
    """Return the notebook as it ran, as a page."""
    return _output(services, services.runs.get(run_id).outputs.html, run_id, "output page")


def _output(services: Services, artifact: Artifact | None, run_id: str, what: str) -> Content:
    if artifact is None:
        raise RunOutputMissingError(f"Run {run_id} has no {what} (yet); its log may tell more.", run=run_id)
    inline = artifact.media_type == "text/html"
    return Content(services.artifacts.get(artifact.digest), artifact.media_type, artifact.name, inline)


def read_log(services: Services, caller: Caller, run_id: str) -> LogTail:
    """Return the end of the run's log; empty before it started."""
    run = services.runs.get(run_id)
    try:
        return LogTail(services.backend.log_tail(run.unit_id))
    except UnitNotFoundError:
        return LogTail("")
