"""From the spool to the sink: at least once, and nothing is taken away before it has arrived."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from redspot.serving.events.cursor import Cursor
from redspot.serving.events.errors import SpoolInUseError
from redspot.serving.events.event import Event, events_of
from redspot.serving.events.parquet import EVENTS, table_of
from redspot.serving.events.segment import list_segments, private_folder, read_segment
from redspot.serving.events.sink import Sink

log = logging.getLogger("redspot.serving")

ROLL_ROWS = 50_000
ROLL_AGE_S = 60.0
# A batch lives in memory until it has arrived.
_MAX_BATCH_BYTES = 64 * 1024 * 1024


@dataclass(slots=True)
class Batch:
    """What is read and has not arrived.

    Attributes
    ----------
    begun
        When it was begun, by ``time.monotonic``.
    ends
        Up to where each segment was read.
    done
        Segments that nothing will be added to, and that were read to their end.
    """

    begun: float
    events: dict[tuple[str, date], list[Event]] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    rows: int = 0
    size_bytes: int = 0


class Shipping:
    """Ships one spool; the only one to do so as long as it lives.

    Attributes
    ----------
    shipped, damaged
        Rows that have arrived, and places in segments that were skipped.

    Raises
    ------
    SpoolInUseError
        When another process ships the spool.
    """

    def __init__(
        self,
        spool: Path,
        sink: Sink,
        *,
        roll_rows: int = ROLL_ROWS,
        roll_age_s: float = ROLL_AGE_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spool = private_folder(spool)
        self._sink = sink
        self._roll_rows = roll_rows
        self._roll_age_s = roll_age_s
        self._now = now
        self._lock = (spool / "shipper.lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise SpoolInUseError(f"Another shipper reads the spool {str(spool)!r}; one is enough.") from error
        self._cursor = Cursor(spool / "shipper.cursor")
        self._batch = Batch(now())
        self.shipped = self.damaged = 0

    def step(self, *, flush: bool = False) -> bool:
        """Read what is new, and send it when it is enough or old enough, or all of it on `flush`.

        Returns
        -------
        bool
            Whether there may be more to read at once.

        Raises
        ------
        EventSinkError
            When it could not be sent; it is kept, and the next step tries again.
        """
        is_full = self._collect()
        batch = self._batch
        if flush or is_full or self._now() >= batch.begun + self._roll_age_s:
            self._send(batch)
            self._batch = Batch(self._now())
        return is_full

    def close(self) -> None:
        """Let another one ship."""
        self._lock.close()

    def _collect(self) -> bool:
        """Read into the batch; return whether it is full."""
        batch = self._batch
        for segment in list_segments(self._spool):
            name = str(segment.relative_to(self._spool))
            while name not in batch.done:
                if batch.rows >= self._roll_rows or batch.size_bytes >= _MAX_BATCH_BYTES:
                    return True
                begin = batch.ends.get(name, self._cursor.offset(name))
                reading, is_done = read_segment(segment, begin)
                if reading.damaged:
                    self.damaged += reading.damaged
                    log.warning("%s places in %s hold no whole event and were skipped", reading.damaged, name)
                for end, record in reading.records:
                    try:
                        events = events_of(record)
                    # JSON that is nested too deep is told by the stack, not by the parser.
                    except (ValueError, RecursionError) as error:
                        self.damaged += 1
                        log.warning("the event that ends at byte %s of %s cannot be read: %s", end, name, error)
                        continue
                    self._add(events)
                if is_done:
                    batch.done.add(name)
                if reading.end == begin:
                    break
                batch.ends[name] = reading.end
                batch.size_bytes += reading.end - begin
        return False

    def _add(self, events: list[Event]) -> None:
        first = events[0]
        day = datetime.fromtimestamp(first["time"] / 1e6, UTC).date()
        self._batch.events.setdefault((first["endpoint"], day), []).extend(events)
        self._batch.rows += len(events)

    def _send(self, batch: Batch) -> None:
        begins = sorted((name, self._cursor.offset(name)) for name in batch.ends)
        # The same batch gets the same name, so that one that is sent twice is kept once where that can be.
        mark = hashlib.sha256(repr((begins, sorted(batch.ends.items()))).encode()).hexdigest()[:16]
        for (endpoint, day), events in batch.events.items():
            name = f"{min(event['time'] for event in events):016d}-{mark}"
            self._sink.put_events(endpoint, day, name, table_of(events, EVENTS))
        if batch.ends:
            self._cursor.commit(batch.ends)
        for name in batch.done:
            (self._spool / name).unlink(missing_ok=True)
        if batch.done:
            self._cursor.commit({}, batch.done)
        self.shipped += batch.rows
        if batch.rows:
            log.info("shipped %s rows in %s files", batch.rows, len(batch.events))
