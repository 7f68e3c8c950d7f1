"""Spools: filled without a replica, and read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from redspot.serving.events.event import Event, events_of
from redspot.serving.events.record import frame
from redspot.serving.events.segment import list_segments, read_segment
from redspot.serving.events.settings import EventSettings
from redspot.serving.events.spool import Spool

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Adding = Callable[..., None]


def record(request_id: str, **changes: object) -> bytes:
    """Return a record of one row as a replica writes it; `inputs` and `prediction` may be given."""
    inputs, prediction = changes.pop("inputs", {"beds": 2, "city": "Oslo"}), changes.pop("prediction", 3.0)
    head = {
        "endpoint": "flats",
        "deployment": "d1",
        "model": "price",
        "version": "1",
        "redacted": [],
        "request_id": request_id,
        "time_us": int(NOON.timestamp() * 1e6),
        "latency_us": 500,
        "status": 200,
        "error": None,
        "form": "predict",
        "caller": "ada",
        **changes,
    }
    answer = {"model": "price", "version": "1", "predictions": [{"prediction": prediction}]}
    return frame(json.dumps(head).encode(), json.dumps(inputs).encode(), json.dumps(answer).encode())


def events_in(spool: Path) -> list[Event]:
    """Return the events of a spool, by row and in the order in which they were written."""
    found: list[Event] = []
    for segment in list_segments(spool):
        reading, _ = read_segment(segment, 0, chunk_bytes=1 << 30)
        assert not reading.damaged
        found += [event for _, record in reading.records for event in events_of(record)]
    return found


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(EventSettings(tmp_path / "spool", segment_bytes=20_000))
    yield spool
    spool.close()
