"""Several processes that answer with one loaded pipeline: they share its memory and one place to listen."""

from __future__ import annotations

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable
from types import FrameType

log = logging.getLogger("redspot.serving")

_FAILED = 1
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# A worker that ends sooner than this has not served; as many of them in a row as this end the replica.
_SOON_S = 1.0
_MAX_SOON = 3


class Workers:
    """Forked processes, kept at their number until the signal to end.

    Parameters
    ----------
    work
        What each does, given its number from 0; returns its exit status. It is called in a process that has no
        event loop yet.
    """

    def __init__(self, count: int, work: Callable[[int], int]) -> None:
        self._count = count
        self._work = work
        self._numbers: dict[int, int] = {}
        self._begun: dict[int, float] = {}
        self._is_ending = False

    def run(self) -> int:
        """Start all, replace those that end, and return once the signal came and all have ended."""
        for each in _ENDING_SIGNALS:
            signal.signal(each, self._end)
        for number in range(self._count):
            self._start(number)
        status, soon = 0, 0
        while self._numbers:
            pid, ended = os.wait()
            number = self._numbers.pop(pid)
            if self._is_ending:
                status = status or os.waitstatus_to_exitcode(ended)
                continue
            log.error("worker %d ended with status %d", number, os.waitstatus_to_exitcode(ended))
            soon = soon + 1 if time.monotonic() - self._begun[number] < _SOON_S else 0
            if soon >= _MAX_SOON:
                log.error("%d workers in a row ended at once; the replica ends", soon)
                status = _FAILED
                self._end(signal.SIGTERM, None)
            else:
                self._start(number)
        return status

    def _start(self, number: int) -> None:
        # A signal between the fork and the worker's own handlers would be the parent's to handle.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING_SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                self._become(number)
            self._numbers[pid], self._begun[number] = number, time.monotonic()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING_SIGNALS)
        if self._is_ending:
            os.kill(pid, signal.SIGTERM)

    def _become(self, number: int) -> None:
        """Work in the new process, which leaves without what the parent has to tidy up."""
        status = _FAILED
        try:
            for each in _ENDING_SIGNALS:
                signal.signal(each, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING_SIGNALS)
            status = self._work(number)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._is_ending = True
        for pid in tuple(self._numbers):
            os.kill(pid, signal.SIGTERM)
