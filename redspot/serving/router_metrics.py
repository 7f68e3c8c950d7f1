"""What the router counts, in Prometheus' terms; made of its tallies when somebody asks, so no request pays for it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from redspot.serving.answer import Answer
from redspot.serving.metrics import render
from redspot.serving.table import Table
from redspot.serving.tally import LE_MS, ArmTally, EndpointTally

# Of the bounds that are counted, those that are customary: 1, 2.5 and 5 of each decade.
_SHOWN = tuple(number for number, bound in enumerate(LE_MS) if f"{bound:e}"[:3] in ("1.0", "2.5", "5.0"))
_ARM = ("endpoint", "deployment", "model", "version")


class RouterMetrics(Collector):
    """Requests of all endpoints in the table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._unknown: dict[int, int] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def note_unknown(self, status: int) -> None:
        """Count a request to an endpoint that does not exist."""
        self._unknown[status] = self._unknown.get(status, 0) + 1

    def render(self) -> Answer:
        """Return all of it as text."""
        return render(self._registry)

    def collect(self) -> Iterable[Metric]:
        """Return the series, as the client's registry asks for them."""
        tallies = {name: route.tally for name, route in self._table.routes.items()}
        yield self._requests(tallies)
        yield _duration(tallies)
        yield from _of_endpoints(tallies)
        yield from _attempts(tallies)
        yield _shadow(tallies)
        generation = GaugeMetricFamily("redspot_router_snapshot_generation", "Generation of the table in use.")
        generation.add_metric((), self._table.generation or 0)
        yield generation

    def _requests(self, tallies: dict[str, EndpointTally]) -> Metric:
        requests = CounterMetricFamily(
            "redspot_router_requests",
            "Requests by endpoint, by who answered (empty where the router did), and status.",
            labels=(*_ARM, "status"),
        )
        for endpoint, tally in tallies.items():
            for (deployment_id, status), count in tally.statuses.items():
                arm = tally.arms.get(deployment_id) or ArmTally("")
                requests.add_metric((*_labels(endpoint, arm), str(status)), count)
        for status, count in self._unknown.items():
            requests.add_metric(("", "", "", "", str(status)), count)
        return requests


def _labels(endpoint: str, arm: ArmTally) -> tuple[str, ...]:
    return endpoint, arm.deployment_id, arm.model, arm.version


def _of_endpoints(tallies: dict[str, EndpointTally]) -> Iterable[Metric]:
    labels = ("endpoint",)
    in_flight = GaugeMetricFamily(
        "redspot_router_in_flight", "Requests under way, those that wait for a replica included.", labels=labels
    )
    held = GaugeMetricFamily("redspot_router_held", "Requests that wait for a replica.", labels=labels)
    refused = CounterMetricFamily("redspot_router_refused", "Requests that no replica answered.", labels=labels)
    limited = CounterMetricFamily(
        "redspot_router_rate_limited", "Requests refused because their caller sent too many.", labels=labels
    )
    for endpoint, tally in tallies.items():
        in_flight.add_metric((endpoint,), tally.in_flight)
        held.add_metric((endpoint,), tally.held)
        refused.add_metric((endpoint,), tally.refused)
        limited.add_metric((endpoint,), tally.limited)
    yield from (in_flight, held, refused, limited)


def _duration(tallies: dict[str, EndpointTally]) -> Metric:
    duration = HistogramMetricFamily(
        "redspot_router_request_duration_seconds", "From sending to a replica to its whole answer.", labels=_ARM
    )
    for endpoint, tally in tallies.items():
        for arm in tally.arms.values():
            within = list(accumulate(arm.buckets))
            buckets = [(str(LE_MS[number] / 1e3), within[number]) for number in _SHOWN]
            duration.add_metric(_labels(endpoint, arm), [*buckets, ("+Inf", within[-1])], arm.latency_sum_ms / 1e3)
    return duration


def _attempts(tallies: dict[str, EndpointTally]) -> Iterable[Metric]:
    errors = CounterMetricFamily(
        "redspot_router_replica_errors", "Requests that a deployment failed to answer, or with 5xx.", labels=_ARM
    )
    in_flight = GaugeMetricFamily("redspot_router_replica_in_flight", "Requests under way, by deployment.", labels=_ARM)
    for endpoint, tally in tallies.items():
        for arm in tally.arms.values():
            errors.add_metric(_labels(endpoint, arm), arm.errors)
            in_flight.add_metric(_labels(endpoint, arm), arm.in_flight)
    yield from (errors, in_flight)


def _shadow(tallies: dict[str, EndpointTally]) -> Metric:
    outcomes = CounterMetricFamily(
        "redspot_router_shadow_requests", "Requests mirrored to a shadow, by outcome.", labels=(*_ARM, "outcome")
    )
    for endpoint, tally in tallies.items():
        for arm in tally.arms.values():
            shadow = arm.shadow
            if shadow is not None:
                told = {"equal": shadow.equal, "different": shadow.compared - shadow.equal}
                for outcome, count in {**told, "error": shadow.errors, "dropped": shadow.dropped}.items():
                    outcomes.add_metric((*_labels(endpoint, arm), outcome), count)
    return outcomes
