"""Removing what is old."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from redspot.clock import as_utc
from redspot.serving.events.errors import EventSettingsError
from redspot.serving.events.sink import Sink

log = logging.getLogger("redspot.serving")


def expire(sink: Sink, keep_days: int, now: datetime) -> int:
    """Remove events and labels of whole days, in UTC, that ended more than `keep_days` days before `now`.

    Returns
    -------
    int
        Number of files removed.

    Raises
    ------
    EventSettingsError
        When `keep_days` is negative.
    """
    if keep_days < 0:
        raise EventSettingsError(
            f"Events cannot be kept for {keep_days} days; 0 keeps those of today.", key="keep_days"
        )
    first = (as_utc(now) - timedelta(days=keep_days)).date()
    old = [stored for stored in (*sink.events(), *sink.feedback()) if stored.day < first]
    for stored in old:
        sink.remove(stored)
    if old:
        log.info("removed %s files from before %s", len(old), first)
    return len(old)
