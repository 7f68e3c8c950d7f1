"""How an endpoint did over time: counts of short stretches, kept coarser the older they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from redspot.errors import InvalidError
from redspot.registry.histogram import Bin, added_bins, quantile_ms


class SeriesSpanError(InvalidError):
    """The stretch of time that was asked for is none, or is not kept with that step."""

    code = "series-span"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Stretches of `step_s` seconds, kept for `keep_s` seconds."""

    step_s: int
    keep_s: int


RESOLUTIONS = (Resolution(10, 3600), Resolution(60, 86400), Resolution(600, 30 * 86400))


@dataclass(frozen=True, slots=True)
class Sample:
    """What was counted in one stretch of time.

    Attributes
    ----------
    deployment_id
        Of the arm; empty for the endpoint as a whole.
    at
        When the stretch begins (UTC).
    seconds
        How much of it was looked at.
    requests, errors, client_errors
        Of errors, those with a status of 500 or above, or without an answer; of client errors, 400 to 499.
    refused
        Requests that no replica answered; of the endpoint as a whole only.
    latency
        Of the answers.
    in_flight, held
        The most requests that were under way, and that waited for a replica, at the moments somebody looked.
    ready, wanted
        Replicas, at the last such moment.
    share
        Of the requests, at that moment.
    """

    endpoint: str
    deployment_id: str
    version: str
    at: datetime
    seconds: float
    requests: int = 0
    errors: int = 0
    client_errors: int = 0
    refused: int = 0
    latency: tuple[Bin, ...] = ()
    in_flight: int = 0
    held: int = 0
    ready: int = 0
    wanted: int = 0
    share: float = 0.0

    def joined(self, later: Sample) -> Sample:
        """Return both stretches as one, which begins with this one."""
        return replace(
            later,
            at=self.at,
            seconds=self.seconds + later.seconds,
            requests=self.requests + later.requests,
            errors=self.errors + later.errors,
            client_errors=self.client_errors + later.client_errors,
            refused=self.refused + later.refused,
            latency=added_bins((self.latency, later.latency)),
            in_flight=max(self.in_flight, later.in_flight),
            held=max(self.held, later.held),
        )


@dataclass(frozen=True, slots=True)
class Point:
    """One stretch as it is shown: rates each second, shares from 0 to 1, latency in milliseconds."""

    at: datetime
    deployment_id: str
    version: str
    requests_per_s: float
    error_share: float | None
    client_error_share: float | None
    refused_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    in_flight: int
    held: int
    ready: int
    wanted: int
    share: float

    @classmethod
    def of(cls, sample: Sample) -> Point:
        """Return a sample as rates and quantiles; of no request there are no shares."""
        requests, seconds = sample.requests, sample.seconds or 1.0
        return cls(
            sample.at,
            sample.deployment_id,
            sample.version,
            requests / seconds,
            sample.errors / requests if requests else None,
            sample.client_errors / requests if requests else None,
            sample.refused / seconds,
            quantile_ms(sample.latency, 0.50),
            quantile_ms(sample.latency, 0.95),
            quantile_ms(sample.latency, 0.99),
            sample.in_flight,
            sample.held,
            sample.ready,
            sample.wanted,
            sample.share,
        )


@dataclass(frozen=True, slots=True)
class Series:
    """Points from `since` (inclusive) to `until` (exclusive), each of `step_s` seconds, by time."""

    endpoint: str
    since: datetime
    until: datetime
    step_s: int
    points: tuple[Point, ...]


def begin_of(moment: datetime, step_s: int) -> datetime:
    """Return when the stretch began that a moment lies in; stretches are counted from 1970 on.

    Examples
    --------
    >>> begin_of(datetime(2026, 1, 1, 12, 0, 59, tzinfo=UTC), 10).isoformat()
    '2026-01-01T12:00:50+00:00'
    """
    return datetime.fromtimestamp(moment.timestamp() // step_s * step_s, UTC)


def step_for(since: datetime, until: datetime, now: datetime, step_s: int | None = None) -> int:
    """Return the finest step that is kept for a stretch and gives at most 720 points of it.

    Parameters
    ----------
    step_s
        What was asked for, in seconds; None for any.

    Raises
    ------
    SeriesSpanError
        When the stretch is empty, or there is no such step.
    """
    if since >= until:
        raise SeriesSpanError("'from' is not before 'to'.", field="from")
    steps = [each.step_s for each in RESOLUTIONS]
    if step_s is not None:
        if step_s not in steps:
            known = ", ".join(map(str, steps))
            raise SeriesSpanError(f"Field 'step' is {step_s}; steps of {known} seconds are kept.", field="step")
        return step_s
    span_s = (until - since).total_seconds()
    for each in RESOLUTIONS:
        if since >= now - timedelta(seconds=each.keep_s + 60) and span_s / each.step_s <= 720:
            return each.step_s
    return steps[-1]
