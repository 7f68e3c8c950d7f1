"""An end for a worker that hangs: code that never comes back cannot be interrupted, but its process can be replaced."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal

log = logging.getLogger("redspot.serving")

HUNG = 5


class Watchdog:
    """Ends this process when its event loop stands still for too long.

    The watch is a thread of the interpreter's own that needs no lock of it: it also sees a loop that hangs in C. It
    writes where the process hangs to standard error and ends it with status 1; whoever started it starts another.

    Parameters
    ----------
    seconds
        How long the loop may stand still.

    Attributes
    ----------
    has_given_up
        Whether the process is ending because something of it does not come back.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.has_given_up = False

    async def keep(self) -> None:
        """Say every now and then that the loop runs, until cancelled."""
        try:
            while not self.has_given_up:
                faulthandler.dump_traceback_later(self._seconds, exit=True)
                await asyncio.sleep(min(1.0, self._seconds / 4))
        finally:
            if not self.has_given_up:
                faulthandler.cancel_dump_traceback_later()

    def give_up(self, sentence: str) -> None:
        """End the process in order, since a part of it hangs: what is under way is answered before."""
        if self.has_given_up:
            return
        log.error("%s: this process ends, to be replaced", sentence)
        self.has_given_up = True
        os.kill(os.getpid(), signal.SIGTERM)
