"""Where a replica writes events before it answers: bounded, never waiting for anybody."""

from __future__ import annotations

import logging
import os
import time

from redspot.serving.events.segment import create_segment, private_folder, size_of
from redspot.serving.events.settings import EventSettings

log = logging.getLogger("redspot.serving")

# A full spool is looked at again, and a broken one tried again, no more often than this.
_PAUSE_S = 0.5
# Other workers write to the same folder: after so many bytes of one's own the whole is measured again.
_MEASURE_BYTES = 1024 * 1024


class Spool:
    """Appends records to segments.

    A record is one ``write``: it is in the system's hands before the answer is sent, so it outlives this process.
    Several processes may write to one folder, each its own segments.

    Attributes
    ----------
    written, dropped, failed
        Number of records that were written, had no room, and could not be written.
    """

    def __init__(self, settings: EventSettings) -> None:
        self._settings = settings
        self._folder = private_folder(settings.spool)
        self._handle = -1
        self._owner = 0
        self._size = 0
        self._close_at = 0.0
        self._total = 0
        self._measured = -_MEASURE_BYTES
        self._pause_until = 0.0
        self._said_at = float("-inf")
        self.written = self.dropped = self.failed = 0

    def append(self, record: bytes) -> bool:
        """Write a record; return False when it was dropped. Never raises for what the file system does."""
        now = time.monotonic()
        try:
            if not self._has_room(len(record), now):
                self.dropped += 1
                self._say(now, "the spool is full: events are dropped until its shipper has caught up")
                return False
            self._turn(now)
            written = os.write(self._handle, record)
            if written != len(record):
                raise OSError(f"only {written} of {len(record)} bytes could be written")
        except OSError as error:
            self.failed += 1
            self._pause_until = now + _PAUSE_S
            self._undo()
            self._say(now, f"an event could not be written: {error}")
            return False
        self._size += written
        self._total += written
        self.written += 1
        return True

    def close(self) -> None:
        """Let go of the segment, so that the shipper can be done with it."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1

    def _has_room(self, size: int, now: float) -> bool:
        if now < self._pause_until:
            return False
        limit = self._settings.max_bytes
        if self._total - self._measured >= _MEASURE_BYTES or self._total + size > limit:
            self._total = self._measured = size_of(self._folder)
            if self._total + size > limit:
                self._pause_until = now + _PAUSE_S
                return False
        return True

    def _turn(self, now: float) -> None:
        """Have a segment of this very process that is neither too large nor too old."""
        if self._handle >= 0 and (
            self._owner != os.getpid() or self._size >= self._settings.segment_bytes or now >= self._close_at
        ):
            self.close()
        if self._handle < 0:
            self._handle, _ = create_segment(self._folder)
            self._owner, self._size = os.getpid(), 0
            self._close_at = now + self._settings.segment_age_s

    def _undo(self) -> None:
        """Take back half a record; what follows goes to a new segment in any case."""
        if self._handle < 0:
            return
        try:
            os.ftruncate(self._handle, self._size)
        except OSError as error:
            log.warning("half an event stays in the spool, and will be skipped: %s", error)
        self.close()

    def _say(self, now: float, sentence: str) -> None:
        # Once a minute: a full disk must not fill the log as well.
        if now >= self._said_at + 60:
            self._said_at = now
            log.warning("%s (%s dropped, %s failed so far)", sentence, self.dropped, self.failed)
