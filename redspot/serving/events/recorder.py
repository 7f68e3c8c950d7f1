"""What a replica does about events with each prediction: name it, choose it, write it before it is answered."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from redspot.errors import RedspotError
from redspot.ids import parse_name
from redspot.pipeline import Schema
from redspot.serving.answer import Answer, Request, status_of
from redspot.serving.events.errors import EventSettingsError
from redspot.serving.events.record import MARK, frame
from redspot.serving.events.redaction import redact
from redspot.serving.events.request_id import REQUEST_ID_HEADER, RequestIds
from redspot.serving.events.rows import form_of
from redspot.serving.events.sampling import is_sampled
from redspot.serving.events.settings import EventSettings
from redspot.serving.events.spool import Spool
from redspot.serving.forwarding import SHADOW_HEADER
from redspot.serving.signature import CALLER_HEADER

log = logging.getLogger("redspot.serving")

_MAX_CALLERS = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """Where events come from."""

    endpoint: str
    deployment: str
    model: str
    version: str


class Recorder:
    """Writes an event for each request that is chosen.

    A request that failed has no inputs in its event: what could not be read cannot be redacted either.

    Raises
    ------
    EventSettingsError
        When the spool cannot be used, or a column to redact does not exist.
    InvalidNameError
        When the endpoint's name is none.
    """

    def __init__(self, source: Source, settings: EventSettings, schema: Schema) -> None:
        known = [*(column.name for column in schema.inputs), *(column.name for column in schema.outputs)]
        unknown = [name for name in settings.redact if name not in known]
        if unknown:
            raise EventSettingsError(
                f"'redact' of 'events' names {unknown[0]!r}; there are {', '.join(map(repr, known))}.", key="redact"
            )
        # It becomes the name of a folder.
        parse_name(source.endpoint, "endpoint")
        self._sample = settings.sample
        self._redact = frozenset(settings.redact)
        # All but the last brace of an object that is finished for each request.
        self._start = json.dumps({**asdict(source), "redacted": sorted(self._redact)}).encode()[:-1]
        self._ids = RequestIds()
        self._callers: dict[str, bytes] = {}
        self._said: set[type[Exception]] = set()
        self._spool = Spool(settings)
        self._labels = (source.endpoint, source.model, source.version)
        self._broken = 0

    @classmethod
    def of(
        cls, source: Source, settings: EventSettings | None, schema: Schema, redact: tuple[str, ...] | None = None
    ) -> Self | None:
        """Return a recorder, or None where events are off; `redact` takes the place of what the settings say."""
        if settings is not None and redact is not None:
            settings = replace(settings, redact=redact)
        return None if settings is None else cls(source, settings, schema)

    def note(self, request: Request, answer: Answer, begun: float) -> Answer:
        """Write the event of a request that began at `begun` of ``time.perf_counter``; return the named answer."""
        request_id = self._ids.of(request)
        if self._sample >= 1 or is_sampled(request_id, self._sample):
            self._write(request, request_id, begun, answer, None)
        named = (*answer.headers, (REQUEST_ID_HEADER, request_id))
        return Answer(answer.status, answer.body, answer.content_type, named)

    def note_failure(self, request: Request, error: Exception, begun: float) -> None:
        """Write the event of a request that failed."""
        request_id = self._ids.of(request)
        if is_sampled(request_id, self._sample):
            self._write(request, request_id, begun, None, error)

    def named(self, request: Request, answer: Answer) -> Answer:
        """Return an answer with the name of its request, when that has one that can be used."""
        if REQUEST_ID_HEADER not in request.headers:
            return answer
        named = (*answer.headers, (REQUEST_ID_HEADER, self._ids.of(request)))
        return Answer(answer.status, answer.body, answer.content_type, named)

    def add_counts(self, written: CounterMetricFamily, dropped: CounterMetricFamily) -> None:
        """Add what was written, and what was not by why, to families that have it of all models."""
        spool = self._spool
        written.add_metric(self._labels, spool.written)
        counts = {"full": spool.dropped, "failed": spool.failed, "broken": self._broken}
        for reason, count in counts.items():
            dropped.add_metric((*self._labels, reason), count)

    def close(self) -> None:
        """Let go of the spool."""
        self._spool.close()

    def _write(
        self, request: Request, request_id: str, begun: float, answer: Answer | None, error: Exception | None
    ) -> None:
        try:
            self._spool.append(self._record(request, request_id, begun, answer, error))
        except Exception as broken:
            # Nothing that goes wrong with an event may cost the caller the answer.
            self._broken += 1
            if type(broken) not in self._said:
                self._said.add(type(broken))
                log.exception("an event could not be made; more of the kind are only counted")

    def _record(
        self, request: Request, request_id: str, begun: float, answer: Answer | None, error: Exception | None
    ) -> bytes:
        latency_us = int((time.perf_counter() - begun) * 1e6)
        time_us = time.time_ns() // 1000 - latency_us
        form, code, inputs, outputs = form_of(request.path), b"null", b"null", b"null"
        status = 500
        if answer is not None:
            status, inputs, outputs = answer.status, request.body, answer.body
            if self._redact:
                form, inputs, outputs = redact(form, inputs, outputs, self._redact)
            elif MARK[:1] in inputs:
                inputs = _as_text(inputs)
        elif error is not None:
            known = error if isinstance(error, RedspotError) else RedspotError("")
            status, code = status_of(known).value, json.dumps(known.code).encode()
        head = b'%b,"request_id":"%b","time_us":%d,"latency_us":%d,"status":%d,"error":%b,"form":"%b","caller":%b}' % (
            self._start,
            request_id.encode(),
            time_us,
            latency_us,
            status,
            code,
            form.encode(),
            self._caller(request),
        )
        if SHADOW_HEADER in request.headers:
            # The answer is only compared with that of another version.
            head = head[:-1] + b',"shadow":true}'
        return frame(head, inputs, outputs)

    def _caller(self, request: Request) -> bytes:
        """Return the caller's name as JSON; its signature was checked before."""
        signed = request.headers.get(CALLER_HEADER)
        if signed is None:
            return b"null"
        known = self._callers.get(signed)
        if known is None:
            if len(self._callers) >= _MAX_CALLERS:
                self._callers.clear()
            name = base64.urlsafe_b64decode(signed.partition(".")[0]).decode()
            known = self._callers[signed] = json.dumps(name).encode()
        return known


class EventMetrics(Collector):
    """The counters of the events of all models, as Prometheus' registry asks for them."""

    def __init__(self, recorders: Callable[[], Sequence[Recorder]]) -> None:
        self._recorders = recorders

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Return the counters; there are none where events are off."""
        recorders = self._recorders()
        if not recorders:
            return
        names = ("endpoint", "model", "version")
        written = CounterMetricFamily("redspot_events", "Events written to the spool.", labels=names)
        dropped = CounterMetricFamily(
            "redspot_events_dropped", "Events that were not written, by why.", labels=(*names, "reason")
        )
        for each in recorders:
            each.add_counts(written, dropped)
        yield from (written, dropped)


def _as_text(body: bytes) -> bytes:
    """Return a body that holds the first byte of a record's mark, which UTF-8 never does, in a form without it."""
    try:
        content: Any = json.loads(body)
    except ValueError:
        content = body.decode("utf-8", "replace")
    return json.dumps(content).encode()
