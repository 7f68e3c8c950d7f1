"""How many replicas an arm needs, from the requests it had under way: up fast, down slowly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from redspot.registry.definition import EndpointDefinition

# A burst shorter than this starts nothing; a lull shorter than that ends nothing.
UP_WINDOW_S = 2.0
DOWN_WINDOW_S = 60.0
# A replica more for a hair above the target would be ended again at once.
_TOLERANCE = 1.1


@dataclass(frozen=True, slots=True)
class Load:
    """What an arm had to do at a moment.

    Attributes
    ----------
    at_s
        Seconds on any clock that goes forward.
    in_flight
        Requests under way at its replicas.
    held
        Requests that wait for a replica to appear.
    requests
        Requests since the router started.
    """

    at_s: float
    in_flight: int
    held: int
    requests: int


def wanted_replicas(history: Sequence[Load], definition: EndpointDefinition, now_s: float, *, current: int) -> int:
    """Return how many replicas an arm shall have.

    The mean of requests under way in the last two seconds decides upwards at once; downwards the largest such need
    of the last minute does. Without a request for `idle_s` of watched time it may sleep, and one that is held wakes it.

    Parameters
    ----------
    history
        Oldest first; what is missing, after a restart, keeps what there is.
    current
        How many are wanted now.
    """
    least, most = definition.min_replicas, definition.max_replicas
    current = min(max(current, least), most)
    if not history:
        return current
    newest = history[-1]
    if current == 0:
        return min(max(1, _need(newest.in_flight + newest.held, definition)), most) if _is_asked(newest) else 0
    if least == 0 and _is_idle(history, definition.idle_s, now_s):
        return 0
    recent = [load.in_flight + load.held for load in history if now_s - load.at_s <= UP_WINDOW_S]
    need = _need(sum(recent) / len(recent), definition) if recent else current
    if need > current:
        return min(need, most)
    if now_s - history[0].at_s < DOWN_WINDOW_S:
        return current
    lasting = max(_need(mean, definition) for mean in _means(history, now_s))
    return min(current, max(lasting, least, 1))


def trimmed(history: Sequence[Load], definition: EndpointDefinition, now_s: float) -> tuple[Load, ...]:
    """Return the part of the history that later decisions need."""
    oldest = now_s - max(DOWN_WINDOW_S, definition.idle_s if definition.min_replicas == 0 else 0) - UP_WINDOW_S
    return tuple(load for load in history if load.at_s >= oldest)


def _need(in_flight: float, definition: EndpointDefinition) -> int:
    exact = in_flight / definition.target_in_flight
    return math.ceil(exact / _TOLERANCE) if exact > 1 else math.ceil(exact)


def _is_asked(load: Load) -> bool:
    return load.held > 0 or load.in_flight > 0


def _is_idle(history: Sequence[Load], idle_s: float, now_s: float) -> bool:
    if now_s - history[0].at_s < idle_s:
        return False
    last = history[-1]
    # One load from before the stretch tells whether anything came at its very beginning.
    first = max((load for load in history if now_s - load.at_s >= idle_s), key=lambda load: load.at_s)
    within = [load for load in history if load.at_s >= first.at_s]
    return last.requests <= first.requests and not any(_is_asked(load) for load in within)


def _means(history: Sequence[Load], now_s: float) -> list[float]:
    """Return the mean of requests under way in each stretch of two seconds of the last minute."""
    stretches: dict[int, list[int]] = {}
    for load in history:
        age_s = now_s - load.at_s
        if age_s <= DOWN_WINDOW_S:
            stretches.setdefault(int(age_s // UP_WINDOW_S), []).append(load.in_flight + load.held)
    return [sum(each) / len(each) for each in stretches.values()] or [0.0]
