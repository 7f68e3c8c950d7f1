"""The events of one stretch of time, as monitors read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from redspot.clock import as_utc
from redspot.serving.monitors.signal import Span


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What was asked and answered from a time, inclusive, to another, exclusive.

    Attributes
    ----------
    statuses
        int64, one per request: its HTTP status.
    latencies_ms
        float64, one per request: milliseconds within the replica.
    rows
        Number of rows that were answered, also of those whose inputs were sent in a form that nobody reads.
    inputs, outputs
        Of each row that was answered and that could be read by row.
    labels
        What turned out to be true of each of these rows; None where it is not known.
    redacted
        Columns whose values were left out.
    """

    span: Span
    statuses: NDArray[np.int64]
    latencies_ms: NDArray[np.float64]
    rows: int
    inputs: tuple[Mapping[str, Any], ...]
    outputs: tuple[Mapping[str, Any], ...]
    labels: tuple[Any, ...]
    redacted: frozenset[str]

    @classmethod
    def of(
        cls,
        events: Iterable[Mapping[str, Any]],
        since: datetime,
        until: datetime,
        *,
        version: str | None = None,
        shadow: bool = False,
    ) -> Self:
        """Return the window of the events between two aware times.

        Parameters
        ----------
        events
            Rows of `redspot.serving.events.joined`, as ``to_pylist()`` gives them.
        version
            Only of this one; versions are not told apart otherwise.
        shadow
            Those of requests that were mirrored, in place of those that callers sent.
        """
        span = Span(as_utc(since), as_utc(until))
        chosen = [
            event
            for event in events
            if span.begin <= event["time"] < span.end
            and version in (None, event["version"])
            and bool(event.get("shadow")) is shadow
        ]
        # Every request has a row 0, be it that of its error.
        requests = [event for event in chosen if event["row"] == 0]
        answered = [event for event in chosen if event["status"] < 400]
        read = [(_read(event["inputs"]), _read(event["outputs"]), event) for event in answered]
        usable = [(one, other, event) for one, other, event in read if isinstance(other, dict)]
        usable = [
            (one, other, event) for one, other, event in usable if isinstance(one, dict) and "prediction" in other
        ]
        return cls(
            span,
            np.array([event["status"] for event in requests], dtype=np.int64),
            np.array([event["latency_us"] / 1000 for event in requests], dtype=np.float64),
            len(answered),
            tuple(one for one, _, _ in usable),
            tuple(other for _, other, _ in usable),
            tuple(_read(event.get("label")) for _, _, event in usable),
            frozenset(name for event in chosen for name in event["redacted"] or ()),
        )


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)
