"""Leases: which service process acts as the controllers, until when."""

from __future__ import annotations

from datetime import timedelta

from redspot.stores.database import Database
from redspot.stores.tables import LeaseRow


class SqlLeases:
    """Gives a lease to one holder at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, *, seconds: float) -> bool:
        """Take or renew the lease; False while another holder's has not expired."""
        now = self._database.clock.now()
        with self._database.write() as session:
            row = session.get(LeaseRow, name, with_for_update=True)
            if row is None:
                session.add(LeaseRow(name=name, holder=holder, expires_at=now + timedelta(seconds=seconds)))
                return True
            if row.holder != holder and row.expires_at > now:
                return False
            row.holder, row.expires_at = holder, now + timedelta(seconds=seconds)
            return True

    def holder(self, name: str) -> str | None:
        """Return who holds the lease now, or None."""
        with self._database.read() as session:
            row = session.get(LeaseRow, name)
            return row.holder if row and row.expires_at > self._database.clock.now() else None

    def release(self, name: str, holder: str) -> None:
        """Give the lease back, so that the next one need not wait."""
        with self._database.write() as session:
            row = session.get(LeaseRow, name)
            if row is not None and row.holder == holder:
                session.delete(row)
