"""Forgetting somebody: every event that holds a value under a name, and the labels that belong to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from redspot.errors import JsonScalar
from redspot.serving.events.errors import EventSettingsError
from redspot.serving.events.sink import Sink

_OWN = ("request_id", "caller")


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: rows of events, labels, and the files that were written anew or removed for it."""

    events: int
    labels: int
    files: int


def erase(url: str, key: str, value: JsonScalar, *, endpoint: str | None = None) -> Erased:
    """Remove every event whose `key` is `value`, wherever it is kept; no row is left and no file holds one.

    What is still in a spool arrives later: erase again once its shipper has sent it, at the latest after the age
    at which it sends.

    Parameters
    ----------
    key
        A column of the inputs or outputs, at any depth, or ``request_id`` or ``caller``.
    endpoint
        Only of this one; of all by default.

    Raises
    ------
    EventSettingsError
        When the value is null, which so many rows have.
    """
    if value is None:
        raise EventSettingsError(f"Which events to erase has to be said by a value of {key!r}; null is none.", key=key)
    sink = Sink(url)
    gone: set[tuple[str, int]] = set()
    files = 0
    for stored in sink.events(endpoint):
        table = sink.read(stored)
        meant = [_is_meant(row, key, value) for row in _rows(table, ("request_id", "caller", "inputs", "outputs"))]
        if any(meant):
            names = _rows(table, ("request_id", "row"))
            gone.update((row["request_id"], row["row"]) for row, hit in zip(names, meant, strict=True) if hit)
            sink.replace(stored, table.filter([not hit for hit in meant]))
            files += 1
    labels = 0
    for stored in sink.feedback() if gone else ():
        table = sink.read(stored)
        meant = [(row["request_id"], row["row"]) in gone for row in _rows(table, ("request_id", "row"))]
        if any(meant):
            sink.replace(stored, table.filter([not hit for hit in meant]))
            labels, files = labels + sum(meant), files + 1
    return Erased(len(gone), labels, files)


def _rows(table: Any, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.select(list(columns)).to_pylist()
    return rows


def _is_meant(row: dict[str, Any], key: str, value: JsonScalar) -> bool:
    if key in _OWN:
        return bool(row[key] == value)
    texts = [row[name] for name in ("inputs", "outputs") if row[name] is not None]
    # As JSON is written the name is in it, so what has it not need not be read.
    quoted = json.dumps(key)
    return any(quoted in text and _holds(json.loads(text), key, value) for text in texts)


def _holds(content: Any, key: str, value: JsonScalar) -> bool:
    if isinstance(content, dict):
        # True is 1 in Python, but not in JSON.
        own = content.get(key)
        if own == value and isinstance(own, bool) == isinstance(value, bool):
            return True
        return any(_holds(each, key, value) for each in content.values())
    return isinstance(content, list) and any(_holds(each, key, value) for each in content)
