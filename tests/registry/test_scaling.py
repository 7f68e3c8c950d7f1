from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from redspot.registry.definition import EndpointDefinition
from redspot.registry.scaling import DOWN_WINDOW_S, Load, trimmed, wanted_replicas


def definition(least: int = 1, most: int = 8, target: float = 4.0, idle_s: float = 30.0) -> EndpointDefinition:
    return EndpointDefinition(
        "front", model="m@1", min_replicas=least, max_replicas=most, target_in_flight=target, idle_s=idle_s
    )


def run(
    wanted: EndpointDefinition, in_flight: Callable[[float], int], seconds: float, current: int = 1
) -> list[tuple[float, int]]:
    """Return when the number of replicas changed, and to what, looked at twice a second."""
    history: tuple[Load, ...] = ()
    changes, requests = [], 0
    for tick in range(int(seconds * 2)):
        now = tick / 2
        load = in_flight(now)
        requests += load
        at_work = load if current else 0
        history = (*trimmed(history, wanted, now), Load(now, at_work, load - at_work, requests))
        next_number = wanted_replicas(history, wanted, now, current=current)
        if next_number != current:
            changes.append((now, next_number))
            current = next_number
    return changes


def test_a_steady_load_gets_what_it_needs_at_once_and_keeps_it() -> None:
    assert run(definition(), lambda _: 16, 200) == [(0.0, 4)]


def test_a_load_that_is_gone_gives_back_after_a_minute() -> None:
    changes = run(definition(), lambda now: 16 if now < 30 else 0, 200)
    assert changes[0] == (0.0, 4)
    assert changes[-1][1] == 1
    assert 30 + DOWN_WINDOW_S - 5 < changes[-1][0] < 30 + DOWN_WINDOW_S + 5


def test_a_load_that_comes_and_goes_does_not_flap() -> None:
    changes = run(definition(), lambda now: 16 if now % 20 < 10 else 0, 400)
    assert changes == [(0.0, 4)]


def test_what_nobody_asks_sleeps_and_a_request_wakes_it() -> None:
    wanted = definition(least=0, idle_s=30.0)
    changes = run(wanted, lambda now: 1 if now < 10 or 100 <= now < 110 else 0, 200)
    assert [number for _, number in changes] == [0, 1, 0]
    assert 39 < changes[0][0] < 42
    assert changes[1][0] == 100


def test_short_requests_between_two_looks_keep_it_awake() -> None:
    wanted = definition(least=0, idle_s=30.0)
    history = tuple(Load(float(second), 0, 0, second // 10) for second in range(120))
    assert wanted_replicas(history, wanted, 119.0, current=1) == 1


def test_without_history_nothing_changes() -> None:
    assert wanted_replicas((), definition(), 0.0, current=5) == 5
    assert wanted_replicas((Load(0.0, 0, 0, 0),), definition(least=0), 0.0, current=5) == 5


loads = st.builds(Load, st.floats(0, 500), st.integers(0, 200), st.integers(0, 50), st.integers(0, 1000))


@given(
    st.lists(loads, max_size=40),
    st.integers(0, 3),
    st.integers(3, 12),
    st.floats(0.1, 50),
    st.integers(0, 20),
)
def test_the_bounds_always_hold(history: list[Load], least: int, most: int, target: float, current: int) -> None:
    history.sort(key=lambda load: load.at_s)
    wanted = definition(least, most, target)
    now = history[-1].at_s if history else 0.0
    number = wanted_replicas(history, wanted, now, current=current)
    assert least <= number <= most
    if history and (history[-1].held or history[-1].in_flight):
        assert number >= 1


@given(st.integers(1, 60), st.floats(0.5, 20), st.integers(1, 12))
def test_more_load_never_wants_fewer(in_flight: int, target: float, current: int) -> None:
    wanted = definition(1, 12, target)

    def number(load: int) -> int:
        history = tuple(Load(second / 2, load, 0, 0) for second in range(200))
        return wanted_replicas(history, wanted, 99.5, current=current)

    assert number(in_flight) <= number(in_flight + 1)
