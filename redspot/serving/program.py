"""What replica and router share as programs: a log, an end on SIGTERM, and a last sentence when they cannot start."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import FrameType
from typing import Any

import uvloop

from redspot.errors import RedspotError
from redspot.serving.front import Front

log = logging.getLogger("redspot.serving")

FAILED = 1
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(name: str, main: Callable[[], int], exit_codes: Mapping[type[RedspotError], int]) -> int:
    """Run a program to its end and return its exit status; an error becomes one line on stderr, with its code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        return main()
    except RedspotError as error:
        sys.stderr.write(f"{name}: {error.code}: {error.message}\n")
        return exit_codes.get(type(error), FAILED)


def run_loop(main: Coroutine[Any, Any, None]) -> int:
    """Run the event loop until a coroutine ends."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
    return 0


async def serve_front(front: Front, listening: socket.socket, beside: Iterable[Coroutine[Any, Any, None]] = ()) -> None:
    """Answer what comes in at a socket until SIGTERM; what is to run beside it is cancelled then."""
    ending = Ending()
    tasks = [asyncio.ensure_future(each) for each in beside]
    for task in tasks:
        task.add_done_callback(_note_end)
    try:
        await front.listen([listening])
        await ending.drain(front)
    finally:
        for task in tasks:
            task.cancel()


def _note_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("what runs beside the front has ended", exc_info=error)


class Ending:
    """SIGTERM or SIGINT, heard from now on; a second one changes nothing.

    Not by the loop's own handlers: those give way to the default when the loop closes, and a signal that
    is repeated in that moment would make an orderly end look like a violent one.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number in _ENDING_SIGNALS:
            signal.signal(number, self._hear)

    async def drain(self, front: Front) -> None:
        """Answer until the signal comes, then let what is under way be answered and close."""
        await self._event.wait()
        await front.drain()
        for number in _ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._event.set)
