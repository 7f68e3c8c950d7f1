"""The sampler: what endpoints do, kept as a series."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from redspot.registry.deployment import Deployment, ReplicaState
from redspot.registry.endpoint import ArmRole, EndpointState
from redspot.registry.figures import ArmFigures, Observation
from redspot.registry.histogram import added_bins
from redspot.registry.series import Sample
from redspot.registry.standing import Standing
from redspot_server.controllers.stats import EndpointStats, RouterStats, read_router_stats
from redspot_server.services import Services

SAMPLE_S = 10.0


class Sampler:
    """Takes what the router has counted since the last look.

    After a restart of the service the first look is only remembered: nobody knows what was told before.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._before: tuple[datetime, RouterStats] | None = None

    def step(self) -> None:
        """Look once."""
        stats, now = read_router_stats(self._services), self._services.clock.now()
        before, self._before = self._before, None if stats is None else (now, stats)
        if stats is None or before is None:
            return
        seconds = (now - before[0]).total_seconds()
        standings = self._services.endpoints.standings()
        samples = [
            sample
            for standing in standings
            if standing.state is EndpointState.LIVE
            for sample in samples_of(standing, stats, before[1], before[0], seconds)
        ]
        if samples:
            self._services.watched.add_samples(samples)


def samples_of(
    standing: Standing, stats: RouterStats, before: RouterStats, at: datetime, seconds: float
) -> Iterator[Sample]:
    """Return what was counted of an endpoint between two looks: of the whole first, then of each deployment.

    Parameters
    ----------
    at, seconds
        The first look, and the time between the two.
    """
    now, is_same = stats.endpoints.get(standing.name), stats.started_at == before.started_at
    old = before.endpoints.get(standing.name) if is_same else None
    figures = _since(now, old, stats, before, at)
    live = [each for each in standing.deployments if each.role is ArmRole.LIVE]
    answered = [figures.get(each.id, ArmFigures()) for each in live]
    yield Sample(
        standing.name,
        "",
        "",
        at,
        seconds,
        (now.requests if now else 0) - (old.requests if old else 0),
        sum(each.errors for each in answered),
        sum(each.client_errors for each in answered),
        (now.refused if now else 0) - (old.refused if old else 0),
        added_bins(each.bins for each in answered),
        now.under_way if now else 0,
        now.held if now else 0,
        sum(ready_replicas(standing, each) for each in live),
        sum(each.replicas for each in live),
        1.0,
    )
    for each in standing.deployments:
        counted = figures.get(each.id, ArmFigures())
        yield Sample(
            standing.name,
            each.id,
            str(each.ref),
            at,
            seconds,
            counted.requests,
            counted.errors,
            counted.client_errors,
            0,
            counted.bins,
            now.in_flight.get(each.id, 0) if now else 0,
            0,
            ready_replicas(standing, each),
            each.replicas,
            each.share,
        )


def ready_replicas(standing: Standing, deployment: Deployment) -> int:
    """Return how many replicas of a deployment answer."""
    return sum(each.state is ReplicaState.READY for each in standing.replicas_of(deployment.id))


def _since(
    now: EndpointStats | None, old: EndpointStats | None, stats: RouterStats, before: RouterStats, at: datetime
) -> dict[str, ArmFigures]:
    if now is None:
        return {}
    observed = Observation(at, stats.started_at, now.arms)
    return dict(observed.since(Observation(at, before.started_at, old.arms if old else {})))
