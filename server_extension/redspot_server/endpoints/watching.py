"""Endpoints as they are watched: now, over time, what is wrong, and what they were asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from redspot.contracts.replies import ArmNow, EndpointNow, Page, RecentRequests
from redspot.contracts.requests import RecentQuery, SeriesQuery
from redspot.errors import ForbiddenError
from redspot.registry.endpoint import ArmRole
from redspot.registry.series import Point, Sample, Series, step_for
from redspot.registry.signal import EndpointSignal, MonitorReport
from redspot.registry.standing import Standing
from redspot_server.controllers.sampler import samples_of
from redspot_server.controllers.stats import RouterStats, read_router_stats
from redspot_server.endpoints.definitions import MomentError
from redspot_server.identity import Caller
from redspot_server.logged import logged_requests
from redspot_server.services import Services


class RequestsForbiddenError(ForbiddenError):
    """What somebody else's endpoint was asked is for those who may call it."""

    code = "requests-forbidden"


def read_series(services: Services, caller: Caller, name: str, query: SeriesQuery) -> Series:
    """Return how an endpoint did over time."""
    services.endpoints.get(name)
    now = services.clock.now()
    for field, moment in (("from", query.since), ("to", query.until)):
        if moment is not None and moment.tzinfo is None:
            raise MomentError(f"Field {field!r} has no time zone; write it like 2026-11-24T10:00:00Z.", field=field)
    until = query.until or now
    since = query.since or until - timedelta(hours=1)
    step_s = step_for(since, until, now, query.step)
    samples = services.watched.samples(name, since, until, step_s, whole=query.whole)
    return Series(name, since, until, step_s, tuple(map(Point.of, samples)))


def list_signals_of(services: Services, caller: Caller, name: str, query: RecentQuery) -> Page[EndpointSignal]:
    """Return what is, and was, wrong with an endpoint."""
    services.endpoints.get(name)
    return Page(services.watched.signals(name, limit=query.limit))


def list_signals(services: Services, caller: Caller, query: RecentQuery) -> Page[EndpointSignal]:
    """Return what is, and was, wrong with any endpoint."""
    return Page(services.watched.signals(limit=query.limit))


def list_reports(services: Services, caller: Caller, name: str) -> Page[MonitorReport]:
    """Return what the monitors last found of each version that answers."""
    services.endpoints.get(name)
    return Page(services.watched.reports(name))


def list_requests(services: Services, caller: Caller, name: str, query: RecentQuery) -> RecentRequests:
    """Return the newest requests that are kept as events (RequestsForbiddenError)."""
    standing = services.endpoints.standing(name)
    definition = standing.applied.definition
    if services.is_shared and not definition.access.allows(caller.name, definition.owner or standing.owner):
        raise RequestsForbiddenError(f"What {name!r} was asked is for those who may call it.", endpoint=name)
    return logged_requests(services, standing, limit=query.limit)


def read_now(services: Services, caller: Caller, name: str) -> EndpointNow:
    """Return what an endpoint did in the last seconds."""
    standing = services.endpoints.standing(name)
    readings = services.recent.read(lambda: read_router_stats(services))
    return now_of(standing, readings, services.clock.now())


def now_of(standing: Standing, readings: Sequence[tuple[float, RouterStats]], at: datetime) -> EndpointNow:
    """Return what the readings of the last seconds say of an endpoint.

    Parameters
    ----------
    readings
        Oldest first, each with its moment in seconds.
    """
    if readings:
        (begin, first), (end, last) = readings[0], readings[-1]
    else:
        begin, end, first, last = 0.0, 0.0, RouterStats(0.0, {}), RouterStats(0.0, {})
    seconds = end - begin
    whole, *arms = samples_of(standing, last, first, at, seconds)
    is_known = seconds > 0
    answering = [arm for arm, each in zip(arms, standing.deployments, strict=True) if each.role is ArmRole.LIVE]
    point, requests = Point.of(whole), sum(arm.requests for arm in answering)
    return EndpointNow(
        at,
        standing.state,
        bool(readings),
        seconds,
        requests / seconds if is_known else None,
        point.refused_per_s if is_known else None,
        whole.errors / requests if requests and is_known else None,
        point.p50_ms if is_known else None,
        point.p95_ms if is_known else None,
        point.p99_ms if is_known else None,
        whole.in_flight,
        whole.held,
        whole.ready,
        whole.wanted,
        tuple(_arm(arm, each.role, is_known) for arm, each in zip(arms, standing.deployments, strict=True)),
        standing.rollout,
    )


def _arm(sample: Sample, role: ArmRole, is_known: bool) -> ArmNow:
    point = Point.of(sample)
    return ArmNow(
        sample.deployment_id,
        sample.version,
        role,
        sample.share,
        sample.ready,
        sample.wanted,
        sample.in_flight,
        point.requests_per_s if is_known else None,
        point.error_share if is_known else None,
        point.p50_ms if is_known else None,
        point.p95_ms if is_known else None,
        point.p99_ms if is_known else None,
    )
