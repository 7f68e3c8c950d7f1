"""What the files of a unit say, as the dataclasses of the port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from redspot.compute.files import EXIT, SPEC, SUPERVISOR, read_json
from redspot.compute.proc import ProcessIdentity
from redspot.compute.unit import ExitReason, ExitRecord, Limits, UnitKind, UnitSpec


@dataclass(frozen=True, slots=True)
class SupervisorRecord:
    """Who supervises a unit, written by the supervisor itself.

    Attributes
    ----------
    unit
        The unit's first process; None before it was started.
    cgroup
        Folders of its control group; empty when it has none.
    """

    supervisor: ProcessIdentity
    unit: ProcessIdentity | None
    started_at: datetime
    cgroup: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the record in a unit's folder, or None when the supervisor has not written it yet."""
        record: Any = read_json(folder / SUPERVISOR)
        if record is None:
            return None
        boot_id, unit_start = record["boot_id"], record["unit_start"]
        unit = None if unit_start is None else ProcessIdentity(record["unit_pid"], unit_start, boot_id)
        return cls(
            supervisor=ProcessIdentity(record["pid"], record["start"], boot_id),
            unit=unit,
            started_at=_moment(record["started_at"]),
            cgroup=tuple(record["cgroup"]),
        )


def read_exit(folder: Path) -> ExitRecord | None:
    """Return how the unit ended, or None when that is not written."""
    record: Any = read_json(folder / EXIT)
    if record is None:
        return None
    return ExitRecord(
        reason=ExitReason(record["reason"]),
        exit_code=record["exit_code"],
        signal=record["signal"],
        started_at=_moment(record["started_at"]),
        ended_at=_moment(record["ended_at"]),
        peak_memory_bytes=record["peak_memory_bytes"],
        message=record["message"],
    )


def render_exit(record: ExitRecord) -> Mapping[str, object]:
    """Return the content of the exit file; the supervisor writes the same keys."""
    return {
        "reason": record.reason.value,
        "exit_code": record.exit_code,
        "signal": record.signal,
        "started_at": record.started_at.timestamp(),
        "ended_at": record.ended_at.timestamp(),
        "peak_memory_bytes": record.peak_memory_bytes,
        "message": record.message,
    }


def render_spec(spec: UnitSpec, *, cgroups: bool, cgroup_name: str, log_max_bytes: int) -> Mapping[str, object]:
    """Return the content of the spec file: all of the spec but its environment, which may hold secrets."""
    return {
        "unit_id": spec.unit_id,
        "kind": spec.kind.value,
        "owner": spec.owner,
        "argv": list(spec.argv),
        "working_dir": str(spec.working_dir),
        "memory_bytes": spec.limits.memory_bytes,
        "cpu": spec.limits.cpu,
        "timeout_s": spec.limits.timeout_s,
        "cgroups": cgroups,
        "cgroup_name": cgroup_name,
        "log_max_bytes": log_max_bytes,
    }


def read_kind(folder: Path) -> UnitKind | None:
    """Return what the unit is for, or None when the folder holds no unit."""
    record = read_json(folder / SPEC)
    return None if record is None else UnitKind(str(record["kind"]))


def read_limits(folder: Path) -> Limits:
    """Return the limits that the unit in a folder was started with."""
    record: Any = read_json(folder / SPEC)
    return Limits(record["memory_bytes"], record["cpu"], record["timeout_s"])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
