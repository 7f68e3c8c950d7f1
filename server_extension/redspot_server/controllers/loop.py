"""The controllers' threads: each steps while this service holds the lease."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable

from redspot.ids import new_id
from redspot.stores.leases import SqlLeases
from redspot_server.health import LEASE

_log = logging.getLogger(__name__)
_LEASE_S = 6.0
_RENEW_S = 1.0
_AFTER_ERROR_S = 2.0


class Controllers:
    """Runs the steps of all controllers, each in a thread of its own, while the lease is held.

    Parameters
    ----------
    steps
        Name → (step, seconds between two steps).
    """

    def __init__(self, leases: SqlLeases, steps: dict[str, tuple[Callable[[], object], float]]) -> None:
        self._leases = leases
        self._steps = steps
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{new_id('h')}"
        self._leading = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; returns at once."""
        self._threads = [threading.Thread(target=self._keep_lease, name="lease", daemon=True)]
        for name, (step, seconds) in self._steps.items():
            self._threads.append(threading.Thread(target=self._run, args=(name, step, seconds), name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the loops and give the lease back; units go on."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=15)
        self._leases.release(LEASE, self._holder)

    def _keep_lease(self) -> None:
        while not self._stopping.is_set():
            try:
                held = self._leases.acquire(LEASE, self._holder, seconds=_LEASE_S)
            except Exception:
                _log.exception("the lease cannot be renewed; controllers pause")
                held = False
            if held and not self._leading.is_set():
                _log.info("this service now leads the controllers")
            (self._leading.set if held else self._leading.clear)()
            self._stopping.wait(_RENEW_S)

    def _run(self, name: str, step: Callable[[], object], seconds: float) -> None:
        while not self._stopping.is_set():
            if not self._leading.wait(timeout=0.5):
                continue
            pause = seconds
            try:
                step()
            except Exception:
                _log.exception("controller %s failed; it tries again", name)
                pause = _AFTER_ERROR_S
            self._stopping.wait(pause)
