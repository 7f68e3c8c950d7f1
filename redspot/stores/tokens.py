"""Tokens that call endpoints: shown once, kept as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from redspot.contracts.replies import NewToken
from redspot.ids import new_id, parse_name
from redspot.registry.token import Token, TokenNotFoundError
from redspot.stores import audit
from redspot.stores.database import Database
from redspot.stores.tables import TokenRow

# So long the router says of a token that it has expired, and not that it knows none such.
_REMEMBERED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What the holder of a token may call; `digest` is 64 hexadecimal digits, `endpoints` None means all."""

    digest: str
    owner: str
    endpoints: tuple[str, ...] | None
    rate_per_s: float | None
    burst: int | None
    expires_at: datetime


class SqlTokenStore:
    """Makes, lists and ends the tokens that the router lets in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        name: str,
        *,
        owner: str,
        endpoints: tuple[str, ...] | None,
        days: int,
        rate_per_s: float | None = None,
        burst: int | None = None,
    ) -> NewToken:
        """Make a token of 256 random bits."""
        parse_name(name, "token")
        now = self._database.clock.now()
        row = TokenRow(
            name=name,
            owner=owner,
            endpoints=None if endpoints is None else list(endpoints),
            expires_at=now + timedelta(days=days),
            rate_per_s=rate_per_s,
            burst=burst,
        )
        with self._database.write() as session:
            made = _add(session, row, now)
            audit.note(session, now, owner, "make-token", row.id, name=name, days=days)
        return made

    def tokens(self, owner: str) -> tuple[Token, ...]:
        """Return somebody's tokens that are taken now, newest first."""
        query = select(TokenRow).where(
            TokenRow.owner == owner, TokenRow.revoked_at.is_(None), TokenRow.expires_at > self._database.clock.now()
        )
        with self._database.read() as session:
            return tuple(map(_token, session.scalars(query.order_by(TokenRow.id.desc()))))

    def rotate(self, token_id: str, *, owner: str, grace_s: float) -> NewToken:
        """Make another token like one of somebody's, which itself ends after `grace_s` seconds (TokenNotFoundError)."""
        now = self._database.clock.now()
        with self._database.write() as session:
            old = _row(session, token_id, owner, now)
            row = TokenRow(
                name=old.name,
                owner=old.owner,
                endpoints=old.endpoints,
                expires_at=now + (old.expires_at - old.created_at),
                rate_per_s=old.rate_per_s,
                burst=old.burst,
            )
            old.expires_at = min(old.expires_at, now + timedelta(seconds=grace_s))
            made = _add(session, row, now)
            audit.note(session, now, owner, "rotate-token", old.id, made=made.id, grace_s=grace_s)
        return made

    def revoke(self, token_id: str, *, owner: str) -> Token:
        """End one of somebody's tokens now (TokenNotFoundError)."""
        now = self._database.clock.now()
        with self._database.write() as session:
            row = _row(session, token_id, owner, now)
            row.revoked_at = now
            audit.note(session, now, owner, "revoke-token", row.id, name=row.name)
            return _token(row)

    def grants(self) -> tuple[TokenGrant, ...]:
        """Return what tokens allow, those that have expired lately included."""
        since = self._database.clock.now() - _REMEMBERED
        query = select(TokenRow).where(TokenRow.revoked_at.is_(None), TokenRow.expires_at > since)
        with self._database.read() as session:
            return tuple(
                TokenGrant(row.digest, row.owner, _endpoints(row), row.rate_per_s, row.burst, row.expires_at)
                for row in session.scalars(query.order_by(TokenRow.id))
            )


def _add(session: Session, row: TokenRow, now: datetime) -> NewToken:
    secret = f"rsp_{secrets.token_urlsafe(32)}"
    row.id, row.digest, row.created_at = new_id("t"), hashlib.sha256(secret.encode()).hexdigest(), now
    session.add(row)
    return NewToken(row.id, row.name, secret, row.expires_at)


def _row(session: Session, token_id: str, owner: str, now: datetime) -> TokenRow:
    row = session.get(TokenRow, token_id)
    if row is None or row.owner != owner or row.revoked_at is not None or row.expires_at <= now:
        raise TokenNotFoundError(f"{owner} has no token {token_id!r} that is still taken.", token=token_id)
    return row


def _token(row: TokenRow) -> Token:
    return Token(
        row.id, row.name, row.owner, _endpoints(row), row.rate_per_s, row.burst, row.created_at, row.expires_at
    )


def _endpoints(row: TokenRow) -> tuple[str, ...] | None:
    return None if row.endpoints is None else tuple(row.endpoints)
