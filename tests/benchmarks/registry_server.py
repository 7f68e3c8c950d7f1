"""Redspot's service, with SQLite synced at every commit, as MLflow's is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from redspot.__main__ import main


def sync_fully(connection: Any, *_: object) -> None:
    """Have every commit wait for the disk."""
    connection.execute("PRAGMA synchronous=FULL")


event.listen(Pool, "checkout", sync_fully)
raise SystemExit(main())
