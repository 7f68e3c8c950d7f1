"""The one table of routes: it gives the handlers, the OpenAPI document and the authorisation audit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redspot.compute.instance import InstanceType
from redspot.contracts import replies as out
from redspot.contracts import requests as given
from redspot.jobs.job import Job, Schedule
from redspot.jobs.notebook import NotebookFacts
from redspot.jobs.run import Run
from redspot.registry.deployment import Deployment
from redspot.registry.model import Model, Version
from redspot.registry.plan import EndpointPlan
from redspot.registry.series import Series
from redspot.registry.signal import EndpointSignal, MonitorReport
from redspot.registry.standing import AppliedDefinition, Endpoint
from redspot.registry.token import Token
from redspot_server.content import Content
from redspot_server.endpoints import (
    definitions,
    deployments,
    exports,
    jobs,
    models,
    runs,
    schedules,
    system,
    tokens,
    watching,
)
from redspot_server.identity import Right


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: the only place where method, path, body, reply and right are written.

    Attributes
    ----------
    path
        Below ``api/``, with ``{name}`` parts.
    reply
        The dataclass that is sent; `Content` for bytes.
    body, query
        Pydantic models of what comes in; None for nothing.
    is_conditional
        Whether the endpoint function takes the header ``If-Match`` as `if_match`.
    """

    method: str
    path: str
    endpoint: Callable[..., Any]
    reply: Any
    right: Right
    summary: str
    body: type[given.Request] | None = None
    query: type[given.Request] | None = None
    status: int = 200
    is_conditional: bool = False

    @property
    def pattern(self) -> str:
        """The path as a regular expression."""
        return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)


READ, AUTHOR, ADMIN, PUBLIC = Right.READ, Right.AUTHOR, Right.ADMIN, Right.PUBLIC

