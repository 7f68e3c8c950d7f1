"""Events by row, out of the records of a spool."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from redspot.serving.events.record import Record
from redspot.serving.events.rows import input_rows, output_rows

Event = Mapping[str, Any]
"""One row of one request: a value for each column of `redspot.serving.events.parquet.SCHEMA`."""


def events_of(record: Record) -> list[Event]:
    """Return the events of a record, one per row; a request that failed, or has no rows that are known, has one.

    Raises
    ------
    ValueError
        When the record is not what a replica writes.
    """
    head = json.loads(record.head)
    outputs = json.loads(record.outputs)
    try:
        inputs: Any = json.loads(record.inputs)
    except ValueError:
        inputs = record.inputs.decode("utf-8", "replace")  # such as CSV; kept as the text that it is
    try:
        shared = _shared(head)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the head of the record lacks or misstates {error}") from error
    asked, answered = input_rows(head["form"], inputs), output_rows(head["form"], outputs)
    if asked is None and answered is not None and inputs is None:
        asked = [None] * len(answered)  # type: ignore[list-item]
    if not asked or answered is None or len(asked) != len(answered):
        return [{**shared, "row": 0, "inputs": _text(inputs), "outputs": _text(outputs)}]
    return [
        {**shared, "row": row, "inputs": _text(one), "outputs": _text(other)}
        for row, (one, other) in enumerate(zip(asked, answered, strict=True))
    ]


def _shared(head: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "request_id": str(head["request_id"]),
        "time": int(head["time_us"]),
        "endpoint": str(head["endpoint"]),
        "deployment": str(head["deployment"]),
        "model": str(head["model"]),
        "version": str(head["version"]),
        "caller": _maybe(head["caller"]),
        "status": int(head["status"]),
        "error": _maybe(head["error"]),
        "latency_us": int(head["latency_us"]),
        "redacted": [str(name) for name in head["redacted"]],
        "shadow": head.get("shadow") is True,
    }


def _maybe(value: Any) -> str | None:
    return None if value is None else str(value)


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, separators=(",", ":"))
