"""Jobs."""

from __future__ import annotations

import json

from redspot_productionize.freeze import freeze_job, merge_values

from redspot.compute.instance import find_instance_type
from redspot.contracts.replies import Page
from redspot.contracts.requests import JobIn, ListQuery, NotebookIn, RunIn
from redspot.jobs.job import Job
from redspot.jobs.notebook import NotebookFacts, inspect_notebook
from redspot.jobs.run import Run
from redspot_server.identity import Caller
from redspot_server.services import Services


def inspect(services: Services, caller: Caller, body: NotebookIn) -> NotebookFacts:
    """Return what the notebook declares; its content is sent, no path is opened."""
    return inspect_notebook(json.dumps(body.notebook).encode())


def list_jobs(services: Services, caller: Caller, query: ListQuery) -> Page[Job]:
    """Return jobs, newest first."""
    found = services.jobs.jobs(limit=query.limit + 1, before=query.cursor)
    return Page(found[: query.limit], found[query.limit - 1].id if len(found) > query.limit else None)


def freeze(services: Services, caller: Caller, body: JobIn) -> Job:
    """Freeze a job; the very same content again is the same job."""
    instance = find_instance_type(services.instance_types, body.instance_type)
    environment = services.environment(instance.name)
    job = freeze_job(body, services.artifacts, environment, services.clock, owner=caller.name)
    return services.jobs.add(job)


def read_job(services: Services, caller: Caller, job_id: str) -> Job:
    """Return one job."""
    return services.jobs.get(job_id)


def start_run(services: Services, caller: Caller, job_id: str, body: RunIn) -> Run:
    """Queue a run of the job."""
    job = services.jobs.get(job_id)
    return services.runs.add(job_id, merge_values(job, body.values), owner=caller.name)
