"""Spans of real processes, taken by a real receiver of OTLP over HTTP."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.serving.conftest import ADELIE, RouterProcess, Starting, end, table

StartingRouter = Callable[..., RouterProcess]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Receiver:
    """Keeps what is exported to it.

    Attributes
    ----------
    spans
        Name of the service and span, in the order in which they came.
    """

    def __init__(self) -> None:
        spans = self.spans = list[tuple[str, Any]]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    names = {each.key: each.value.string_value for each in resource.resource.attributes}
                    spans.extend(
                        (names["service.name"], span) for scope in resource.scope_spans for span in scope.spans
                    )
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def of(self, service: str) -> list[Any]:
        return [span for name, span in self.spans if name == service]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    receiver = Receiver()
    # The processes that a test starts inherit it.
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    yield receiver
    receiver.close()


def attributes(span: Any) -> dict[str, object]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_request_is_a_span_of_the_router_and_one_of_the_replica_below(
    receiver: Receiver, start_router: StartingRouter, start_replica: Starting
) -> None:
    replica = start_replica()
    router = start_router(table(1, replica))
    headers = {"Traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    assert router.client.post("/endpoints/penguins/predict", json=ADELIE, headers=headers).status_code == 200
    assert router.client.post("/endpoints/penguins/predict", json={"beak": 1}).status_code == 400
    assert router.client.get("/health/ready").status_code == 200
    # An end sends what was not sent yet.
    end(router.process)
    end(replica.process)
    above, refused_above = receiver.of("redspot-router")
    below, refused_below = receiver.of("redspot-replica")
    assert above.trace_id.hex() == below.trace_id.hex() == TRACE
    assert above.parent_span_id.hex() == "00f067aa0ba902b7"
    assert below.parent_span_id == above.span_id
    assert (above.name, below.name) == ("POST /endpoints/penguins/predict", "POST /predict")
    assert above.start_time_unix_nano <= below.start_time_unix_nano
    assert above.kind == below.kind == Span.SPAN_KIND_SERVER
    assert attributes(above)["redspot.version"] == attributes(below)["redspot.version"] == "species@1"
    assert attributes(above)["http.response.status_code"] == 200
    assert refused_below.parent_span_id == refused_above.span_id
    assert refused_above.trace_id.hex() != TRACE
    assert attributes(refused_below)["error.type"] == "unknown-column"
    assert attributes(refused_above)["http.response.status_code"] == 400


def test_a_collector_that_is_down_costs_nothing(
    monkeypatch: pytest.MonkeyPatch, start_router: StartingRouter, start_replica: Starting
) -> None:
    receiver = Receiver()
    receiver.close()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    replica = start_replica()
    router = start_router(table(1, replica))
    for _ in range(20):
        assert router.client.post("/endpoints/penguins/predict", json=ADELIE).status_code == 200
    assert httpx.get(f"http://127.0.0.1:{router.port}/health/live").json() == {"live": True}
    # The fixtures look whether both end in time and well.
