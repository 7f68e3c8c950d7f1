"""The router's unit: one per installation, adopted by every next service."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from redspot_productionize.runner import unit_environment

from redspot.compute.unit import Limits, UnitKind, UnitNotFoundError, UnitPhase, UnitSpec, UnitStatus
from redspot.config import Config
from redspot.registry.endpoint import EndpointAnswerError, EndpointUnavailableError
from redspot_server.services import Services

BASE_URL = "/services/redspot-router/"  # where a hub finds it; requests without it are answered too
_PREFIX = "router-"
_RETRY_S = 5.0
_TIMEOUT_S = 30.0


class RouterUnit:
    """Keeps exactly one router running; a new port or address replaces it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._failed_at: float | None = None

    def step(self) -> None:
        """Adopt the router that runs, or start one."""
        newest = newest_router(self._services)
        argv = router_argv(self._services)
        mark = hashlib.sha256(json.dumps(argv).encode()).hexdigest()[:8]
        if newest is not None and newest.phase in (UnitPhase.STARTING, UnitPhase.RUNNING):
            if newest.unit_id.endswith(mark):
                return
            self._services.backend.stop(newest.unit_id)
        elif newest is not None and self._must_wait():
            return
        number = _number(newest.unit_id) + 1 if newest else 1
        folder = self._services.config.work_dir / "router"
        self._services.backend.start(
            UnitSpec(
                f"{_PREFIX}{number}-{mark}",
                UnitKind.ROUTER,
                argv,
                folder,
                unit_environment(folder),
                Limits(),
                "redspot",
            )
        )
        for unit_id in router_ids(self._services)[:-3]:
            self._services.backend.forget(unit_id)

    def _must_wait(self) -> bool:
        """Return whether the last start failed a moment ago, for instance because the port is taken."""
        now = time.monotonic()
        if self._failed_at is None:
            self._failed_at = now
        if now - self._failed_at < _RETRY_S:
            return True
        self._failed_at = None
        return False


def router_argv(services: Services) -> tuple[str, ...]:
    """Return the router's command line."""
    config = services.config
    argv = [sys.executable, "-m", "redspot.serving.router", "--snapshot", str(config.snapshot_file)]
    argv += ["--host", config.router_host, "--port", str(config.router_port)]
    return (*argv, "--base-url", BASE_URL, "--ready-file", str(ready_file(config)))


def ready_file(config: Config) -> Path:
    """Return where the router says that it listens, and as which process."""
    return config.state_dir / "router-ready.json"


def _number(unit_id: str) -> int:
    return int(unit_id.split("-")[1])


def router_ids(services: Services) -> list[str]:
    """Return the routers' unit ids, oldest first."""
    return sorted((unit for unit in services.backend.unit_ids() if unit.startswith(_PREFIX)), key=_number)


def newest_router(services: Services) -> UnitStatus | None:
    """Return the router that was started last, as it is now."""
    ids = router_ids(services)
    try:
        return services.backend.observe(ids[-1]) if ids else None
    except UnitNotFoundError:
        return None


def router_is_up(services: Services) -> bool:
    """Return whether our router listens; another program on its port does not count."""
    newest = newest_router(services)
    if newest is None or newest.phase is not UnitPhase.RUNNING:
        return False
    try:
        ready = json.loads(ready_file(services.config).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return False  # not listening yet
    return bool(ready["pid"] == newest.pid)


def router_problem(services: Services) -> str:
    """Return the last line the router logged when it is not up; empty when it is."""
    newest = newest_router(services)
    if newest is None:
        return "It has not been started yet."
    if router_is_up(services):
        return ""
    lines = services.backend.log_tail(newest.unit_id, max_bytes=4096).strip().splitlines()
    return lines[-1] if lines else f"It is {newest.phase}."


def own_token(services: Services) -> str:
    """Return the token that the service itself calls endpoints with."""
    return services.secret_of("router-caller")


def ask_endpoint(services: Services, name: str, path: str, body: Any) -> Any:
    """Send JSON to an endpoint through the router, as any caller does, and return the answer's JSON.

    Raises
    ------
    EndpointUnavailableError
        When the router is down.
    EndpointAnswerError
        When the endpoint says no; with its own sentence.
    """
    if not router_is_up(services):
        raise EndpointUnavailableError(f"The router does not answer: {router_problem(services)}", endpoint=name)
    config = services.config
    url = f"http://{config.router_host}:{config.router_port}/endpoints/{name}{path}"
    try:
        answer = httpx.post(
            url,
            json=body,
            headers={"Authorization": f"Bearer {own_token(services)}"},
            timeout=_TIMEOUT_S,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        reason = router_problem(services) or str(error)
        raise EndpointUnavailableError(f"The router does not answer: {reason}", endpoint=name) from error
    if answer.status_code != 200:
        try:
            problem = answer.json()
        except ValueError:
            problem = {}
        detail = problem.get("detail") or problem.get("error") or f"status {answer.status_code}"
        raise EndpointAnswerError(str(detail), endpoint=name, status=answer.status_code)
    return answer.json()
