"""What clients send. A field that the service does not know is an error, never silence."""

from __future__ import annotations

from datetime import datetime
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
    """A pipeline to register, sent as the file's bytes in base 64; or a notebook that answers itself."""

    pipeline: str | None = Field(
        default=None, description="The `.redspot` file, base 64; without one, cells of the notebook answer."
    )
    notebook: dict[str, Any] | None = Field(
        default=None,
        description="The notebook that made it; or whose `endpoint` cells define `predict(payload)`.",
    )
    parameters: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)


class AliasIn(Request):
    """Where an alias points."""

    number: int = Field(ge=1)


class DeploymentIn(Request):
    """A version that an endpoint shall serve."""

    version: str = Field(description="`name@7`, `name@alias` or `name@latest`.")
    why: Text = ""
    confirm: bool = Field(default=False, description="Deploy it also when it has no recorded rows to check.")


class DefinitionIn(Request):
    """What an endpoint shall be."""

    definition: dict[str, Any] = Field(description="The fields of `EndpointDefinition`; others keep their default.")
    why: Text = ""
    confirm: bool = Field(default=False, description="Deploy versions also when they have no recorded rows to check.")


class PlanIn(Request):
    """What an endpoint might be."""

    definition: dict[str, Any] = Field(description="The fields of `EndpointDefinition`; others keep their default.")


class WhyIn(Request):
    """The reason of a change, kept in the ledger."""

    why: Text = ""


class RollbackIn(WhyIn):
    """Where to go back to."""

    deployment_id: str | None = Field(default=None, description="A row of the ledger; null for what answered before.")


class ScaleIn(WhyIn):
    """How many replicas each version of an endpoint shall have."""

    min_replicas: int
    max_replicas: int


class LedgerQuery(Request):
    """Which part of a ledger."""

    at: datetime | None = Field(default=None, description="The moment to tell of; now when left out.")
    limit: int = Field(default=100, ge=1, le=500, description="At most this many entries.")


class SeriesQuery(Request):
    """Which stretch of an endpoint's series."""

    since: datetime | None = Field(default=None, alias="from", description="An hour ago when left out.")
    until: datetime | None = Field(default=None, alias="to", description="Now when left out.")
    step: int | None = Field(default=None, description="10, 60 or 600 seconds; what suits the stretch when left out.")
    whole: bool = Field(default=False, description="Only the endpoint as a whole, and not each deployment.")


class RecentQuery(Request):
    """How many of the newest."""

    limit: int = Field(default=50, ge=1, le=500, description="At most this many items.")


class ExportQuery(Request):
    """For which system an endpoint is written, and what that has to know."""

    to: str = Field(default="kubernetes", pattern="^(kubernetes|kserve)$", description="For which system.")
    image: str = Field(default="", max_length=500, description="What runs in the pods; the installation's if left out.")
    gateway: str = Field(
        default="", max_length=130, description="`NAME` or `NAME.NAMESPACE` of a Gateway: an HTTPRoute is written too."
    )


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
    rate_per_s: float | None = Field(default=None, gt=0, le=1e6, description="Requests each second; null for any.")
    burst: int | None = Field(default=None, ge=1, le=10**6, description="Requests at once.")


class RotationIn(Request):
    """How a token gives way to another."""

    grace_s: float = Field(default=86400, ge=0, le=30 * 86400, description="Seconds for which the old one goes on.")
