"""The Tornado application, made from the table of routes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.web import Application

from redspot_server.handlers import Host, Metrics, RedspotHandler, handler_for
from redspot_server.health import LiveHandler, MetricsHandler, ReadyHandler
from redspot_server.identity import Identity, Right
from redspot_server.live_stream import LiveStreamHandler
from redspot_server.mlflow.handler import mlflow_handlers
from redspot_server.openapi import OpenApiHandler
from redspot_server.routes import ROUTES, Route
from redspot_server.services import Services

MAX_BODY_BYTES = 128 * 1024 * 1024


class NotFoundHandler(RedspotHandler):
    """Whatever no route knows."""

    name = "unknown"
    right = Right.PUBLIC

    def prepare(self) -> None:
        """Answer 404 to every method."""
        super().prepare()
        self.write_error(404)


def make_app(services: Services, identity: Identity, prefix: str = "/", extra: list[Any] | None = None) -> Application:
    """Return the application.

    Parameters
    ----------
    prefix
        Path that everything is below, with a slash at both ends.
    extra
        Handlers of the host's own, such as a sign-in callback.
    """
    threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="endpoint")
    shared = {"host": Host(services, identity, Metrics(), threads)}
    by_path: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        by_path.setdefault(route.pattern, {})[route.method] = route
    handlers: list[Any] = [(f"{prefix}api/{path}", handler_for(routes), shared) for path, routes in by_path.items()]
    handlers += [
        *mlflow_handlers(prefix, shared),
        (f"{prefix}api/endpoints/([^/]+)/live/stream", LiveStreamHandler, shared),
        (f"{prefix}health/live", LiveHandler, shared),
        (f"{prefix}health/ready", ReadyHandler, shared),
        (f"{prefix}metrics", MetricsHandler, shared),
        (f"{prefix}openapi.json", OpenApiHandler, shared),
        *((path, handler, {**shared, **options}) for path, handler, options in extra or ()),
    ]
    return Application(handlers, default_handler_class=NotFoundHandler, default_handler_args=shared)
