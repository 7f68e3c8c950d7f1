"""What a deployment was asked and answered, beside what its pipeline learned from."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from redspot.errors import MissingExtraError, RedspotError
from redspot.pipeline import Pipeline, loads
from redspot.registry.deployment import Deployment, ReplicaState
from redspot.registry.endpoint import ArmRole
from redspot.registry.figures import NumberScores, Scores, joined_scores, scores_since
from redspot.registry.signal import Finding, MonitorReport, SignalSeverity
from redspot.registry.standing import Standing
from redspot.serving.events import joined
from redspot.serving.monitors import Reference, Signal, Span, Thresholds, Window
from redspot.serving.monitors.accuracy import watch_accuracy
from redspot.serving.monitors.inputs import watch_inputs
from redspot.serving.monitors.scores import watch_counts, watch_scores
from redspot_server.controllers.backends import ReplicaBackends
from redspot_server.services import Services

# Labels come later than predictions; inputs and answers are those of the last hour.
_LABELS_LATE, _DRIFT_SPAN = timedelta(days=1), timedelta(hours=1)
_MOST_EVENTS = 20_000
_LOOKS = 60


class PredictionMonitor:
    """Looks at the predictions of one deployment after the other."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._backends = ReplicaBackends(services)
        self._counted: dict[tuple[str, str], deque[Mapping[str, Scores]]] = {}
        self._pipeline = lru_cache(maxsize=8)(self._load)

    def look(self, standing: Standing, deployment: Deployment) -> MonitorReport:
        """Return what is found of a deployment: by its events where there are some, or else by its replicas' counts."""
        self._forget(standing)
        now = self._services.clock.now()
        try:
            pipeline = self._pipeline(self._services.models.get(deployment.ref).pipeline.digest)
        except RedspotError as error:
            return _report(deployment, now, "none", 0, error.message, ())
        note = ""
        if self._has_events(deployment):
            try:
                return self._by_events(deployment, pipeline, now)
            except MissingExtraError as error:
                note = f"Columns are not watched: {error.message}"
            except RedspotError as error:
                note = f"The events cannot be read: {error.message}"
        else:
            note = "No events are kept (log_sample is 0): only answers are watched, and no columns."
        return self._by_counts(standing, deployment, pipeline, now, note)

    def _by_events(self, deployment: Deployment, pipeline: Pipeline, now: datetime) -> MonitorReport:
        since, config = now - _LABELS_LATE, self._services.config
        table = joined(config.events, endpoint=deployment.endpoint, since=since, until=now, most=_MOST_EVENTS)
        events = [event for event in table.to_pylist() if event["deployment"] == deployment.id]
        is_shadow, reference, limits = deployment.role is ArmRole.SHADOW, Reference.of(pipeline), Thresholds()
        recent = Window.of(events, now - _DRIFT_SPAN, now, shadow=is_shadow)
        signals: list[Signal] = []
        if reference.inputs is not None:
            signals += watch_inputs(recent, reference.schema, reference.inputs, limits)
        if reference.scores is not None:
            signals += watch_scores(recent, reference.schema, reference.scores, limits)
        signals += watch_accuracy(
            Window.of(events, since, now, shadow=is_shadow), reference.schema, reference.metrics, limits
        )
        note = ""
        if len(recent.inputs) < limits.min_rows:
            seen, needed = len(recent.inputs), limits.min_rows
            note = f"{seen} predictions of the last hour are kept; from {needed} on they are judged."
        elif reference.inputs is None:
            note = f"{deployment.ref} remembers nothing of its training data, so its columns are not compared."
        return _report(deployment, now, "events", len(recent.inputs), note, tuple(signals))

    def _by_counts(
        self, standing: Standing, deployment: Deployment, pipeline: Pipeline, now: datetime, note: str
    ) -> MonitorReport:
        backend = self._backends.of(deployment)
        ready = (each for each in standing.replicas_of(deployment.id) if each.state is ReplicaState.READY)
        scores = joined_scores(backend.scores(deployment, replica) for replica in ready)
        looks = self._counted.setdefault((standing.name, deployment.id), deque(maxlen=_LOOKS))
        before: Mapping[str, Scores] = looks[0] if looks else {}
        looks.append(scores)
        recent = {name: scores_since(each, before.get(name)) for name, each in scores.items()}
        rows = int(max((sum(_counts(each)) for each in recent.values()), default=0))
        parity = pipeline.parity_
        if not rows:
            return _report(deployment, now, "none", 0, note, ())
        if parity is None:
            note = f"{note} {deployment.ref} has no recorded answers to compare with.".strip()
            return _report(deployment, now, "none", rows, note, ())
        span = Span(now - _DRIFT_SPAN, now)
        signals = watch_counts(recent, parity.answers, pipeline.schema_, span, Thresholds())
        return _report(deployment, now, "scores", rows, note, signals)

    def _has_events(self, deployment: Deployment) -> bool:
        sample = deployment.spec.log_sample
        return bool(self._services.config.events_sample if sample is None else sample)

    def _load(self, digest: str) -> Pipeline:
        return loads(self._services.artifacts.get(digest), self._services.config.trusted)

    def _forget(self, standing: Standing) -> None:
        known = {each.id for each in standing.deployments}
        for key in [key for key in self._counted if key[0] == standing.name and key[1] not in known]:
            del self._counted[key]


def _counts(scores: Scores) -> tuple[float, ...]:
    return scores.counts if isinstance(scores, NumberScores) else tuple(scores.labels.values())


def _report(
    deployment: Deployment, at: datetime, source: str, rows: int, note: str, signals: tuple[Signal, ...]
) -> MonitorReport:
    version = str(deployment.ref)
    findings = tuple(
        Finding(
            deployment.id,
            version,
            each.name,
            each.subject,
            SignalSeverity(each.severity.name.lower()),
            each.value,
            each.threshold,
        )
        for each in signals
    )
    return MonitorReport(deployment.endpoint, deployment.id, version, at, source, rows, note, findings)
