"""What the router answers: who may call, which replica is asked, and its own health and metrics."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Any

from redspot.errors import RedspotError, UnauthenticatedError
from redspot.registry.endpoint import EndpointNotFoundError, EndpointState, EndpointUnavailableError
from redspot.serving.answer import Answer, Request, json_answer, problem
from redspot.serving.asking import WATCHING, ask, ask_all
from redspot.serving.cors import is_preflight, preflight, with_origin
from redspot.serving.errors import (
    EndpointBusyError,
    EndpointForbiddenError,
    EndpointStoppedError,
    MethodNotAllowedError,
    PathNotFoundError,
    RateLimitedError,
    StatsForbiddenError,
    TokenExpiredError,
)
from redspot.serving.forwarding import METHODS
from redspot.serving.rates import Rates
from redspot.serving.route import Route
from redspot.serving.router_metrics import RouterMetrics
from redspot.serving.snapshot import CallerEntry, token_hash
from redspot.serving.table import Table
from redspot.serving.trial import trial_page

SERVICE = "redspot-service"

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
        self._started_at = time.time()
        self._metrics = RouterMetrics(table)
        self._rates = Rates()
        table.on_change = lambda: self._rates.keep(table.callers)

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
                return self._metrics.render()
            case "/stats":
                return self._stats(request)
        raise PathNotFoundError(
            f"Nothing answers at {request.path!r}; there is /endpoints/<name>/…, /health/live, /health/ready, /metrics,"
            " /stats."
        )

    def _ready(self) -> Answer:
        table = self._table
        is_ready = table.generation is not None
        body = {"ready": is_ready, "generation": table.generation, "snapshot_problem": table.problem or None}
        return json_answer(body, 200 if is_ready else 503)

    def _stats(self, request: Request) -> Answer:
        """Return what was counted, for the service that decides by it."""
        if self._caller(request)[1].name != SERVICE:
            raise StatsForbiddenError("Only Redspot's service reads what the router has counted.")
        told: dict[str, Any] = {name: route.tally.told() for name, route in self._table.routes.items()}
        return json_answer({"started_at": self._started_at, "generation": self._table.generation, "endpoints": told})

    async def _call(self, request: Request, name: str, path: str) -> Answer:
        known = self._table.routes.get(name)
        origins = () if known is None else known.entry.cors_origins
        if origins and is_preflight(request) and (allowed := preflight(request, origins)) is not None:
            return allowed
        deployment_id = ""
        try:
            digest, caller = self._caller(request)
            route = self._route(caller, name)
            answer, deployment_id = await self._admitted(request, route, path, digest, caller)
        except RedspotError as error:
            answer = problem(error)
        if known is None:
            # A name that somebody made up must not become a series of its own.
            self._metrics.note_unknown(answer.status)
        else:
            known.tally.note(deployment_id, answer.status)
        return with_origin(answer, request, origins) if origins else answer

    async def _admitted(
        self, request: Request, route: Route, path: str, digest: str, caller: CallerEntry
    ) -> tuple[Answer, str]:
        """Return the answer to a request that may be asked, and the deployment that gave it."""
        if request.method not in METHODS:
            raise MethodNotAllowedError(f"An endpoint answers GET, HEAD and POST, not {request.method}.")
        tally, limit = route.tally, route.entry.max_in_flight
        is_counted = path not in WATCHING
        tally.requests += is_counted
        try:
            if limit is not None and is_counted and tally.in_flight >= limit:
                raise EndpointBusyError(
                    f"Endpoint {route.name!r} has {limit} requests under way; send this one again later.",
                    endpoint=route.name,
                    retry_after_s=1,
                )
            self._rates.take(digest, caller)
            tally.in_flight += is_counted
            try:
                if path == "/metrics" and request.method == "GET" and len(route.replicas) > 1:
                    return await ask_all(request, route, path, caller.name), ""
                return await ask(request, route, path, caller.name)
            finally:
                tally.in_flight -= is_counted
        except RateLimitedError:
            tally.limited += is_counted
            tally.refused += is_counted
            raise
        except (EndpointBusyError, EndpointUnavailableError):
            tally.refused += is_counted
            raise

    def _caller(self, request: Request) -> tuple[str, CallerEntry]:
        """Return the digest of the token that was sent, and whose it is."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        digest = token_hash(token.strip()) if scheme.lower() in ("bearer", "token") else ""
        caller = self._table.callers.get(digest)
        if caller is None:
            raise UnauthenticatedError(
                "No valid token was sent: make one on Redspot's page under 'Tokens' (or with `redspot token`) and send"
                " it as 'Authorization: Bearer <token>'."
            )
        if caller.expires_at is not None and caller.expires_at <= time.time():
            raise TokenExpiredError(
                "This token has expired: make another on Redspot's page under 'Tokens' (or with `redspot token`)."
            )
        return digest, caller

    def _route(self, caller: CallerEntry, name: str) -> Route:
        route = self._table.routes.get(name)
        if route is None:
            allowed = [known for known in sorted(self._table.routes) if _may_call(caller, known)]
            listed = ", ".join(allowed) or "none"
            raise EndpointNotFoundError(f"There is no endpoint {name!r}; those you may call: {listed}.", endpoint=name)
        if not _may_call(caller, name):
            raise EndpointForbiddenError(f"This token may not call endpoint {name!r}.", endpoint=name)
        if route.entry.state is EndpointState.STOPPED:
            raise EndpointStoppedError(f"Endpoint {name!r} is stopped; its owner can start it again.", endpoint=name)
        return route


def _may_call(caller: CallerEntry, endpoint: str) -> bool:
    return caller.endpoints is None or endpoint in caller.endpoints
