"""What the router answers: who may call, which replica is asked, and its own health and metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

from redspot.errors import RedspotError, UnauthenticatedError, UnavailableError
from redspot.registry.endpoint import EndpointNotFoundError, EndpointState, EndpointUnavailableError
from redspot.serving.answer import Answer, Request, json_answer, problem
from redspot.serving.errors import (
    EndpointForbiddenError,
    EndpointStoppedError,
    MethodNotAllowedError,
    PathNotFoundError,
)
from redspot.serving.exposition import merge_expositions
from redspot.serving.forwarding import METHODS, render_request, trace_of
from redspot.serving.metrics import RouterMetrics
from redspot.serving.signature import CALLER_HEADER, SECRET_HEADER
from redspot.serving.snapshot import CallerEntry, token_hash
from redspot.serving.table import Replica, Route, Table
from redspot.serving.trial import trial_page
from redspot.serving.upstream import NotConnectedError

# What users made must not run in a page of ours, wherever it is opened.
SAFETY_HEADERS = (
    ("Content-Security-Policy", "sandbox"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)


class Routing:
    """Answers with the replicas of a table.

    Parameters
    ----------
    base_path
        Prefix that a proxy in front may leave on the path; requests without it are served as well.
    """

    def __init__(self, table: Table, base_path: str) -> None:
        self._table = table
        self._prefix = base_path.rstrip("/")
        self._metrics = RouterMetrics()

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer one request."""
        path = request.path
        if self._prefix and path.startswith(self._prefix + "/"):
            path = path[len(self._prefix) :]
        if path.startswith("/endpoints/"):
            name, slash, rest = path[len("/endpoints/") :].partition("/")
            if not rest and request.method in ("GET", "HEAD"):
                # The same for any name, so that it tells strangers nothing.
                return trial_page()
            return self._call(request, name, slash + rest)
        match path:
            case "/health/live":
                return json_answer({"live": True})
            case "/health/ready":
                return self._ready()
            case "/metrics":
                self._caller(request)
                self._metrics.generation.set(self._table.generation or 0)
                return self._metrics.render()
        raise PathNotFoundError(
            f"Nothing answers at {request.path!r}; there is /endpoints/<name>/…, /health/live, /health/ready, /metrics."
        )

    def _ready(self) -> Answer:
        table = self._table
        is_ready = table.generation is not None
        body = {"ready": is_ready, "generation": table.generation, "snapshot_problem": table.problem or None}
        return json_answer(body, 200 if is_ready else 503)

    async def _call(self, request: Request, name: str, path: str) -> Answer:
        begun = time.perf_counter()
        try:
            caller = self._caller(request)
            route = self._route(caller, name)
            answer = await self._ask(request, route, name, path, caller)
        except RedspotError as error:
            answer = problem(error)
        # A name that somebody made up must not become a series of its own.
        self._metrics.note(name if name in self._table.routes else "", answer.status, begun)
        return answer

    def _caller(self, request: Request) -> CallerEntry:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        caller = self._table.callers.get(token_hash(token.strip())) if scheme.lower() in ("bearer", "token") else None
        if caller is None:
            raise UnauthenticatedError(
                "No valid token was sent: make one on Redspot's page under 'Tokens' (or with `redspot token`) and send"
                " it as 'Authorization: Bearer <token>'."
            )
        return caller

    def _route(self, caller: CallerEntry, name: str) -> Route:
        route = self._table.routes.get(name)
        if route is None:
            allowed = [known for known in sorted(self._table.routes) if _may_call(caller, known)]
            listed = ", ".join(allowed) or "none"
            raise EndpointNotFoundError(f"There is no endpoint {name!r}; those you may call: {listed}.", endpoint=name)
        if not _may_call(caller, name):
            raise EndpointForbiddenError(f"This token may not call endpoint {name!r}.", endpoint=name)
        if route.state is EndpointState.STOPPED:
            raise EndpointStoppedError(f"Endpoint {name!r} is stopped; its owner can start it again.", endpoint=name)
        return route

    async def _ask(self, request: Request, route: Route, name: str, path: str, caller: CallerEntry) -> Answer:
        if request.method not in METHODS:
            raise MethodNotAllowedError(f"An endpoint answers GET, HEAD and POST, not {request.method}.")
        if path == "/metrics" and request.method == "GET" and len(route.replicas) > 1:
            return await self._ask_all(request, route, path, caller)
        target = f"{path or '/'}?{request.query}" if request.query else path or "/"
        trace = trace_of(request.headers)
        for replica in route.in_turn():
            try:
                return await _exchange(request, replica, target, caller, trace)
            except NotConnectedError:
                # Nothing was sent: the next one may be asked.
                continue
        raise EndpointUnavailableError(f"Endpoint {name!r} has no replica that can answer now.", endpoint=name)

    async def _ask_all(self, request: Request, route: Route, path: str, caller: CallerEntry) -> Answer:
        """Return the metrics of all replicas that can be reached: each counts only its own requests."""
        trace = trace_of(request.headers)
        asking = (_exchange(request, replica, path, caller, trace) for replica in route.replicas)
        answers = await asyncio.gather(*asking, return_exceptions=True)
        texts: dict[str, str] = {}
        content_type = "text/plain"
        for number, (replica, answer) in enumerate(zip(route.replicas, answers, strict=True)):
            if isinstance(answer, Answer) and answer.status == 200:
                texts[f"{replica.entry.deployment_id}-{number}"] = answer.body.decode()
                content_type = answer.content_type
            elif isinstance(answer, BaseException) and not isinstance(answer, UnavailableError):
                raise answer
        return Answer(200, merge_expositions(texts).encode(), content_type)


async def _exchange(request: Request, replica: Replica, target: str, caller: CallerEntry, trace: str) -> Answer:
    ours = (
        (SECRET_HEADER, replica.entry.secret),
        (CALLER_HEADER, replica.signed(caller.name)),
        ("Traceparent", trace),
    )
    message = render_request(request.method, target, request.headers, request.body, ours)
    return await replica.upstream.exchange(message, is_head=request.method == "HEAD")


def _may_call(caller: CallerEntry, endpoint: str) -> bool:
    return caller.endpoints is None or endpoint in caller.endpoints