ROUTES: tuple[Route, ...] = (
    Route("GET", "status", system.read_status, out.Status, READ, "What this installation is"),
    Route("GET", "instance-types", system.list_instance_types, out.Page[InstanceType], READ, "Instance types"),
    Route("GET", "images", system.list_images, out.Page[out.ImageSummary], READ, "Images"),
    Route("GET", "audit", system.list_audit, out.Page[out.AuditEntry], ADMIN, "Changes", query=given.ListQuery),
    Route("GET", "tokens", tokens.list_tokens, out.Page[Token], READ, "One's tokens"),
    Route("POST", "tokens", tokens.make_token, out.NewToken, AUTHOR, "Make a token", body=given.TokenIn, status=201),
    Route(
        "POST",
        "tokens/{token_id}/rotate",
        tokens.rotate_token,
        out.NewToken,
        AUTHOR,
        "Replace a token",
        body=given.RotationIn,
        status=201,
    ),
    Route("DELETE", "tokens/{token_id}", tokens.revoke_token, Token, AUTHOR, "End a token"),
    Route("GET", "models", models.list_models, out.Page[Model], READ, "Models", query=given.ListQuery),
    Route("GET", "models/{name}", models.read_model, Model, READ, "One model"),
    Route(
        "GET",
        "models/{name}/versions",
        models.list_versions,
        out.Page[Version],
        READ,
        "Versions of a model",
        query=given.ListQuery,
    ),
    Route(
        "POST",
        "models/{name}/versions",
        models.register_version,
        Version,
        AUTHOR,
        "Register a pipeline",
        body=given.VersionIn,
        status=201,
    ),
    Route(
        "PUT", "models/{name}/aliases/{alias}", models.set_alias, Model, AUTHOR, "Point an alias", body=given.AliasIn
    ),
    Route("GET", "versions/{ref}", models.read_version, Version, READ, "One version"),
    Route("GET", "versions/{ref}/pipeline", models.read_pipeline, Content, READ, "The pipeline file"),
    Route("GET", "versions/{ref}/notebook", models.read_notebook, Content, READ, "The notebook that made it"),
    Route("POST", "notebooks/inspect", jobs.inspect, NotebookFacts, READ, "Read a notebook", body=given.NotebookIn),
    Route("GET", "jobs", jobs.list_jobs, out.Page[Job], READ, "Jobs", query=given.ListQuery),
    Route("POST", "jobs", jobs.freeze, Job, AUTHOR, "Freeze a job", body=given.JobIn, status=201),
    Route("GET", "jobs/{job_id}", jobs.read_job, Job, READ, "One job"),
    Route("POST", "jobs/{job_id}/runs", jobs.start_run, Run, AUTHOR, "Start a run", body=given.RunIn, status=201),
    Route("GET", "runs", runs.list_runs, out.Page[Run], READ, "Runs", query=given.RunListQuery),
    Route("GET", "runs/{run_id}", runs.read_run, Run, READ, "One run"),
    Route("POST", "runs/{run_id}/cancel", runs.cancel_run, Run, AUTHOR, "Cancel a run"),
    Route("GET", "runs/{run_id}/notebook", runs.read_output, Content, READ, "The notebook as it ran"),
    Route("GET", "runs/{run_id}/html", runs.read_html, Content, READ, "The same as a page"),
    Route("GET", "runs/{run_id}/log", runs.read_log, out.LogTail, READ, "The end of its log"),
    Route(
        "GET",
        "schedules/preview",
        schedules.preview,
        out.FirePreview,
        READ,
        "Next firing times",
        query=given.PreviewQuery,
    ),
    Route("GET", "schedules", schedules.list_schedules, out.Page[Schedule], READ, "Schedules"),
    Route(
        "POST",
        "schedules",
        schedules.add_schedule,
        Schedule,
        AUTHOR,
        "Schedule a job",
        body=given.ScheduleIn,
        status=201,
    ),
    Route("GET", "schedules/{schedule_id}", schedules.read_schedule, Schedule, READ, "One schedule"),
    Route(
        "PATCH",
        "schedules/{schedule_id}",
        schedules.change_schedule,
        Schedule,
        AUTHOR,
        "Pause or resume",
        body=given.ScheduleChange,
    ),
    Route("GET", "endpoints", deployments.list_endpoints, out.Page[Endpoint], READ, "Endpoints"),
    Route("POST", "endpoints/plan", definitions.plan, EndpointPlan, READ, "Plan a definition", body=given.PlanIn),
    Route("GET", "endpoints/{name}", deployments.read_endpoint, Endpoint, READ, "One endpoint"),
    Route(
        "PATCH",
        "endpoints/{name}",
        deployments.change_endpoint,
        Endpoint,
        AUTHOR,
        "Start or stop",
        body=given.EndpointChange,
    ),
    Route(
        "GET", "endpoints/{name}/deployments", deployments.list_deployments, out.Page[Deployment], READ, "Deployments"
    ),
    Route(
        "GET",
        "endpoints/{name}/definition",
        definitions.read_definition,
        AppliedDefinition,
        READ,
        "The definition in force",
    ),
    Route(
        "PUT",
        "endpoints/{name}/definition",
        definitions.apply_definition,
        AppliedDefinition,
        AUTHOR,
        "Apply a definition",
        body=given.DefinitionIn,
        is_conditional=True,
    ),
    Route(
        "GET",
        "endpoints/{name}/export",
        exports.export_endpoint,
        Content,
        READ,
        "The same for a cluster",
        query=given.ExportQuery,
    ),
    Route(
        "GET",
        "endpoints/{name}/ledger",
        definitions.read_ledger,
        out.Ledger,
        READ,
        "What answered when",
        query=given.LedgerQuery,
    ),
    Route(
        "POST", "endpoints/{name}/rollback", definitions.roll_back, Endpoint, AUTHOR, "Roll back", body=given.RollbackIn
    ),
    Route("POST", "endpoints/{name}/promote", definitions.promote, Endpoint, AUTHOR, "Promote", body=given.WhyIn),
    Route("POST", "endpoints/{name}/abort", definitions.abort, Endpoint, AUTHOR, "Take back", body=given.WhyIn),
    Route(
        "GET",
        "endpoints/{name}/series",
        watching.read_series,
        Series,
        READ,
        "How an endpoint did over time",
        query=given.SeriesQuery,
    ),
    Route("GET", "endpoints/{name}/live", watching.read_now, out.EndpointNow, READ, "What an endpoint does now"),
    Route(
        "GET",
        "endpoints/{name}/signals",
        watching.list_signals_of,
        out.Page[EndpointSignal],
        READ,
        "What is wrong with an endpoint",
        query=given.RecentQuery,
    ),
    Route(
        "GET",
        "endpoints/{name}/drift",
        watching.list_reports,
        out.Page[MonitorReport],
        READ,
        "What its monitors found",
    ),
    Route(
        "GET",
        "endpoints/{name}/requests",
        watching.list_requests,
        out.RecentRequests,
        READ,
        "Its newest requests",
        query=given.RecentQuery,
    ),
    Route(
        "GET",
        "signals",
        watching.list_signals,
        out.Page[EndpointSignal],
        READ,
        "What is wrong with endpoints",
        query=given.RecentQuery,
    ),
    Route("POST", "endpoints/{name}/scale", definitions.scale, Endpoint, AUTHOR, "Bound replicas", body=given.ScaleIn),
    Route(
        "POST",
        "endpoints/{name}/deployments",
        deployments.deploy,
        Endpoint,
        AUTHOR,
        "Deploy a version",
        body=given.DeploymentIn,
        status=201,
    ),
    Route(
        "POST",
        "endpoints/{name}/predict",
        deployments.predict,
        out.Prediction,
        AUTHOR,
        "Try an endpoint",
        body=given.PredictIn,
    ),
)
