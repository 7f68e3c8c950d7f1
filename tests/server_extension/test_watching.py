"""A real endpoint that is asked, and what is kept and told of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redspot_server.controllers.monitors import Monitors
from redspot_server.controllers.router_unit import own_token
from redspot_server.controllers.sampler import Sampler
from redspot_server.services import Services

from redspot.client.service import ServiceProblemError
from redspot.config import Config
from redspot.contracts.replies import EndpointNow, Page, RecentRequests
from redspot.registry.definition import EndpointDefinition
from redspot.registry.series import Series
from redspot.registry.signal import EndpointSignal, MonitorReport
from tests.rollouts import SteadyClient, register
from tests.server_extension.test_rollouts import over, token_that_works
from tests.services import ServiceProcess

ASKED = 150
GRAFANA = Path(__file__).parents[2] / "docs" / "grafana" / "redspot-endpoints.json"


@pytest.fixture(scope="module")
def asked(shared_service: ServiceProcess) -> ServiceProcess:
    """A service whose endpoint was asked more than it is by chance, with inputs that training has not seen."""
    config = shared_service.config
    with shared_service.client() as client:
        register(client, "m", 1.0)
        definition = EndpointDefinition("front", model="m@1", log_sample=1.0, redact=("a",), max_in_flight=50)
        client.apply(definition)
        over(client)
        token = token_that_works(config, client, "front")
        services = Services.open(config, host="embedded")
        sampler = Sampler(services)
        sampler.step()
        with SteadyClient(config, token, "front", pause_s=0.001) as caller:
            client.wait(lambda: caller.statuses[200], lambda seen: seen >= ASKED, timeout_s=30, what="answers")
        time.sleep(0.2)
        sampler.step()
        Monitors(services).step()
        services.database.dispose()
    return shared_service


def test_the_series_has_all_requests_and_their_latency(asked: ServiceProcess) -> None:
    with asked.client() as client:
        series = client.call(Series, "GET", "endpoints/front/series")
        whole = client.call(Series, "GET", "endpoints/front/series", query={"whole": "true", "step": 10})
    assert series.step_s == 10
    point = max(whole.points, key=lambda each: each.requests_per_s)
    assert point.requests_per_s > 5
    assert point.deployment_id == ""
    assert (point.error_share, point.ready, point.wanted) == (0, 1, 1)
    assert 0 < (point.p50_ms or 0) <= (point.p95_ms or 0) <= (point.p99_ms or 0)
    assert any(each.version == "m@1" and each.share == 1 for each in series.points)


def test_what_is_asked_for_wrongly_is_refused_with_a_sentence(asked: ServiceProcess) -> None:
    with asked.client() as client:
        for query in (
            {"step": 7},
            {"from": "2026-01-01T00:00:00"},
            {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        ):
            with pytest.raises(ServiceProblemError) as refused:
                client.call(Series, "GET", "endpoints/front/series", query=query)
            assert refused.value.status == 400
        with pytest.raises(ServiceProblemError, match="nobody"):
            client.call(Series, "GET", "endpoints/nobody/series")


def test_what_is_redacted_is_nowhere_in_the_requests(asked: ServiceProcess) -> None:
    with asked.client() as client:
        recent = client.call(RecentRequests, "GET", "endpoints/front/requests", query={"limit": 20})
    assert len(recent.items) == 20
    assert {each.version for each in recent.items} == {"m@1"}
    assert all(each.inputs == {"a": None} and each.redacted == ("a",) for each in recent.items)
    assert all(isinstance(each.outputs["prediction"], float) for each in recent.items)
    assert [each.at for each in recent.items] == sorted((each.at for each in recent.items), reverse=True)


def test_monitors_report_of_each_version_and_open_no_signal_while_all_is_well(asked: ServiceProcess) -> None:
    with asked.client() as client:
        (report,) = client.call(Page[MonitorReport], "GET", "endpoints/front/drift").items
        signals = client.call(Page[EndpointSignal], "GET", "signals").items
    assert report.version == "m@1"
    assert report.source in ("events", "scores")
    assert [each for each in signals if each.name in ("error-share", "replicas", "saturation")] == []


def test_the_stream_tells_each_second_what_the_endpoint_does(asked: ServiceProcess) -> None:
    config = asked.config
    with asked.client() as client:
        token = token_that_works(config, client, "front")
        with SteadyClient(config, token, "front", pause_s=0.005) as caller:
            told = list(stream(config, 3))
        assert caller.statuses[200] > 0
        assert told[0]["requests_per_s"] is None or told[0]["requests_per_s"] >= 0
        assert told[-1]["requests_per_s"] > 1
        assert told[-1]["p50_ms"] <= told[-1]["p99_ms"]
        (arm,) = told[-1]["arms"]
        assert (arm["version"], arm["role"], arm["share"], arm["ready"]) == ("m@1", "live", 1, 1)
        now = client.call(EndpointNow, "GET", "endpoints/front/live")
        assert now.router_ok
        with pytest.raises(ServiceProblemError, match="nobody"):
            client.call(EndpointNow, "GET", "endpoints/nobody/live")


def test_every_metric_of_the_grafana_dashboard_is_one_that_the_router_tells(asked: ServiceProcess) -> None:
    config = asked.config
    services = Services.open(config, host="embedded")
    url, headers = f"http://{config.router_host}:{config.router_port}/metrics", {}
    headers["Authorization"] = f"Bearer {own_token(services)}"
    services.database.dispose()
    answer = httpx.get(url, headers=headers, trust_env=False)
    assert answer.status_code == 200
    # Of families without a sample, such as that of shadows, only the type is told.
    told = set(re.findall(r"^(redspot_\w+)", answer.text, re.MULTILINE))
    told |= set(re.findall(r"^# TYPE (redspot_\w+)", answer.text, re.MULTILINE))
    asked_for = set(re.findall(r"redspot_router_\w+", GRAFANA.read_text()))
    assert asked_for
    assert asked_for - told == set()


def stream(config: Config, messages: int) -> Iterator[dict[str, object]]:
    transport = httpx.HTTPTransport(uds=str(config.socket))
    with (
        httpx.Client(transport=transport, timeout=10) as http,
        http.stream("GET", "http://redspot/api/endpoints/front/live/stream") as answer,
    ):
        assert answer.headers["Content-Type"] == "text/event-stream"
        for line in answer.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))
                messages -= 1
            if not messages:
                return
