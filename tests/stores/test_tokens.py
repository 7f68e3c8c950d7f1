from __future__ import annotations

import pytest

from redspot.registry.token import TokenNotFoundError
from redspot.serving.snapshot import token_hash
from redspot.stores.database import Database
from redspot.stores.tokens import SqlTokenStore
from tests.clock import SetClock


@pytest.fixture
def tokens(database: Database) -> SqlTokenStore:
    return SqlTokenStore(database)


def test_tokens_are_kept_as_hashes_and_remembered_a_week_after_they_expire(
    tokens: SqlTokenStore, clock: SetClock
) -> None:
    made = tokens.add("t", owner="ada", endpoints=("front",), days=1, rate_per_s=5.0, burst=10)
    (grant,) = tokens.grants()
    assert (grant.digest, grant.endpoints) == (token_hash(made.token), ("front",))
    assert (grant.rate_per_s, grant.burst, grant.expires_at) == (5.0, 10, made.expires_at)
    clock.forward(days=2)
    assert tokens.tokens("ada") == ()
    assert [each.expires_at for each in tokens.grants()] == [made.expires_at]
    clock.forward(days=7)
    assert tokens.grants() == ()


def test_a_rotated_token_is_taken_for_its_grace(tokens: SqlTokenStore, clock: SetClock) -> None:
    old = tokens.add("t", owner="ada", endpoints=None, days=90, rate_per_s=5.0)
    clock.forward(days=60)
    new = tokens.rotate(old.id, owner="ada", grace_s=3600)
    assert (new.expires_at - clock.at).days == 90
    assert [each.id for each in tokens.tokens("ada")] == [new.id, old.id]
    clock.forward(seconds=3601)
    (left,) = tokens.tokens("ada")
    assert (left.id, left.rate_per_s) == (new.id, 5.0)
    with pytest.raises(TokenNotFoundError, match="still taken"):
        tokens.rotate(old.id, owner="ada", grace_s=0)


def test_a_revoked_token_is_gone_at_once_and_others_tokens_are_nobodys_business(tokens: SqlTokenStore) -> None:
    made = tokens.add("t", owner="ada", endpoints=None, days=90)
    with pytest.raises(TokenNotFoundError, match="bob has no token"):
        tokens.revoke(made.id, owner="bob")
    tokens.revoke(made.id, owner="ada")
    assert tokens.grants() == ()


def test_a_token_needs_a_name(tokens: SqlTokenStore) -> None:
    with pytest.raises(Exception, match="not a valid name"):
        tokens.add("", owner="ada", endpoints=None, days=1)
