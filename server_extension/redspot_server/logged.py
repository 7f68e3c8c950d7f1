"""The newest requests of an endpoint, by their events: those still in the spool, and those that were shipped."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redspot.contracts.replies import LoggedRequest, RecentRequests
from redspot.errors import MissingExtraError
from redspot.registry.standing import Standing
from redspot.serving.events import joined
from redspot.serving.events.event import events_of
from redspot.serving.events.record import MARK, read_records
from redspot.serving.events.segment import list_segments
from redspot_server.services import Services

_log = logging.getLogger(__name__)
_TAIL_BYTES = 256 * 1024
_SINCE = timedelta(days=1)


def logged_requests(services: Services, standing: Standing, *, limit: int) -> RecentRequests:
    """Return at most `limit` rows of the newest requests; of each segment the last 256 KiB are read.

    Raises
    ------
    EventSinkError
        When what was shipped cannot be read.
    """
    sample = standing.applied.definition.log_sample
    if not (services.config.events_sample if sample is None else sample):
        return RecentRequests((), "No requests are kept: set log_sample in the endpoint's definition.")
    found = {_key(event): _of_spool(event) for event in _spooled(services.config.spool_dir / standing.name)}
    note = ""
    if len(found) < limit:
        now = services.clock.now()
        try:
            table = joined(services.config.events, endpoint=standing.name, since=now - _SINCE, until=None, most=limit)
        except MissingExtraError as error:
            note = f"Only requests that were not shipped yet are shown: {error.message}"
        else:
            # Labels are of no interest here, and those of the spool are the newest.
            shipped = table.slice(max(0, table.num_rows - limit)).to_pylist()
            found = {_key_of_shipped(event): _of_parquet(event) for event in shipped} | found
    newest = sorted(found.values(), key=lambda each: (each.at, -each.row), reverse=True)
    return RecentRequests(tuple(newest[:limit]), note)


def _spooled(folder: Path) -> Iterator[Mapping[str, Any]]:
    for segment in list_segments(folder):
        try:
            with segment.open("rb") as file:
                file.seek(max(0, segment.stat().st_size - _TAIL_BYTES))
                data = file.read(_TAIL_BYTES)
        except FileNotFoundError:
            continue  # shipped meanwhile
        begin = data.find(MARK)
        if begin < 0:
            continue
        for _, record in read_records(data[begin:], is_whole=False).records:
            try:
                yield from events_of(record)
            except ValueError as error:
                _log.debug("an event of %s cannot be read: %s", segment, error)


def _key(event: Mapping[str, Any]) -> tuple[str, int, int, str]:
    return event["request_id"], event["row"], event["time"], event["deployment"]


def _key_of_shipped(event: Mapping[str, Any]) -> tuple[str, int, int, str]:
    since_1970 = event["time"] - datetime(1970, 1, 1, tzinfo=UTC)
    return event["request_id"], event["row"], since_1970 // timedelta(microseconds=1), event["deployment"]


def _of_spool(event: Mapping[str, Any]) -> LoggedRequest:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=event["time"])
    return _of_parquet({**event, "time": at})


def _of_parquet(event: Mapping[str, Any]) -> LoggedRequest:
    return LoggedRequest(
        event["request_id"],
        event["row"],
        event["time"],
        event["deployment"],
        f"{event['model']}@{event['version']}",
        event["caller"],
        event["status"],
        event["latency_us"] / 1000,
        event["error"],
        bool(event["shadow"]),
        tuple(event["redacted"] or ()),
        _value(event["inputs"]),
        _value(event["outputs"]),
    )


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)
