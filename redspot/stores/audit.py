"""The audit log: every change of state is a row, written in the transaction that makes it."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session

from redspot.contracts.replies import AuditEntry
from redspot.errors import JsonScalar
from redspot.stores.database import Database
from redspot.stores.tables import AuditRow

how: ContextVar[str] = ContextVar("how", default="controller")
"""From where a change comes: ``browser``, ``server``, ``socket`` or ``controller``; set once per request."""


def note(session: Session, at: datetime, who: str, action: str, target: str, **facts: JsonScalar) -> None:
    """Add a row to the audit log of this transaction."""
    session.add(AuditRow(at=at, who=who, how=how.get(), action=action, target=target, facts=dict(facts)))


def note_on(connection: Connection, at: datetime, who: str, action: str, target: str, **facts: JsonScalar) -> None:
    """Add a row to the audit log of this connection's transaction."""
    values = {"at": at, "who": who[:255], "how": how.get(), "action": action, "target": target[:255], "facts": facts}
    connection.execute(insert(AuditRow), values)


class SqlAuditLog:
    """Reads the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, *, limit: int, before: int | None = None) -> tuple[AuditEntry, ...]:
        """Return entries, newest first, those with ids below `before`."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRow.id < before)
        with self._database.read() as session:
            return tuple(
                AuditEntry(row.id, row.at, row.who, row.how, row.action, row.target, row.facts)
                for row in session.scalars(query)
            )
