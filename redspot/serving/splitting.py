"""Which arm of an endpoint a request goes to, by the shares of the arms."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

# The fractional part of the golden ratio: multiples of it, modulo 1, are spread more evenly than those of any other
# number (Knuth, The Art of Computer Programming, vol. 3, 6.4, theorem S), so that a share holds soon after a change.
STEP = (math.sqrt(5) - 1) / 2


def point_of(endpoint: str, key: str) -> float:
    """Return the place of a key in [0, 1): the same in every process, and another one at another endpoint.

    Examples
    --------
    >>> round(point_of("penguins", "ada"), 6)
    0.654299
    """
    digest = hashlib.sha256(f"{endpoint}\n{key}".encode("utf-8", "surrogatepass")).digest()
    # As many bits as a float holds exactly.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def spread_points(start: float, count: int) -> list[float]:
    """Return `count` places after `start` that are spread evenly over [0, 1)."""
    return [(start + number * STEP) % 1.0 for number in range(1, count + 1)]


class Split:
    """Places in [0, 1), divided among arms in their order.

    A key keeps its place, so when the last arm grows at the cost of the one before it, keys move into it and
    none moves out.

    Parameters
    ----------
    shares
        One for each arm; those above 0 sum to 1.

    Examples
    --------
    >>> split = Split([0.9, 0.0, 0.1])
    >>> split.at(0.5), split.at(0.95)
    (0, 2)
    """

    def __init__(self, shares: Sequence[float]) -> None:
        self._arms = [number for number, share in enumerate(shares) if share > 0]
        # All but the last: what a rounded sum leaves over is the last arm's.
        self._ends = list(accumulate(shares[number] for number in self._arms))[:-1]

    def at(self, point: float) -> int:
        """Return the number of the arm at a place."""
        return self._arms[bisect_right(self._ends, point)]
