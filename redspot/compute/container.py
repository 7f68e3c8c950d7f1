"""A unit as a container: what the engine is told, and what its word about the end means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redspot.compute.proc import UNIT_ID_VARIABLE
from redspot.compute.reasons import ran_out_of_memory, ran_too_long
from redspot.compute.unit import ExitReason, ExitRecord, Limits, UnitSpec

UNIT_LABEL = "org.redspot.unit"
KIND_LABEL = "org.redspot.kind"
OWNER_LABEL = "org.redspot.owner"
INSTALLATION_LABEL = "org.redspot.installation"
# Words that a unit's log begins its last line with when its program was never run.
NOT_STARTED_MARK = "redspot-unit:"
_TIMEOUT = "/usr/bin/timeout"
_TIMEOUT_GRACE_S = 5
_TIMED_OUT, _KILLED, _SIGNALLED, _LAST_SIGNAL = 124, 137, 128, 64
_MAX_PROCESSES = 4096
_LOG_FILES = 2
_NANO = 1_000_000_000
# What the engine sets by itself, and the unit's environment is said not to hold.
_FOREIGN_VARIABLES = ("HOSTNAME", "HOME")


@dataclass(frozen=True, slots=True)
class Account:
    """Who a unit is inside its container; never root."""

    uid: int
    gid: int

    def __str__(self) -> str:
        """Return it as the engine writes it."""
        return f"{self.uid}:{self.gid}"


def entrypoint(spec: UnitSpec) -> list[str]:
    """Return program and arguments: a shell that sets the umask becomes the unit's program.

    The arguments travel as arguments, so no shell reads them. Both outputs are one stream, as they are for processes:
    the engine would keep two, and not their order.
    """
    foreign = [name for name in _FOREIGN_VARIABLES if name not in spec.environment]
    script = (
        f"exec 2>&1; umask 077; unset PWD {' '.join(foreign)}; "
        f'command -v -- "$1" >/dev/null || {{ echo "{NOT_STARTED_MARK} $1 is no program of the image" >&2; exit 127; }}'
        "; "
    )
    limit_s = spec.limits.timeout_s
    if limit_s is None:
        return ["/bin/sh", "-c", f'{script}exec "$@"', "sh", *spec.argv]
    # Inside, so that the limit holds while the service is down.
    script += f'exec {_TIMEOUT} --kill-after={_TIMEOUT_GRACE_S} {limit_s:.3f} "$@"'
    return ["/bin/sh", "-c", script, "sh", *spec.argv]


def labels(spec: UnitSpec, installation: str) -> dict[str, str]:
    """Return what the container is marked with."""
    return {
        UNIT_LABEL: spec.unit_id,
        KIND_LABEL: spec.kind.value,
        OWNER_LABEL: spec.owner,
        INSTALLATION_LABEL: installation,
    }


def host_settings(spec: UnitSpec, *, cgroup_parent: str | None, log_max_bytes: int) -> dict[str, Any]:
    """Return what holds the unit: no root, no privilege, a root file system that cannot be written, its limits."""
    limits = spec.limits
    binds = {str(spec.working_dir): {"bind": str(spec.working_dir), "mode": "rw"}}
    for bind in spec.binds:
        binds[str(bind.path)] = {"bind": str(bind.path), "mode": "rw" if bind.writable else "ro"}
    settings: dict[str, Any] = {
        "binds": binds,
        "read_only": True,
        "tmpfs": {"/tmp": "rw,nosuid,nodev,mode=1777"},
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": _MAX_PROCESSES,
        "init": True,
        "network_mode": "default" if spec.network else "none",
        "log_config": {
            "Type": "json-file",
            "Config": {"max-size": str(max(1, log_max_bytes // _LOG_FILES)), "max-file": str(_LOG_FILES)},
        },
    }
    if limits.memory_bytes is not None:
        # Equal to the limit means no swap.
        settings |= {"mem_limit": limits.memory_bytes, "memswap_limit": limits.memory_bytes}
    if limits.cpu is not None:
        settings["nano_cpus"] = max(_NANO // 100, int(limits.cpu * _NANO))
    if cgroup_parent is not None:
        settings["cgroup_parent"] = cgroup_parent
    return settings


def exit_record(
    state: Mapping[str, Any], limits: Limits, *, is_stopped: bool, peak_memory_bytes: int, last_line: str
) -> ExitRecord:
    """Return how a container that ended ended.

    Parameters
    ----------
    state
        ``State`` of the engine's inspection of it.
    is_stopped
        Whether it was asked to stop.
    last_line
        The end of its log.

    Notes
    -----
    The engine's init gives 128 + n for a program that signal n ended, so a program that exits with such a code
    by itself is read as one that a signal ended.
    """
    code = int(state["ExitCode"])
    signal = code - _SIGNALLED if _SIGNALLED < code <= _SIGNALLED + _LAST_SIGNAL else None
    started_at = moment(state["StartedAt"])
    # The engine may note the start of a short program a moment after its end.
    ended_at = max(started_at, moment(state["FinishedAt"]))
    lasted_s = (ended_at - started_at).total_seconds()
    reason = ExitReason.EXITED if signal is None else ExitReason.SIGNALLED
    message = ""
    if state.get("OOMKilled"):
        reason, signal = ExitReason.OUT_OF_MEMORY, 9
        used = max(peak_memory_bytes, limits.memory_bytes or 0)
        message = ran_out_of_memory(limits.memory_bytes, used)
        peak_memory_bytes = used
    elif is_stopped:
        reason, message = ExitReason.STOPPED, "It was stopped."
    elif limits.timeout_s is not None and code in (_TIMED_OUT, _KILLED) and lasted_s >= limits.timeout_s:
        reason, signal, message = ExitReason.TIMED_OUT, None, ran_too_long(limits.timeout_s)
    elif last_line.startswith(NOT_STARTED_MARK):
        reason, message = ExitReason.NOT_STARTED, last_line.removeprefix(NOT_STARTED_MARK).strip() + "."
    elif state.get("Error"):
        reason, message = ExitReason.NOT_STARTED, str(state["Error"])
    has_code = signal is None and reason in (ExitReason.EXITED, ExitReason.STOPPED)
    return ExitRecord(reason, code if has_code else None, signal, started_at, ended_at, peak_memory_bytes, message)


def moment(text: str) -> datetime:
    """Return the engine's moment, which has nanoseconds, as an aware one in UTC; one that never was is the epoch."""
    whole, _, rest = text.rstrip("Z").partition(".")
    found = datetime.fromisoformat(f"{whole}.{(rest + '000000')[:6]}").replace(tzinfo=UTC)
    return max(found, datetime(1970, 1, 1, tzinfo=UTC))


def unit_environment(spec: UnitSpec) -> dict[str, str]:
    """Return the environment of the unit: what the spec says, and its id."""
    return {**spec.environment, UNIT_ID_VARIABLE: spec.unit_id}
