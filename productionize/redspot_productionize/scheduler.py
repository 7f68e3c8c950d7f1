"""The scheduler: a controller that queues a run for every schedule that is due."""

from __future__ import annotations

from redspot.clock import Clock
from redspot.jobs.job import JobStore


class Scheduler:
    """Fires schedules; all it knows is in the database, so that any service can go on with it."""

    def __init__(self, jobs: JobStore, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock

    def step(self) -> tuple[str, ...]:
        """Queue what is due now and return the new runs' ids."""
        return self._jobs.fire_due(self._clock.now())
