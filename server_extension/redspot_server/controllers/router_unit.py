"""The router's unit: one per installation, adopted by every next service."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx

from redspot.compute.unit import UnitKind, UnitPhase, UnitStatus
from redspot.config import Config
from redspot.registry.endpoint import EndpointAnswerError, EndpointUnavailableError
from redspot_server.controllers.kept_unit import KeptUnit, newest_unit
from redspot_server.services import Services

SERVICE_CALLER = "redspot-service"  # as the router knows the service
BASE_URL = "/services/redspot-router/"  # where a hub finds it; requests without it are answered too
_TIMEOUT_S = 30.0


def router_unit(services: Services) -> KeptUnit:
    """Return what keeps one router running; a new port or address replaces it."""
    return KeptUnit(services, UnitKind.ROUTER, router_argv)


def router_argv(services: Services) -> tuple[str, ...]:
    """Return the router's command line."""
    config = services.config
    argv = [sys.executable, "-m", "redspot.serving.router", "--snapshot", str(config.snapshot_file)]
    argv += ["--host", config.router_host, "--port", str(config.router_port)]
    return (*argv, "--base-url", BASE_URL, "--ready-file", str(ready_file(config)))


def ready_file(config: Config) -> Path:
    """Return where the router says that it listens, and as which process."""
    return config.state_dir / "router-ready.json"


def newest_router(services: Services) -> UnitStatus | None:
    """Return the router that was started last, as it is now."""
    return newest_unit(services, UnitKind.ROUTER)


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
