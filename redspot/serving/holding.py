"""Requests that wait while their endpoint has no replica, such as the first after it was scaled to zero."""

from __future__ import annotations

import asyncio
import time

from redspot.registry.endpoint import EndpointUnavailableError
from redspot.serving.errors import EndpointBusyError
from redspot.serving.tally import EndpointTally

MAX_HELD = 1000
MAX_HELD_BYTES = 64 * 1024 * 1024
_RETRY_AFTER_S = 5


class Holding:
    """The requests of one endpoint that wait; each is a future, so that waiting costs nothing.

    Parameters
    ----------
    tally
        Its `held` is how many wait.
    """

    def __init__(self, endpoint: str, tally: EndpointTally) -> None:
        self._endpoint = endpoint
        self._tally = tally
        self._bytes = 0
        self._waiting: set[asyncio.Future[None]] = set()

    async def wait(self, until: float, size: int) -> None:
        """Return when the endpoint has changed.

        Parameters
        ----------
        until
            When to give up, by ``time.monotonic``.
        size
            Bytes of the request's body.

        Raises
        ------
        EndpointBusyError
            When too many wait already, or too many bytes.
        EndpointUnavailableError
            When nothing changed in time.
        """
        within_s = until - time.monotonic()
        if within_s <= 0:
            raise self._unavailable()
        if len(self._waiting) >= MAX_HELD or self._bytes + size > MAX_HELD_BYTES:
            raise EndpointBusyError(
                f"{len(self._waiting)} requests wait for a replica of endpoint {self._endpoint!r} already; send"
                " this one again later.",
                endpoint=self._endpoint,
                retry_after_s=_RETRY_AFTER_S,
            )
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(woken)
        self._bytes += size
        self._tally.held += 1
        try:
            async with asyncio.timeout(within_s):
                await woken
        except TimeoutError as error:
            raise self._unavailable() from error
        finally:
            self._waiting.discard(woken)
            self._bytes -= size
            self._tally.held -= 1

    def wake(self) -> None:
        """Let all look again."""
        for woken in self._waiting:
            if not woken.done():
                woken.set_result(None)

    def _unavailable(self) -> EndpointUnavailableError:
        return EndpointUnavailableError(
            f"Endpoint {self._endpoint!r} has no replica that can answer now.",
            endpoint=self._endpoint,
            retry_after_s=_RETRY_AFTER_S,
        )
