"""A unit of which an installation has exactly one, adopted by every next service."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

from redspot_productionize.runner import unit_environment

from redspot.compute.unit import Limits, UnitKind, UnitNotFoundError, UnitPhase, UnitSpec, UnitStatus
from redspot_server.services import Services

_RETRY_S = 5.0


class KeptUnit:
    """Keeps one unit of a kind running; another command line replaces it.

    Parameters
    ----------
    argv
        Returns the command line; None when there shall be no such unit.
    """

    def __init__(self, services: Services, kind: UnitKind, argv: Callable[[Services], tuple[str, ...] | None]) -> None:
        self._services = services
        self._kind = kind
        self._argv = argv
        self._failed_at: float | None = None

    def step(self) -> None:
        """Adopt the unit that runs, or start one."""
        newest = newest_unit(self._services, self._kind)
        is_up = newest is not None and newest.phase in (UnitPhase.STARTING, UnitPhase.RUNNING)
        argv = self._argv(self._services)
        if argv is None:
            if newest is not None and is_up:
                self._services.backend.stop(newest.unit_id)
            return
        mark = hashlib.sha256(json.dumps(argv).encode()).hexdigest()[:8]
        if newest is not None and is_up:
            if newest.unit_id.endswith(mark):
                return
            self._services.backend.stop(newest.unit_id)
        elif newest is not None and self._must_wait():
            return
        number = _number(newest.unit_id) + 1 if newest else 1
        folder = self._services.config.work_dir / self._kind
        self._services.backend.start(
            UnitSpec(
                f"{self._kind}-{number}-{mark}",
                self._kind,
                argv,
                folder,
                unit_environment(folder),
                Limits(),
                "redspot",
            )
        )
        for unit_id in kept_ids(self._services, self._kind)[:-3]:
            self._services.backend.forget(unit_id)

    def _must_wait(self) -> bool:
        """Return whether the last start failed a moment ago, for instance because a port is taken."""
        now = time.monotonic()
        if self._failed_at is None:
            self._failed_at = now
        if now - self._failed_at < _RETRY_S:
            return True
        self._failed_at = None
        return False


def kept_ids(services: Services, kind: UnitKind) -> list[str]:
    """Return the ids of the units of a kind, oldest first."""
    return sorted((unit for unit in services.backend.unit_ids() if unit.startswith(f"{kind}-")), key=_number)


def newest_unit(services: Services, kind: UnitKind) -> UnitStatus | None:
    """Return the unit of a kind that was started last, as it is now."""
    ids = kept_ids(services, kind)
    try:
        return services.backend.observe(ids[-1]) if ids else None
    except UnitNotFoundError:
        return None


def _number(unit_id: str) -> int:
    return int(unit_id.split("-")[1])
