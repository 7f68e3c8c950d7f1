"""Freezing: from a notebook and what a person typed to a job that never changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from redspot.artifacts import ArtifactStore
from redspot.clock import Clock
from redspot.contracts.requests import JobIn
from redspot.ids import new_id, parse_name
from redspot.jobs.job import Job, JobOutcomeError, Outcome
from redspot.jobs.notebook import MEDIA_TYPE, NoParametersCellError, freeze_notebook, inspect_notebook
from redspot.jobs.parameter import parse_values
from redspot.registry.model import EnvironmentRecord


def freeze_job(
    wanted: JobIn, artifacts: ArtifactStore, environment: EnvironmentRecord, clock: Clock, *, owner: str
) -> Job:
    """Return the job, its snapshot kept in the artifact store; nothing typed gets further than its type.

    Raises
    ------
    NotebookError, ParametersCellError
        When the notebook cannot be read.
    NoParametersCellError
        When values are given and the notebook has no cell for them.
    UnknownParameterError, ParameterTypeError
        When a value has no parameter, or another type.
    JobOutcomeError
        When the result shall be deployed but not registered.
    """
    data = json.dumps(wanted.notebook).encode()
    facts = inspect_notebook(data)
    if wanted.values and not facts.has_parameters_cell:
        raise NoParametersCellError(
            f"Values were given ({', '.join(wanted.values)}), but the notebook has no cell tagged 'parameters':"
            " tag the cell that assigns them."
        )
    outcome = Outcome(wanted.outcome.register_as, wanted.outcome.variable, wanted.outcome.deploy_to)
    if outcome.register is not None:
        parse_name(outcome.register, "model")
    if outcome.deploy is not None:
        parse_name(outcome.deploy, "endpoint")
        if outcome.register is None:
            raise JobOutcomeError("To deploy the result, name the model to register it under too.")
    return Job(
        id=new_id("j"),
        name=parse_name(wanted.name, "job"),
        owner=owner,
        notebook=artifacts.put(freeze_notebook(data), name=wanted.notebook_name, media_type=MEDIA_TYPE),
        parameters=facts.parameters,
        values=parse_values(facts.parameters, wanted.values),
        environment=environment,
        outcome=outcome,
        timeout_s=wanted.timeout_s,
        created_at=clock.now(),
    )


def merge_values(job: Job, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the job's values with those of one run over them, each checked."""
    return {**job.values, **parse_values(job.parameters, overrides)}
