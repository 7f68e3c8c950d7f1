"""The process backend: units are plain processes of this machine, each under a small supervisor."""

from __future__ import annotations

import os
import select
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from redspot.compute import files
from redspot.compute.cgroup import make_cgroup, reopen_cgroup
from redspot.compute.folders import UnitFolders, clear
from redspot.compute.launch import check_spec, claim, launch, make_working_dir, spec_content
from redspot.compute.leftovers import sweep
from redspot.compute.logfile import read_tail
from redspot.compute.proc import ProcessIdentity, descendants, is_alive, resident_bytes, send
from redspot.compute.records import SupervisorRecord, read_exit, render_exit
from redspot.compute.unit import (
    ExitReason,
    ExitRecord,
    Isolation,
    UnitAliveError,
    UnitKind,
    UnitPhase,
    UnitSpec,
    UnitStatus,
    UnitStopError,
)

LOG_MAX_BYTES = 32 * 1024 * 1024
_STOP_MARGIN_S = 15.0
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Who holds each limit on this machine: the kernel, the supervisor, or nobody.

    Attributes
    ----------
    memory
        ``cgroup-v1`` or ``cgroup-v2`` (the kernel; counts file cache under pressure too), or
        ``supervisor`` (sums the processes' memory several times a second, proportionally, and kills).
    cpu
        ``cgroup-v1``, ``cgroup-v2`` or ``none``: without a control group the cpu limit is not held.
    timeout
        Always ``supervisor``.
    """

    memory: str
    cpu: str
    timeout: str = "supervisor"


class ProcessBackend:
    """Units as processes, each with a folder ``root/<unit_id>`` that only the owner can read.

    The folder holds the spec, the supervisor's identity, the bounded log and the exit record; a lock in
    it is held by the supervisor as long as it lives. A forgotten unit leaves an empty marker, so that
    its id is never used again.

    Parameters
    ----------
    root
        Folder of all units; on a local file system, since locks must work.
    cgroups
        False keeps to the supervisor alone, even where control groups can be written.
    log_max_bytes
        Bound of each unit's log.
    """

    name = "process"
    isolates = Isolation.NONE

    def __init__(self, root: Path, *, cgroups: bool = True, log_max_bytes: int = LOG_MAX_BYTES) -> None:
        self._root = root
        self._folders = UnitFolders(root)
        self._cgroups = cgroups
        self._log_max_bytes = log_max_bytes

    def enforcement(self) -> Enforcement:
        """Return who holds the limits here, found out by making a control group and removing it."""
        group = make_cgroup(f"redspot-probe-{os.getpid()}-{time.monotonic_ns()}") if self._cgroups else None
        if group is None:
            return Enforcement(memory="supervisor", cpu="none")
        group.remove()
        holder = f"cgroup-v{group.version}"
        return Enforcement(memory=holder, cpu=holder if group.holds_cpu else "none")

    def start(self, spec: UnitSpec) -> UnitStatus:
        """Start a unit and return at once: it is ``starting``, or further already."""
        check_spec(spec)
        content = spec_content(spec, self._root, cgroups=self._cgroups, log_max_bytes=self._log_max_bytes)
        if (self._root / spec.unit_id).exists():
            # Asked before the working directory is made; the race is decided by `claim`.
            claim(self._root, spec, content)
        make_working_dir(spec)
        folder, lock = claim(self._root, spec, content)
        try:
            launch(folder, lock)
        finally:
            os.close(lock)
        return self.observe(spec.unit_id)

    def observe(self, unit_id: str) -> UnitStatus:
        """Return the unit as it is now.

        What a killed supervisor left running is ended on sight: a unit never runs unwatched.
        """
        folder, kind = self._folders.find(unit_id)
        ended = read_exit(folder)
        record = SupervisorRecord.read(folder)
        if ended is None and self._is_supervised(folder, record):
            return self._running_status(unit_id, kind, record)
        # It may have written the record after we looked and before it let go of the lock.
        ended = ended or read_exit(folder)
        started_at = None if record is None else record.started_at
        if ended is not None:
            return UnitStatus(unit_id, kind, UnitPhase.ENDED, None, started_at, None, ended)
        sweep(unit_id, folder, record)
        return UnitStatus(unit_id, kind, UnitPhase.LOST, None, started_at, None, None)

    def stop(self, unit_id: str, *, grace_s: float = 10.0) -> UnitStatus:
        """End every process of the unit and return once nothing is left.

        A lost unit becomes ``ended`` with the reason ``stopped``: it is known now that nothing of it runs.
        """
        folder, kind = self._folders.find(unit_id)
        give_up = time.monotonic() + grace_s + _STOP_MARGIN_S
        if read_exit(folder) is None:
            files.write_json(folder / files.STOP, {"grace_s": grace_s})
        told: ProcessIdentity | None = None
        while self._is_supervised(folder, record := SupervisorRecord.read(folder)):
            if record is not None and told is None and read_exit(folder) is None:
                send(record.supervisor, signal.SIGTERM)
                told = record.supervisor
            _wait_for_end(told, give_up)
            if time.monotonic() > give_up:
                raise UnitStopError(f"unit {unit_id!r} did not end within {grace_s:g} s and the time to kill it.")
        if read_exit(folder) is None:
            self._end_lost(unit_id, kind, folder, grace_s)
        return self.observe(unit_id)

    def unit_ids(self) -> tuple[str, ...]:
        """Return the ids of all units known here, oldest first."""
        return self._folders.ids()

    def log_tail(self, unit_id: str, *, max_bytes: int = 65536) -> str:
        """Return the end of the unit's log."""
        folder, _ = self._folders.find(unit_id)
        return read_tail(folder, max_bytes).decode("utf-8", "replace")

    def forget(self, unit_id: str) -> None:
        """Remove the files of a unit that has ended or is lost; an empty marker keeps its id used."""
        folder, _ = self._folders.find(unit_id)
        record = SupervisorRecord.read(folder)
        give_up = time.monotonic() + _STOP_MARGIN_S
        while read_exit(folder) is not None and self._is_supervised(folder, record) and time.monotonic() < give_up:
            # It has ended, and its supervisor is putting things away.
            _wait_for_end(None if record is None else record.supervisor, give_up)
        if self._is_supervised(folder, record):
            raise UnitAliveError(f"unit {unit_id!r} still runs; stop it before forgetting it.", unit_id=unit_id)
        if read_exit(folder) is None:
            sweep(unit_id, folder, record)
        clear(folder)

    def _is_supervised(self, folder: Path, record: SupervisorRecord | None) -> bool:
        # The lock tells before the supervisor has said who it is; its identity guards against a lock
        # that some fork of the service holds by accident.
        locked = files.is_locked(folder / files.LOCK)
        return locked and (record is None or is_alive(record.supervisor))

    def _running_status(self, unit_id: str, kind: UnitKind, record: SupervisorRecord | None) -> UnitStatus:
        if record is None or record.unit is None:
            started_at = None if record is None else record.started_at
            return UnitStatus(unit_id, kind, UnitPhase.STARTING, None, started_at, None, None)
        group = reopen_cgroup(record.cgroup)
        held = group.memory_bytes() if group else resident_bytes(descendants(record.supervisor.pid), exact=False)
        return UnitStatus(unit_id, kind, UnitPhase.RUNNING, record.unit.pid, record.started_at, held, None)

    def _end_lost(self, unit_id: str, kind: UnitKind, folder: Path, grace_s: float) -> None:
        record = SupervisorRecord.read(folder)
        give_up = time.monotonic() + _STOP_MARGIN_S
        # No grace: what the supervisor left has already been running unwatched.
        while not sweep(unit_id, folder, record):
            if time.monotonic() > give_up:
                raise UnitStopError(f"what was left of unit {unit_id!r} could not be killed.")
            time.sleep(_POLL_S)
        now = datetime.now(UTC)
        ended = ExitRecord(
            reason=ExitReason.STOPPED,
            exit_code=None,
            signal=None,
            started_at=now if record is None else record.started_at,
            ended_at=now,
            peak_memory_bytes=0,
            message="Its supervisor was gone before it was stopped; how it ended is not known.",
        )
        files.write_json_once(folder / files.EXIT, render_exit(ended))


def _wait_for_end(identity: ProcessIdentity | None, give_up: float) -> None:
    """Wait until that process is gone, at most until `give_up`; for a moment where the system cannot tell us."""
    if identity is None or not hasattr(os, "pidfd_open"):
        time.sleep(_POLL_S)
        return
    try:
        handle = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(identity):
            select.select([handle], [], [], max(0.0, give_up - time.monotonic()) + _POLL_S)
    finally:
        os.close(handle)
