from __future__ import annotations

import pytest

from redspot.stores.database import Database
from redspot.stores.leases import SqlLeases
from redspot.stores.tokens import SqlTokenStore
from tests.clock import SetClock


def test_one_holder_at_a_time(database: Database, clock: SetClock) -> None:
    leases = SqlLeases(database)
    assert leases.acquire("x", "a", seconds=5)
    assert not leases.acquire("x", "b", seconds=5)
    assert leases.acquire("x", "a", seconds=5)
    clock.forward(seconds=6)
    assert leases.holder("x") is None
    assert leases.acquire("x", "b", seconds=5)
    leases.release("x", "a")
    assert leases.holder("x") == "b"
    leases.release("x", "b")
    assert leases.holder("x") is None


def test_tokens_are_kept_as_hashes_and_expire(database: Database, clock: SetClock) -> None:
    tokens = SqlTokenStore(database)
    made = tokens.add("t", owner="ada", endpoints=("front",), days=1)
    (grant,) = tokens.grants()
    assert grant.endpoints == ("front",)
    assert made.token not in grant.digest
    clock.forward(days=2)
    assert tokens.grants() == ()


def test_a_token_needs_a_name(database: Database) -> None:
    with pytest.raises(Exception, match="not a valid name"):
        SqlTokenStore(database).add("", owner="ada", endpoints=None, days=1)
