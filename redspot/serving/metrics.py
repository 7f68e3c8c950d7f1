"""What a replica counts, in Prometheus' terms."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from redspot.serving.answer import Answer
from redspot.serving.counts import SharedCounts

# From a tenth of a millisecond: one row of a small model takes less than one.
BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


_REQUESTS, _ERRORS, _ROWS, _SECONDS, _FIRST_BUCKET = range(5)


class ModelMetrics:
    """Predictions of one model, all workers together.

    They are kept in shared memory, which is also several times as fast as the client's own counters.
    """

    def __init__(self, model: str, version: str, workers: int = 1) -> None:
        self.model, self.version = model, version
        self._shared = SharedCounts(_FIRST_BUCKET + len(BUCKETS_S) + 1, workers)
        self._counts = self._shared.own

    def use(self, worker: int) -> None:
        """Count as the worker of that number."""
        self._shared.use(worker)
        self._counts = self._shared.own

    def count_rows(self, rows: int) -> None:
        """Count rows that were asked for."""
        self._counts[_ROWS] += rows

    def note(self, begun: float) -> None:
        """Count a request that began at `begun` of `time.perf_counter`."""
        seconds = time.perf_counter() - begun
        counts = self._counts
        counts[_REQUESTS] += 1
        counts[_SECONDS] += seconds
        counts[_FIRST_BUCKET + bisect_left(BUCKETS_S, seconds)] += 1

    def note_row(self, begun: float) -> None:
        """Count a request for one row that began at `begun` of `time.perf_counter`."""
        seconds = time.perf_counter() - begun
        counts = self._counts
        counts[_REQUESTS] += 1
        counts[_ROWS] += 1
        counts[_SECONDS] += seconds
        counts[_FIRST_BUCKET + bisect_left(BUCKETS_S, seconds)] += 1

    def note_failure(self, begun: float) -> None:
        """Count a request that failed."""
        self.note(begun)
        self._counts[_ERRORS] += 1

    def rows(self) -> int:
        """Return how many rows all workers were asked for."""
        return int(self._shared.sums()[_ROWS])

    def sums(self) -> list[float]:
        """Return the numbers of all workers together."""
        return self._shared.sums()


class ReplicaMetrics(Collector):
    """Predictions of one replica; every series has endpoint, model and version."""

    def __init__(self, endpoint: str, models: Sequence[ModelMetrics]) -> None:
        self._endpoint = endpoint
        self._models = models
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def use(self, worker: int) -> None:
        """Count as the worker of that number."""
        for each in self._models:
            each.use(worker)

    def collect(self) -> Iterable[Metric]:
        """Return the series, as the client's registry asks for them."""
        names = ["endpoint", "model", "version"]
        found = [((self._endpoint, each.model, each.version), each.sums()) for each in self._models]
        for name, says, place in (
            ("redspot_requests", "Prediction requests answered or failed.", _REQUESTS),
            ("redspot_request_errors", "Prediction requests that failed.", _ERRORS),
            ("redspot_rows", "Rows that predictions were asked for.", _ROWS),
        ):
            counter = CounterMetricFamily(name, says, labels=names)
            for labels, sums in found:
                counter.add_metric(labels, sums[place])
            yield counter
        duration = HistogramMetricFamily(
            "redspot_request_duration_seconds", "From the whole request to the answer.", labels=names
        )
        for labels, sums in found:
            within = list(accumulate(sums[_FIRST_BUCKET:]))
            buckets = list(zip((*(str(float(bound)) for bound in BUCKETS_S), "+Inf"), within, strict=True))
            duration.add_metric(labels, buckets, sums[_SECONDS])
        yield duration

    def render(self) -> Answer:
        """Return all of it as text."""
        return render(self.registry)


def render(registry: CollectorRegistry) -> Answer:
    """Return all series as text."""
    return Answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)
