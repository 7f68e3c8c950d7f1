"""Events beside what turned out to be true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from redspot.clock import as_utc
from redspot.serving.events.parquet import EVENTS, LABELS, concatenated
from redspot.serving.events.sink import Sink, Stored

if TYPE_CHECKING:
    import pyarrow as pa


def joined(
    url: str,
    *,
    endpoint: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int | None = None,
) -> pa.Table:
    """Return events, each once and in the order of time, with the label of each.

    Parameters
    ----------
    endpoint
        Only of this one; of all by default.
    since, until
        Aware times between which events were made; inclusive and exclusive.
    most
        Only the newest files that hold so many rows together; None reads all.

    Returns
    -------
    pyarrow.Table
        The columns of events, and ``label`` (JSON; null where nothing is known) and ``labelled_at``. The label of a
        request id and row goes to every event that has both: callers may send an id again.
    """
    import pyarrow as pa

    sink = Sink(url)
    stored = [each for each in sink.events(endpoint) if _may_hold(each, since, until)]
    table = _once(_between(concatenated(_newest(sink, stored, most), EVENTS), since, until))
    labels = _labels(sink)
    keys = list(zip(table["request_id"].to_pylist(), table["row"].to_pylist(), strict=True))
    known = [labels.get(key, (None, None)) for key in keys]
    zoned = pa.timestamp("us", tz="UTC")
    table = table.append_column("label", pa.array([label for label, _ in known], pa.string()))
    return table.append_column("labelled_at", pa.array([time for _, time in known], zoned))


def _newest(sink: Sink, stored: list[Stored], most: int | None) -> Iterator[pa.Table]:
    rows = 0
    # Files are named by the time of their first event.
    for each in sorted(stored, key=lambda each: (each.day, each.path), reverse=True):
        table = sink.read(each)
        rows += table.num_rows
        yield table
        if most is not None and rows >= most:
            return


def _labels(sink: Sink) -> dict[tuple[str, int], tuple[str, datetime]]:
    """Return the last label of each prediction."""
    table = concatenated((sink.read(each) for each in sink.feedback()), LABELS).sort_by("time")
    return {(row["request_id"], row["row"]): (row["label"], row["time"]) for row in table.to_pylist()}


def _once(table: pa.Table) -> pa.Table:
    """Return each event once: what was sent twice has the same request id, row, time and deployment."""
    import pyarrow as pa

    numbered = table.append_column("index", pa.array(range(table.num_rows), pa.int64()))
    firsts = numbered.group_by(["request_id", "row", "time", "deployment"]).aggregate([("index", "min")])["index_min"]
    return table.take(firsts).sort_by([("time", "ascending"), ("request_id", "ascending"), ("row", "ascending")])


def _between(table: pa.Table, since: datetime | None, until: datetime | None) -> pa.Table:
    import pyarrow.compute as pc

    for condition in _conditions(pc, since, until):
        table = table.filter(condition)
    return table


def _conditions(pc: Any, since: datetime | None, until: datetime | None) -> Iterator[Any]:
    if since is not None:
        yield pc.field("time") >= as_utc(since)
    if until is not None:
        yield pc.field("time") < as_utc(until)


def _may_hold(stored: Stored, since: datetime | None, until: datetime | None) -> bool:
    if since is not None and stored.day < as_utc(since).date() - timedelta(days=1):
        return False
    return until is None or stored.day <= as_utc(until).date()
