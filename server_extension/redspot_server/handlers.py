"""From a route to a Tornado handler: authenticate, authorise, parse, call, answer. No endpoint knows HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar, cast
from urllib.parse import unquote

from prometheus_client import CollectorRegistry, Counter, Histogram
from pydantic import TypeAdapter, ValidationError
from tornado.web import HTTPError, RequestHandler

from redspot.errors import RedspotError
from redspot.ids import new_id
from redspot.serving.errors import MethodNotAllowedError
from redspot.stores import audit
from redspot_server.content import Content
from redspot_server.identity import Caller, Identity, Right
from redspot_server.problems import (
    RequestError,
    RouteNotFoundError,
    problem_of,
    request_error,
)
from redspot_server.routes import Route
from redspot_server.services import Services

_log = logging.getLogger("redspot.http")
request_id: ContextVar[str] = ContextVar("request_id", default="")

_SANDBOX = "sandbox allow-scripts"


class Metrics:
    """What the service counts about its own requests."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("redspot_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "redspot_request_seconds", "Time to answer, in seconds.", ("method", "route"), registry=self.registry
        )


@dataclass(frozen=True, slots=True)
class Host:
    """What every handler of one application shares."""

    services: Services
    identity: Identity
    metrics: Metrics
    threads: ThreadPoolExecutor


class RedspotHandler(RequestHandler):
    """Base of all handlers: problems instead of pages, and headers that keep browsers safe."""

    host: Host
    right: ClassVar[Right]
    name: ClassVar[str]

    def initialize(self, host: Host) -> None:
        """Take what the application shares."""
        self.host = host

    def prepare(self) -> None:
        """Give the request an id that logs, answers and problems carry."""
        self._began = time.perf_counter()
        self.request_id = new_id("q")
        request_id.set(self.request_id)
        self.set_header("X-Request-Id", self.request_id)

    def set_default_headers(self) -> None:
        """Send nothing that a browser could take for something else."""
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'self'")
        self.set_header("Cache-Control", "no-store")
        self.clear_header("Server")

    def write_problem(self, error: RedspotError) -> None:
        """Answer with a problem."""
        problem = problem_of(error, self.request_id)
        self.set_status(problem.status)
        self.set_header("X-Request-Id", self.request_id)  # Tornado has cleared the headers by now
        self.set_header("Content-Type", "application/problem+json")
        self.finish(encode(problem))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer Tornado's own errors, and those nobody expected, as problems too."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, RedspotError):
            self.write_problem(error)
        elif status_code == 404:
            self.write_problem(
                RouteNotFoundError(f"There is no {self.request.path}; see openapi.json for what exists.")
            )
        elif status_code == 405:
            self.write_problem(MethodNotAllowedError(f"{self.request.path} does not take {self.request.method}."))
        elif isinstance(error, HTTPError) and status_code < 500:
            self.write_problem(RequestError(error.log_message or error.reason or "The request cannot be read."))
        else:
            self.write_problem(
                RedspotError(f"Something went wrong inside Redspot; the log has request {self.request_id}.")
            )

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what nobody expected with its traceback, and nothing else."""
        if not isinstance(value, RedspotError | HTTPError):
            _log.error("request failed", exc_info=(typ, value, tb))

    def on_finish(self) -> None:
        """Count and log."""
        seconds = time.perf_counter() - self._began
        status, method = self.get_status(), self.request.method or ""
        self.host.metrics.requests.labels(method, self.name, str(status)).inc()
        self.host.metrics.seconds.labels(method, self.name).observe(seconds)
        _log.info(
            "%s %s %d",
            method,
            self.request.path,
            status,
            extra={"request": self.request_id, "ms": round(seconds * 1000, 2)},
        )


@lru_cache(maxsize=256)
def _cached_adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("Any", kind))


def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """Return pydantic's adapter of a reply type."""
    return _cached_adapter(kind)


def encode(value: Any) -> bytes:
    """Return a dataclass as JSON."""
    return adapter_of(type(value)).dump_json(value)


class RouteHandler(RedspotHandler):
    """Answers one path; `routes` has its methods."""

    routes: ClassVar[dict[str, Route]]
    _etag: str | None = None

    async def _answer(self, **parts: str) -> None:
        route = self.routes.get(self.request.method or "")
        if route is None:
            raise HTTPError(405)
        self.name = route.path  # type: ignore[misc] # the metrics' label of this one request
        caller = await self.host.identity.identify(self)
        caller.require(route.right)
        arguments: dict[str, Any] = {name: unquote(value) for name, value in parts.items()}
        if route.body is not None:
            arguments["body"] = self._parse_body(route)
        if route.query is not None:
            arguments["query"] = self._parse_query(route)
        if route.is_conditional:
            arguments["if_match"] = self.request.headers.get("If-Match")
        reply = await self._call(route, caller, arguments)
        self._etag = getattr(reply, "etag", None)
        self.set_status(route.status)
        if isinstance(reply, Content):
            self._send_content(reply)
        else:
            self.set_header("Content-Type", "application/json")
            if self._etag:
                self.set_header("Etag", self._etag)
            self.finish(adapter_of(route.reply).dump_json(reply))

    get = post = put = patch = delete = _answer

    def compute_etag(self) -> str | None:
        """Return the reply's own entity tag; a hash of the answer where it has none."""
        return self._etag or super().compute_etag()

    async def _call(self, route: Route, caller: Caller, arguments: dict[str, Any]) -> Any:
        audit.how.set(caller.how)
        run = partial(copy_context().run, route.endpoint, self.host.services, caller, **arguments)
        return await asyncio.get_running_loop().run_in_executor(self.host.threads, run)

    def _parse_body(self, route: Route) -> Any:
        try:
            body = json.loads(self.request.body or b"{}")
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise RequestError(f"The body is not JSON: {error}.") from None
        return self._validate(route.body, body)

    def _parse_query(self, route: Route) -> Any:
        return self._validate(
            route.query, {name: self.get_query_argument(name) for name in self.request.query_arguments}
        )

    def _validate(self, kind: Any, value: Any) -> Any:
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            raise request_error(error) from None

    def _send_content(self, content: Content) -> None:
        self.set_header("Content-Type", content.media_type)
        self.set_header("Content-Security-Policy", f"{_SANDBOX}; default-src 'self' 'unsafe-inline' data: blob:")
        disposition = "inline" if content.inline else "attachment"
        name = content.file_name.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_")
        self.set_header("Content-Disposition", f'{disposition}; filename="{name}"')
        self.finish(content.data)


def handler_for(routes: dict[str, Route]) -> type[RouteHandler]:
    """Return a handler class of its own for the routes of one path."""
    path = next(iter(routes.values())).path
    return type("RouteHandler_" + path.replace("/", "_"), (RouteHandler,), {"routes": routes, "name": path})
