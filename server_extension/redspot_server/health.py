"""Liveness, readiness and metrics: for probes, without identity."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from redspot.contracts.replies import Check, Health
from redspot_server.handlers import RedspotHandler, encode
from redspot_server.identity import Right
from redspot_server.services import Services

LEASE = "controllers"


def check_health(services: Services) -> Health:
    """Return whether every part that the service needs answers."""
    checks = (
        _check("database", services.database.check),
        _check("artifacts", services.artifacts.check),
        _check("leases", lambda: _someone_holds(services)),
    )
    return Health(all(check.ok for check in checks), checks)


def _someone_holds(services: Services) -> None:
    if services.leases.holder(LEASE) is None:
        raise RuntimeError("no service holds the controllers' lease: schedules do not fire")


def _check(name: str, probe: Callable[[], None]) -> Check:
    try:
        probe()
    except Exception as error:
        return Check(name, False, f"{type(error).__name__}: {error}")
    return Check(name, True, "")


class LiveHandler(RedspotHandler):
    """Whether the process answers at all."""

    name = "health/live"
    right = Right.PUBLIC

    def get(self) -> None:
        """Answer."""
        self._send(Health(True, ()))

    def _send(self, health: Health) -> None:
        self.set_status(200 if health.ok else 503)
        self.set_header("Content-Type", "application/json")
        self.finish(encode(health))


class ReadyHandler(LiveHandler):
    """Whether it can do its work."""

    name = "health/ready"

    async def get(self) -> None:  # type: ignore[override] # Tornado awaits either
        """Check every part."""
        loop = asyncio.get_running_loop()
        self._send(await loop.run_in_executor(self.host.threads, check_health, self.host.services))


class MetricsHandler(RedspotHandler):
    """Prometheus's text format."""

    name = "metrics"
    right = Right.READ

    async def get(self) -> None:
        """Send the counters to those who may read."""
        (await self.host.identity.identify(self)).require(self.right)
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(self.host.metrics.registry))
