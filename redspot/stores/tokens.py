"""Tokens that call endpoints: shown once, kept as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from redspot.contracts.replies import NewToken
from redspot.ids import new_id, parse_name
from redspot.stores import audit
from redspot.stores.database import Database
from redspot.stores.tables import TokenRow


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What the holder of a token may call; `digest` is 64 hexadecimal digits, `endpoints` None means all."""

    digest: str
    owner: str
    endpoints: tuple[str, ...] | None


class SqlTokenStore:
    """Makes and lists the tokens that the router lets in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, *, owner: str, endpoints: tuple[str, ...] | None, days: int) -> NewToken:
        """Make a token of 256 random bits."""
        parse_name(name, "token")
        now = self._database.clock.now()
        secret = f"rsp_{secrets.token_urlsafe(32)}"
        row = TokenRow(
            id=new_id("t"),
            name=name,
            owner=owner,
            digest=hashlib.sha256(secret.encode()).hexdigest(),
            endpoints=None if endpoints is None else list(endpoints),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        with self._database.write() as session:
            session.add(row)
            audit.note(session, now, owner, "make-token", row.id, name=name, days=days)
        return NewToken(row.id, name, secret, row.expires_at)

    def grants(self) -> tuple[TokenGrant, ...]:
        """Return what the unexpired tokens allow."""
        query = select(TokenRow).where(TokenRow.expires_at > self._database.clock.now()).order_by(TokenRow.id)
        with self._database.read() as session:
            return tuple(
                TokenGrant(row.digest, row.owner, None if row.endpoints is None else tuple(row.endpoints))
                for row in session.scalars(query)
            )
