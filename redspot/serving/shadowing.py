"""Requests sent again to a version that is tried out: after the caller's answer, and never at the caller's cost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redspot.errors import RedspotError
from redspot.serving.answer import Answer, Request
from redspot.serving.comparing import Comparison, compare_answers
from redspot.serving.splitting import STEP
from redspot.serving.tally import ArmTally, ShadowTally

TIMEOUT_S = 10.0
MAX_UNDER_WAY = 8
MAX_WAITING = 128
# Of a request, and of its answer: what is larger costs the router more than it shows.
MAX_BYTES = 256 * 1024
# Larger answers are compared in a thread, so that nobody waits for it.
_THREAD_FROM_BYTES = 8 * 1024

_OK = 200


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A request that a live arm has answered.

    Attributes
    ----------
    path
        Within the endpoint, without the query.
    caller
        Name of who asked.
    trace
        W3C ``traceparent``.
    """

    request: Request
    path: str
    caller: str
    trace: str
    answer: Answer


Sending = Callable[[Mirrored], Awaitable[Answer]]


class Mirror:
    """Sends a share of an endpoint's requests to one shadow arm.

    Parameters
    ----------
    send
        Sends a request to the arm and returns its answer, or raises a `RedspotError`.
    """

    def __init__(self, tally: ArmTally, send: Sending) -> None:
        if tally.shadow is None:
            tally.shadow = ShadowTally()
        self._tally = tally.shadow
        self._send = send
        self._turn = 0.0
        self._waiting: deque[Mirrored] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self.share = 0.0

    def offer(self, mirrored: Mirrored) -> None:
        """Take a request when it is its turn by the share; drop and count it when too much waits."""
        self._turn = (self._turn + STEP) % 1.0
        if self._turn >= self.share:
            return
        if max(len(mirrored.request.body), len(mirrored.answer.body)) > MAX_BYTES:
            self._tally.dropped += 1
        elif len(self._tasks) < MAX_UNDER_WAY:
            task = asyncio.get_running_loop().create_task(self._work(mirrored))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(self._waiting) < MAX_WAITING:
            self._waiting.append(mirrored)
        else:
            self._tally.dropped += 1

    def close(self) -> None:
        """Take nothing more and give up what is under way."""
        self.share = 0.0
        self._tally.dropped += len(self._waiting)
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()

    async def _work(self, first: Mirrored) -> None:
        mirrored: Mirrored | None = first
        while mirrored is not None:
            await self._mirror(mirrored)
            mirrored = self._waiting.popleft() if self._waiting else None

    async def _mirror(self, mirrored: Mirrored) -> None:
        tally = self._tally
        tally.mirrored += 1
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await self._send(mirrored)
        except (RedspotError, TimeoutError):
            tally.errors += 1
            return
        if answer.status != _OK or len(answer.body) > MAX_BYTES:
            tally.errors += 1
            return
        found = await _compared(mirrored.answer.body, answer.body)
        tally.note(found.is_equal, found.difference)


async def _compared(live: bytes, shadow: bytes) -> Comparison:
    if len(live) < _THREAD_FROM_BYTES:
        return compare_answers(live, shadow)
    return await asyncio.to_thread(compare_answers, live, shadow)


def is_mirrored(path: str, answer: Answer) -> bool:
    """Return whether a request of that path, with that answer, is a prediction that another version may be asked."""
    return answer.status == _OK and (path in ("/predict", "/invocations") or path.endswith("/infer"))


def path_for(path: str, model: str, version: str) -> str:
    """Return the path at which a version answers what was asked of another.

    Examples
    --------
    >>> path_for("/v2/models/species/versions/1/infer", "species", "2")
    '/v2/models/species/versions/2/infer'
    """
    return f"/v2/models/{model}/versions/{version}/infer" if path.endswith("/infer") else path
