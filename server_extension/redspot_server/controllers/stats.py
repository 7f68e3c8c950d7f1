"""What router and replicas count, read into the domain's figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from redspot.registry.figures import ArmFigures, LabelScores, NumberScores, Scores
from redspot_server.controllers.router_unit import own_token
from redspot_server.services import Services

_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class EndpointStats:
    """What the router counts of one endpoint.

    Attributes
    ----------
    held
        Requests that wait for a replica now.
    requests
        Of all its arms and held ones, since the router started.
    arms, in_flight
        By id of the deployment.
    under_way
        Requests under way now, those that wait included.
    refused
        Requests that no replica answered, since the router started.
    """

    held: int
    requests: int
    arms: Mapping[str, ArmFigures]
    in_flight: Mapping[str, int]
    under_way: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class RouterStats:
    """What the router counts, since it started at `started_at` (seconds since 1970)."""

    started_at: float
    endpoints: Mapping[str, EndpointStats]


def read_router_stats(services: Services) -> RouterStats | None:
    """Ask the router; None while it does not answer."""
    config = services.config
    url = f"http://{config.router_host}:{config.router_port}/stats"
    headers = {"Authorization": f"Bearer {own_token(services)}"}
    try:
        answer = httpx.get(url, headers=headers, timeout=_TIMEOUT_S, trust_env=False)
    except httpx.HTTPError:
        return None  # it starts, or its port is another program's; the router's own controller says so
    # Before its first table the router knows nobody.
    return router_stats_of(answer.json()) if answer.status_code == 200 else None


def router_stats_of(content: Mapping[str, Any]) -> RouterStats:
    """Read the router's ``/stats``."""
    return RouterStats(
        float(content["started_at"]), {name: _endpoint(each) for name, each in content["endpoints"].items()}
    )


def scores_of(content: Mapping[str, Any]) -> dict[str, Scores]:
    """Read a replica's ``/stats``."""
    scores: dict[str, Scores] = {}
    for name, each in content["scores"].items():
        if each["kind"] == "number":
            scores[name] = NumberScores(tuple(map(float, each["edges"])), tuple(map(float, each["counts"])))
        elif each["kind"] == "label":
            scores[name] = LabelScores({label: float(count) for label, count in each["counts"].items()})
    return scores


def _endpoint(content: Mapping[str, Any]) -> EndpointStats:
    arms = content["arms"]
    return EndpointStats(
        content["held"],
        content["requests"],
        {name: _arm(each) for name, each in arms.items()},
        {name: each["in_flight"] for name, each in arms.items()},
        content["in_flight"],
        content["refused"],
    )


def _arm(content: Mapping[str, Any]) -> ArmFigures:
    buckets, shadow = content["latency_buckets"], content.get("shadow") or {}
    return ArmFigures(
        content["requests"],
        content["errors"],
        tuple(map(float, buckets["le_ms"])),
        tuple(buckets["counts"]),
        shadow.get("compared", 0),
        shadow.get("equal", 0),
        shadow.get("errors", 0),
        client_errors=content["client_errors"],
    )
