from __future__ import annotations

from redspot.stores.database import Database
from redspot.stores.leases import SqlLeases
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
