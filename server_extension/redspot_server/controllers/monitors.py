"""The monitors: look at every endpoint now and then, and say what is wrong with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from redspot.errors import RedspotError
from redspot.registry.deployment import Deployment, DeploymentState
from redspot.registry.endpoint import EndpointState
from redspot.registry.series import RESOLUTIONS, Point, Sample
from redspot.registry.signal import Finding, SignalSeverity
from redspot.registry.standing import Standing
from redspot.serving.monitors import Signal, Span, Threshold, Thresholds
from redspot.serving.monitors.thresholds import judged
from redspot_server.controllers.predictions import PredictionMonitor
from redspot_server.services import Services

_log = logging.getLogger(__name__)
# Shares and quantiles of fewer requests say little.
_MIN_REQUESTS = 20
_REFUSED, _SATURATION, _NOT_READY = Threshold(0.001, 0.05), Threshold(0.8, 0.95), Threshold(0.01, 0.5)
TRAFFIC = ("error-share", "refusal-share", "p50-ms", "p95-ms", "p99-ms")
WHOLE = ("refused-share", "saturation", "replicas")


class Monitors:
    """Looks at traffic by the series, and at predictions by events, or by what replicas count of their answers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._predictions = PredictionMonitor(services)

    def step(self) -> None:
        """Look at every endpoint once."""
        for standing in self._services.endpoints.standings():
            try:
                self._look(standing)
            except RedspotError:
                _log.exception("endpoint %s cannot be watched", standing.name, extra={"endpoint": standing.name})

    def _look(self, standing: Standing) -> None:
        watched, name = self._services.watched, standing.name
        live = [each for each in standing.deployments if each.state is DeploymentState.LIVE]
        ids = {each.id for each in live}
        findings: list[Finding] = []
        looked = {("", each) for each in WHOLE} | {(each.id, found) for each in live for found in TRAFFIC}
        if standing.state is EndpointState.LIVE:
            findings += self._traffic(standing, live)
            for deployment in live:
                report = self._predictions.look(standing, deployment)
                watched.put_report(report)
                findings += report.findings
                looked |= {(deployment.id, each.name) for each in report.findings}
        watched.note_findings(name, findings, looked, {"", *ids})
        watched.keep_reports(name, ids)

    def _traffic(self, standing: Standing, live: list[Deployment]) -> Iterator[Finding]:
        now, every_s = self._services.clock.now(), max(self._services.config.monitors_every_s, 10)
        since = now - timedelta(seconds=every_s + 10)
        samples = self._services.watched.samples(standing.name, since, now, RESOLUTIONS[0].step_s)
        span = Span(since, now)
        for deployment_id, group in groupby(sorted(samples, key=_deployment), key=_deployment):
            first, *others = group
            for other in others:
                first = first.joined(other)
            if not deployment_id:
                yield from whole_findings(first, standing.applied.definition.max_in_flight, span)
            elif any(each.id == deployment_id for each in live):
                yield from traffic_findings(first, span, Thresholds())


def whole_findings(sample: Sample, max_in_flight: int | None, span: Span) -> Iterator[Finding]:
    """Return ``refused-share``, ``saturation`` and ``replicas`` of an endpoint as a whole.

    Of replicas the share that is ready is told, and the share that is not is judged.
    """
    if sample.requests + sample.refused >= _MIN_REQUESTS:
        share = sample.refused / max(sample.requests, sample.refused)
        yield finding_of(sample, judged("refused-share", share, _REFUSED, span))
    if max_in_flight:
        yield finding_of(sample, judged("saturation", sample.in_flight / max_in_flight, _SATURATION, span))
    if sample.wanted:
        ready = min(1.0, sample.ready / sample.wanted)
        yield finding_of(sample, judged("replicas", ready, _NOT_READY, span, by=1 - ready))


def traffic_findings(sample: Sample, span: Span, thresholds: Thresholds) -> Iterator[Finding]:
    """Return `TRAFFIC` of one deployment; nothing of fewer than 20 requests."""
    if sample.requests < _MIN_REQUESTS:
        return
    point = Point.of(sample)
    figures = (
        ("error-share", point.error_share, thresholds.error_share),
        ("refusal-share", point.client_error_share, thresholds.refusal_share),
        ("p50-ms", point.p50_ms, thresholds.p50_ms),
        ("p95-ms", point.p95_ms, thresholds.p95_ms),
        ("p99-ms", point.p99_ms, thresholds.p99_ms),
    )
    for name, value, threshold in figures:
        if value is not None:
            yield finding_of(sample, judged(name, value, threshold, span))


def finding_of(sample: Sample, signal: Signal) -> Finding:
    """Return a monitor's word about a sample as it is kept."""
    severity = SignalSeverity(signal.severity.name.lower())
    return Finding(
        sample.deployment_id, sample.version, signal.name, signal.subject, severity, signal.value, signal.threshold
    )


def _deployment(sample: Sample) -> str:
    return sample.deployment_id
