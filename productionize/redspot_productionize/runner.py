"""The runner: a controller that takes every run from queued to its end.

Level-triggered: each step looks at the rows and at the units, and does what is missing. Nothing is
remembered in between, so a service that was killed is followed by one that goes on.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from redspot.artifacts import ArtifactStore
from redspot.clock import Clock
from redspot.compute.instance import InstanceType, find_instance_type
from redspot.compute.unit import (
    ComputeBackend,
    ExitReason,
    UnitExistsError,
    UnitKind,
    UnitNotFoundError,
    UnitPhase,
    UnitSpec,
)
from redspot.errors import RedspotError
from redspot.jobs.job import Job, JobStore
from redspot.jobs.parameter import ParameterKind
from redspot.jobs.run import Run, RunEnd, RunFailure, RunState, RunStore
from redspot_productionize.outcome import collect_outcome
from redspot_productionize.papers import Order, RunFolder, read_progress, write_order

_log = logging.getLogger(__name__)
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "PYTHONPATH", "VIRTUAL_ENV", "JUPYTER_PATH", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Runner:
    """Starts, watches and ends runs.

    Attributes
    ----------
    work_dir
        Folder of the runs' own folders.
    max_runs
        Runs at a time; the others wait in the order in which they were queued.
    """

    runs: RunStore
    jobs: JobStore
    artifacts: ArtifactStore
    backend: ComputeBackend
    instance_types: tuple[InstanceType, ...]
    clock: Clock
    work_dir: Path
    max_runs: int

    def step(self) -> None:
        """Take every open run one step further; one that cannot go on ends with the reason, the others go on."""
        open_runs = self.runs.open_runs()
        active = sum(run.state is not RunState.QUEUED for run in open_runs)
        for run in open_runs:
            try:
                if run.state is not RunState.QUEUED:
                    self._watch(run)
                elif active < self.max_runs and self.runs.claim(run.id):
                    active += 1
                    self._start(run)
            except RedspotError as error:
                _log.exception("run %s cannot go on", run.id, extra={"run": run.id})
                self._fail(run, RunFailure(error.code, error.message))

    def folder(self, run: Run) -> RunFolder:
        """Return where the run works."""
        return RunFolder(self.work_dir / run.id)

    def _start(self, run: Run) -> None:
        job = self.jobs.get(run.job_id)
        folder = self.folder(run)
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.notebook.write_bytes(self.artifacts.get(job.notebook.digest))
        write_order(folder, order_of(job, run))
        instance = find_instance_type(self.instance_types, job.environment.instance_type)
        argv = (sys.executable, "-m", "redspot_productionize.execute", str(folder.path))
        environment = unit_environment(folder.path)
        limits = instance.limits(job.timeout_s)
        spec = UnitSpec(run.unit_id, UnitKind.RUN, argv, folder.path, environment, limits, run.owner)
        try:
            self.backend.start(spec)
        except UnitExistsError:
            # Started just before the last service was killed: adopt it, never start it twice.
            _log.info("run %s has been started before; watching it", run.id, extra={"run": run.id})

    def _watch(self, run: Run) -> None:
        try:
            unit = self.backend.observe(run.unit_id)
        except UnitNotFoundError:
            if run.state is RunState.STARTING:
                self._start(run)  # claimed just before the last service was killed
                return
            self._end(run, RunEnd(RunState.LOST, self.clock.now(), _lost("its unit is unknown to this machine")))
            return
        if unit.phase is UnitPhase.LOST:
            self.backend.stop(run.unit_id)
            self._end(run, collect_outcome(self, run, None))
        elif unit.phase is UnitPhase.ENDED:
            self._end(run, collect_outcome(self, run, unit.exit))
        elif self.runs.cancel_requested(run.id):
            self.backend.stop(run.unit_id)
        else:
            self._observe(run, unit.phase, unit.started_at)

    def _observe(self, run: Run, phase: UnitPhase, started_at: datetime | None) -> None:
        progress = read_progress(self.folder(run))
        state = RunState.RUNNING if phase is UnitPhase.RUNNING else RunState.STARTING
        if (state, progress) != (run.state, run.progress):
            self.runs.observe(run.id, state, started_at=started_at, progress=progress)

    def _fail(self, run: Run, failure: RunFailure) -> None:
        self._end(run, RunEnd(RunState.FAILED, self.clock.now(), failure))

    def _end(self, run: Run, end: RunEnd) -> None:
        ended = self.runs.end(run.id, end)
        _log.info("run %s of %s %s", run.id, run.job_name, ended.state, extra={"run": run.id})
        shutil.rmtree(self.folder(run).path, ignore_errors=True)


def order_of(job: Job, run: Run) -> Order:
    """Return what the run's unit has to do."""
    dates = tuple(parameter.name for parameter in job.parameters if parameter.kind is ParameterKind.DATE)
    return Order(dict(run.parameters), dates, capture=True)


def unit_environment(home: Path) -> Mapping[str, str]:
    """Return the environment of a run: what programs need to start, and no secret of the service."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed | {
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_RUNTIME_DIR": str(home / ".jupyter-runtime"),
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "agg",
    }


def _lost(why: str) -> RunFailure:
    return RunFailure("lost", f"The end of this run is unknown: {why}. Start it again if its work is safe to repeat.")


def failure_of_exit(reason: ExitReason, message: str) -> tuple[RunState, RunFailure | None]:
    """Return the state and failure that an exit reason alone decides; None leaves it to the notebook's result."""
    if reason is ExitReason.OUT_OF_MEMORY:
        return RunState.FAILED, RunFailure("out-of-memory", message)
    if reason is ExitReason.TIMED_OUT:
        return RunState.TIMED_OUT, RunFailure("timed-out", message)
    if reason is ExitReason.NOT_STARTED:
        return RunState.FAILED, RunFailure("not-started", message)
    return RunState.SUCCEEDED, None


def lost_failure() -> RunFailure:
    """Return the failure of a run whose unit vanished without an exit record."""
    return _lost("its processes are gone and left no record of their exit")
