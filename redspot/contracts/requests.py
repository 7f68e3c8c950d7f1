"""What clients send. A field that the service does not know is an error, never silence."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=2000)]


class Request(BaseModel):
    """Base of all bodies and query strings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ListQuery(Request):
    """Which part of a list."""

    limit: int = Field(default=100, ge=1, le=500, description="At most this many items.")
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before.")


class RunListQuery(ListQuery):
    """Which runs."""

    job_id: str | None = Field(default=None, description="Only runs of this job.")


class NotebookIn(Request):
    """A notebook to inspect: its content, never a path."""

    notebook: dict[str, Any] = Field(description="The notebook as nbformat 4 JSON.")


class OutcomeIn(Request):
    """What to do with the result of a run that succeeded."""

    register_as: str | None = Field(default=None, description="Model to register the pipeline under.")
    variable: str | None = Field(default=None, description="Notebook variable that holds the pipeline.")
    deploy_to: str | None = Field(default=None, description="Endpoint that shall serve the new version.")


class JobIn(Request):
    """A job to freeze."""

    name: str
    notebook: dict[str, Any] = Field(description="The notebook as nbformat 4 JSON; its outputs are stripped.")
    notebook_name: str = Field(default="notebook.ipynb", max_length=255)
    values: dict[str, Any] = Field(default_factory=dict, description="Parameter values; others keep their default.")
    instance_type: str = "cpu.small"
    outcome: OutcomeIn = OutcomeIn()
    timeout_s: float | None = Field(default=None, gt=0, le=7 * 86400)


class RunIn(Request):
    """A run to start."""

    values: dict[str, Any] = Field(default_factory=dict, description="Overrides of the job's values for this run.")


class ScheduleIn(Request):
    """A schedule to add to a job."""

    job_id: str
    cron: Annotated[str, Field(max_length=200)]
    time_zone: Annotated[str, Field(max_length=100)] = "UTC"


class ScheduleChange(Request):
    """Pause or resume."""

    active: bool


class PreviewQuery(Request):
    """A cron expression to explain."""

    cron: Annotated[str, Field(max_length=200)]
    time_zone: Annotated[str, Field(max_length=100)] = "UTC"
    count: int = Field(default=3, ge=1, le=20)


class VersionIn(Request):
    """A pipeline to register, sent as the file's bytes in base 64."""

    pipeline: str = Field(description="The `.redspot` file, base 64.")
    notebook: dict[str, Any] | None = Field(default=None, description="The notebook that made it.")
    parameters: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)


class AliasIn(Request):
    """Where an alias points."""

    number: int = Field(ge=1)


class DeploymentIn(Request):
    """A version that an endpoint shall serve."""

    version: str = Field(description="`name@7`, `name@alias` or `name@latest`.")
    why: Text = ""


class EndpointChange(Request):
    """Start or stop an endpoint."""

    state: str = Field(pattern="^(live|stopped)$")


class PredictIn(Request):
    """Rows to try an endpoint with."""

    rows: list[dict[str, Any]] = Field(min_length=1, max_length=100)


class TokenIn(Request):
    """A token to make for calling endpoints."""

    name: str
    endpoints: list[str] | None = Field(default=None, description="Only these endpoints; null for all.")
    days: int = Field(default=90, ge=1, le=366)
