"""OpenTelemetry spans of router and replica, where somebody collects them.

Spans follow W3C Trace Context: the router's is a child of the caller's, and the replica's of the router's. They are
sent by OTLP over HTTP from a thread, and what the environment says by OpenTelemetry's own variables holds.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from redspot.errors import RedspotError
from redspot.serving.answer import Answer, Request, status_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

log = logging.getLogger("redspot.serving")

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
# How long an end waits for spans that were not sent yet.
_END_WITHIN_S = 2.0
_SERVER_ERROR = 500

Answering = Callable[[Request], Answer | Awaitable[Answer]]


def traced(answering: Answering, service: str, attributes: Mapping[str, str]) -> tuple[Answering, Callable[[], None]]:
    """Return a function that answers with a span around it, and one that ends the sending.

    Where no address of a collector is in the environment, the function is `answering` itself. Where the
    libraries are not installed it is too, and the log says which extra brings them: an endpoint answers
    whatever is watched.

    Parameters
    ----------
    service
        Its ``service.name``, unless ``OTEL_SERVICE_NAME`` gives another.
    attributes
        Of each span.
    """
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return answering, _nothing
    try:
        provider = _provider(service)
    except ImportError:
        log.warning("no traces are sent, although an address is given: install redspot[otel]")
        return answering, _nothing
    return Traced(answering, provider, attributes).answer, lambda: _end(provider)


class Traced:
    """Answers with a span around each request, but for looks at health, metrics and counts.

    The span's name for others is in the request's `trace` meanwhile, for whoever is asked next.
    """

    def __init__(self, answering: Answering, provider: TracerProvider, attributes: Mapping[str, str]) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._answering = answering
        self._tracer = provider.get_tracer("redspot.serving")
        self._attributes = attributes
        self._propagator = TraceContextTextMapPropagator()

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer one request."""
        if request.path.endswith(("/health/live", "/health/ready", "/metrics", "/stats", "/ping")):
            return self._answering(request)
        span = self._begin(request)
        try:
            outcome = self._answering(request)
        except Exception as error:
            _fail(span, error)
            raise
        if isinstance(outcome, Answer):
            _finish(span, outcome)
            return outcome
        return self._later(span, outcome)

    async def _later(self, span: Span, outcome: Awaitable[Answer]) -> Answer:
        try:
            answer = await outcome
        except Exception as error:
            _fail(span, error)
            raise
        except BaseException:
            # The client is gone.
            span.end()
            raise
        _finish(span, answer)
        return answer

    def _begin(self, request: Request) -> Span:
        from opentelemetry.trace import SpanKind

        known = {name: value for name in ("traceparent", "tracestate") if (value := request.headers.get(name))}
        span = self._tracer.start_span(
            f"{request.method} {request.path}",
            context=self._propagator.extract(known),
            kind=SpanKind.SERVER,
            attributes={**self._attributes, "http.request.method": request.method, "url.path": request.path},
        )
        own = span.get_span_context()
        request.trace = f"00-{own.trace_id:032x}-{own.span_id:016x}-{int(own.trace_flags):02x}"
        return span


def _provider(service: str) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": service}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _finish(span: Span, answer: Answer) -> None:
    from opentelemetry.trace import StatusCode

    span.set_attribute("http.response.status_code", answer.status)
    for name, value in answer.headers:
        if name.startswith("X-Redspot-"):
            span.set_attribute(f"redspot.{name.removeprefix('X-Redspot-').lower()}", value)
    if answer.status >= _SERVER_ERROR:
        span.set_status(StatusCode.ERROR)
    span.end()


def _fail(span: Span, error: Exception) -> None:
    from opentelemetry.trace import StatusCode

    known = error if isinstance(error, RedspotError) else RedspotError("")
    status = status_of(known).value
    span.set_attribute("http.response.status_code", status)
    span.set_attribute("error.type", known.code)
    if status >= _SERVER_ERROR:
        span.set_status(StatusCode.ERROR)
    span.end()


def _end(provider: TracerProvider) -> None:
    """Send what is left, if that is soon done: a collector that is down must not keep a replica from ending."""
    ending = threading.Thread(target=provider.shutdown, daemon=True)
    ending.start()
    ending.join(_END_WITHIN_S)


def _nothing() -> None:
    """End nothing."""
