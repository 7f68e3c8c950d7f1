"""The typed client of the Redspot service, over its socket or over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from redspot.client.endpoints import EndpointCalls
from redspot.contracts.replies import Health, Page, Status
from redspot.contracts.requests import JobIn, RunIn, ScheduleIn, VersionIn
from redspot.errors import RedspotError, UnavailableError
from redspot.jobs.job import Job, Schedule
from redspot.jobs.run import Run
from redspot.registry.model import Model, Version

T = TypeVar("T")


class ServiceUnreachableError(UnavailableError):
    """No Redspot service answers."""

    code = "service-unreachable"


class ServiceProblemError(RedspotError):
    """The service answered with a problem; `code` is the service's."""

    def __init__(self, code: str, message: str, status: int, facts: Mapping[str, Any]) -> None:
        super().__init__(message, **facts)
        self.code = code  # type: ignore[misc] # this one error stands for every code of the service
        self.status = status


class WaitTimeoutError(UnavailableError):
    """What was waited for did not happen in time."""

    code = "wait-timeout"


class ServiceClient(EndpointCalls):
    """Calls the service; close it, or use it in a ``with`` block.

    Parameters
    ----------
    base_url
        The service's address, e.g. ``http://127.0.0.1:10101/services/redspot/``; ignored host with a socket.
    socket
        The service's Unix socket.
    token
        Sent as ``Authorization``; the socket needs none.
    """

    def __init__(
        self, base_url: str = "http://redspot/", *, socket: Path | None = None, token: str = "", timeout_s: float = 60.0
    ) -> None:
        transport = httpx.HTTPTransport(uds=str(socket)) if socket else None
        headers = {"Authorization": f"token {token}"} if token else {}
        self._where = str(socket or base_url)
        self._http = httpx.Client(
            base_url=base_url, transport=transport, headers=headers, timeout=timeout_s, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request below ``api/`` and return the answer.

        Raises
        ------
        ServiceUnreachableError
            When nothing answers.
        ServiceProblemError
            When the service says no.
        """
        try:
            answer = self._http.request(
                method,
                f"api/{path}",
                content=body.model_dump_json() if body is not None else None,
                headers={**({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})},
                params={name: value for name, value in (query or {}).items() if value is not None},
            )
        except httpx.HTTPError as error:
            raise ServiceUnreachableError(
                f"No Redspot service answers at {self._where} ({error}): start JupyterLab, a hub or `redspot service`.",
                where=self._where,
            ) from error
        if answer.is_error:
            raise _problem(answer)
        return answer

    def call(
        self,
        reply: type[T],
        method: str,
        path: str,
        *,
        body: BaseModel | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Send one request and return the answer as `reply`."""
        answer = self.send(method, path, body=body, query=query, headers=headers)
        made: T = TypeAdapter(reply).validate_json(answer.content)
        return made

    def status(self) -> Status:
        """Return what the installation is."""
        return self.call(Status, "GET", "status")

    def ready(self) -> Health:
        """Return the readiness checks."""
        answer = self._http.get("health/ready")
        return TypeAdapter(Health).validate_json(answer.content)

    def models(self) -> tuple[Model, ...]:
        """Return the models by name."""
        return self.call(Page[Model], "GET", "models", query={"limit": 500}).items

    def versions(self, name: str) -> tuple[Version, ...]:
        """Return a model's versions, newest first."""
        return self.call(Page[Version], "GET", f"models/{quote(name, safe='')}/versions", query={"limit": 500}).items

    def register_notebook(self, model: str, notebook: Mapping[str, Any]) -> Version:
        """Register a notebook whose cells tagged ``endpoint`` define ``predict(payload)`` as the next version."""
        body = VersionIn(notebook=dict(notebook))
        return self.call(Version, "POST", f"models/{quote(model, safe='')}/versions", body=body)

    def version(self, ref: str) -> Version:
        """Return one version: ``name@7``, ``name@alias`` or ``name@latest``."""
        return self.call(Version, "GET", f"versions/{quote(ref, safe='')}")

    def pipeline_file(self, ref: str) -> bytes:
        """Return the pipeline file of a version."""
        return self.send("GET", f"versions/{quote(ref, safe='')}/pipeline").content

    def export(self, name: str, *, to: str, image: str = "", gateway: str = "") -> str:
        """Return an endpoint as YAML for ``kubernetes`` or ``kserve``; empty texts are the installation's own."""
        query = {"to": to, "image": image or None, "gateway": gateway or None}
        return self.send("GET", f"endpoints/{quote(name, safe='')}/export", query=query).text

    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs, newest first."""
        return self.call(Page[Job], "GET", "jobs", query={"limit": 500}).items

    def freeze(self, job: JobIn) -> Job:
        """Freeze a job."""
        return self.call(Job, "POST", "jobs", body=job)

    def start_run(self, job_id: str, values: Mapping[str, Any] | None = None) -> Run:
        """Start a run."""
        return self.call(Run, "POST", f"jobs/{quote(job_id, safe='')}/runs", body=RunIn(values=dict(values or {})))

    def runs(self, *, job_id: str | None = None, limit: int = 100) -> tuple[Run, ...]:
        """Return runs, newest first."""
        return self.call(Page[Run], "GET", "runs", query={"job_id": job_id, "limit": limit}).items

    def run(self, run_id: str) -> Run:
        """Return one run."""
        return self.call(Run, "GET", f"runs/{quote(run_id, safe='')}")

    def cancel(self, run_id: str) -> Run:
        """Cancel a run."""
        return self.call(Run, "POST", f"runs/{quote(run_id, safe='')}/cancel")

    def run_output(self, run_id: str, what: str) -> bytes:
        """Return ``notebook`` or ``html`` of a run."""
        return self.send("GET", f"runs/{quote(run_id, safe='')}/{what}").content

    def run_log(self, run_id: str) -> str:
        """Return the end of a run's log."""
        return str(self.send("GET", f"runs/{quote(run_id, safe='')}/log").json()["text"])

    def schedules(self) -> tuple[Schedule, ...]:
        """Return the schedules, newest first."""
        return self.call(Page[Schedule], "GET", "schedules").items

    def add_schedule(self, job_id: str, cron: str, time_zone: str) -> Schedule:
        """Schedule a job."""
        return self.call(Schedule, "POST", "schedules", body=ScheduleIn(job_id=job_id, cron=cron, time_zone=time_zone))

    def schedule(self, schedule_id: str) -> Schedule:
        """Return one schedule."""
        return self.call(Schedule, "GET", f"schedules/{quote(schedule_id, safe='')}")

    def set_schedule_active(self, schedule_id: str, *, active: bool) -> Schedule:
        """Pause or resume a schedule."""
        from redspot.contracts.requests import ScheduleChange

        path = f"schedules/{quote(schedule_id, safe='')}"
        return self.call(Schedule, "PATCH", path, body=ScheduleChange(active=active))

    def wait(
        self, look: Callable[[], T], done: Callable[[T], bool], *, timeout_s: float, what: str, pause_s: float = 0.2
    ) -> T:
        """Look again and again until `done`, and return what was seen (WaitTimeoutError)."""
        deadline = time.monotonic() + timeout_s
        while True:
            seen = look()
            if done(seen):
                return seen
            if time.monotonic() > deadline:
                raise WaitTimeoutError(f"{what} did not happen within {timeout_s:.0f} seconds; last seen: {seen}.")
            time.sleep(pause_s)


def _problem(answer: httpx.Response) -> ServiceProblemError:
    try:
        problem = answer.json()
        return ServiceProblemError(problem["code"], problem["detail"], answer.status_code, problem.get("facts") or {})
    except (ValueError, KeyError, TypeError):
        text = answer.text[:200]
        return ServiceProblemError(
            "not-a-problem", f"Unexpected answer {answer.status_code}: {text}", answer.status_code, {}
        )
