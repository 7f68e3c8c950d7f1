"""Removing what is old."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from redspot.clock import as_utc
from redspot.serving.events.errors import EventSettingsError
from redspot.serving.events.sink import Sink

log = logging.getLogger("redspot.serving")


def expire(sink: Sink, keep_days: int | None, now: datetime, of: Mapping[str, int | None] | None = None) -> int:
    """Remove events and labels of whole days, in UTC, that ended more than `keep_days` days before `now`.

    Parameters
    ----------
    keep_days
        None keeps them for ever.
    of
        The same for the events of some endpoints, by name.

    Returns
    -------
    int
        Number of files removed.

    Raises
    ------
    EventSettingsError
        When a number of days is negative.
    """
    days: dict[str | None, int | None] = {None: keep_days}
    days.update(of or {})
    for each in days.values():
        if each is not None and each < 0:
            raise EventSettingsError(f"Events cannot be kept for {each} days; 0 keeps those of today.", key="keep_days")
    today = as_utc(now)
    first = {name: None if each is None else (today - timedelta(days=each)).date() for name, each in days.items()}
    old = []
    for stored in (*sink.events(), *sink.feedback()):
        begin = first.get(stored.endpoint, first[None])
        if begin is not None and stored.day < begin:
            old.append(stored)
    for stored in old:
        sink.remove(stored)
    if old:
        log.info("removed %s files that are past their days", len(old))
    return len(old)
