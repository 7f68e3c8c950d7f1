"""What replica and router count, in Prometheus' terms."""

from __future__ import annotations

import time

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from redspot.serving.answer import Answer

# From a tenth of a millisecond: one row of a small model takes less than one.
BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ReplicaMetrics:
    """Predictions of one replica; every series is labelled with endpoint, model and version."""

    def __init__(self, endpoint: str, model: str, version: str) -> None:
        self.registry = CollectorRegistry()
        names, values = ("endpoint", "model", "version"), (endpoint, model, version)
        self._requests = Counter(
            "redspot_requests", "Prediction requests answered or failed.", names, registry=self.registry
        ).labels(*values)
        self._errors = Counter(
            "redspot_request_errors", "Prediction requests that failed.", names, registry=self.registry
        ).labels(*values)
        self._rows = Counter(
            "redspot_rows", "Rows that predictions were asked for.", names, registry=self.registry
        ).labels(*values)
        self._duration = Histogram(
            "redspot_request_duration_seconds",
            "From the whole request to the answer.",
            names,
            registry=self.registry,
            buckets=BUCKETS_S,
        ).labels(*values)

    def count_rows(self, rows: int) -> None:
        """Count rows that were asked for."""
        self._rows.inc(rows)

    def note(self, begun: float) -> None:
        """Count a request that began at `begun` of `time.perf_counter`."""
        self._requests.inc()
        self._duration.observe(time.perf_counter() - begun)

    def note_failure(self, begun: float) -> None:
        """Count a request that failed."""
        self.note(begun)
        self._errors.inc()

    def render(self) -> Answer:
        """Return all of it as text."""
        return _render(self.registry)


class RouterMetrics:
    """Requests of all endpoints, by status."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "redspot_router_requests",
            "Requests by endpoint and status.",
            ("endpoint", "status"),
            registry=self._registry,
        )
        self._duration = Histogram(
            "redspot_router_request_duration_seconds",
            "From the whole request to the answer, by endpoint.",
            ("endpoint",),
            registry=self._registry,
            buckets=BUCKETS_S,
        )
        self.generation = Gauge(
            "redspot_router_snapshot_generation", "Generation of the table in use.", registry=self._registry
        )
        self._bound: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def note(self, endpoint: str, status: int, begun: float) -> None:
        """Count a request that began at `begun` of `time.perf_counter`; endpoint names must be known ones."""
        bound = self._bound.get((endpoint, status))
        if bound is None:
            bound = (self._requests.labels(endpoint, str(status)), self._duration.labels(endpoint))
            self._bound[endpoint, status] = bound
        bound[0].inc()
        bound[1].observe(time.perf_counter() - begun)

    def render(self) -> Answer:
        """Return all of it as text."""
        return _render(self._registry)


def _render(registry: CollectorRegistry) -> Answer:
    return Answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)
