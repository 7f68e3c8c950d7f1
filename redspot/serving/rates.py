"""How many requests a caller may send: a token bucket for each token."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from redspot.serving.errors import RateLimitedError
from redspot.serving.snapshot import CallerEntry


class Bucket:
    """Fills at a rate, and is emptied by one for each request.

    Parameters
    ----------
    rate_per_s
        How many tokens come each second.
    size
        How many it holds; it begins full.
    now
        The time of a clock that never goes back, in seconds.
    """

    __slots__ = ("_at", "_level", "_rate_per_s", "_size")

    def __init__(self, rate_per_s: float, size: float, now: float) -> None:
        self._rate_per_s, self._size = rate_per_s, size
        self._level, self._at = size, now

    def take(self, now: float) -> float:
        """Take a token and return 0; when there is none, return the seconds until there is.

        Examples
        --------
        >>> bucket = Bucket(2.0, 1.0, now=0.0)
        >>> bucket.take(0.0), bucket.take(0.0), bucket.take(0.5)
        (0.0, 0.5, 0.0)
        """
        self._level = min(self._size, self._level + (now - self._at) * self._rate_per_s)
        self._at = now
        if self._level >= 1:
            self._level -= 1
            return 0.0
        return (1 - self._level) / self._rate_per_s


class Rates:
    """The buckets of those callers that have a rate."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[CallerEntry, Bucket]] = {}

    def take(self, digest: str, caller: CallerEntry) -> None:
        """Count a request of a caller, known by the digest of their token.

        Raises
        ------
        RateLimitedError
            When there were too many; it says when to try again.
        """
        rate = caller.rate_per_s
        if rate is None:
            return
        known, now = self._buckets.get(digest), time.monotonic()
        if known is None or (known[0].rate_per_s, known[0].burst) != (rate, caller.burst):
            known = self._buckets[digest] = (caller, Bucket(rate, max(1.0, caller.burst or rate), now))
        wait_s = known[1].take(now)
        if wait_s > 0:
            raise RateLimitedError(
                f"This token may send {rate:g} requests a second; send this one again later.",
                rate_per_s=rate,
                retry_after_s=math.ceil(wait_s),
            )

    def keep(self, callers: Mapping[str, CallerEntry]) -> None:
        """Forget the callers that are no longer known."""
        self._buckets = {digest: known for digest, known in self._buckets.items() if digest in callers}
