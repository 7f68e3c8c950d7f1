"""What a killed supervisor left behind, found by the unit's id and ended."""

from __future__ import annotations

import signal
from pathlib import Path

from redspot.compute.cgroup import kill_members, reopen_cgroup
from redspot.compute.files import ENVIRONMENT, SWEPT
from redspot.compute.membership import remove_cgroup
from redspot.compute.proc import boot_id, descendants, kill, marked, send
from redspot.compute.records import SupervisorRecord


def sweep(unit_id: str, folder: Path, record: SupervisorRecord | None) -> bool:
    """Send SIGKILL to everything left of a unit without a supervisor; True once nothing is left.

    Found are: the unit's first process and its descendants, the members of its control group, and every
    process with the unit's id in its environment. (Without a control group, a process that both cleared
    its environment and left its family is out of reach; with the supervisor alive it is not.)

    Does not wait. A marker in the folder spares later calls the look through all processes.
    """
    if (folder / SWEPT).exists():
        return True
    # Its supervisor never came to read it.
    (folder / ENVIRONMENT).unlink(missing_ok=True)
    group = None
    found: set[int] = set()
    if record is None or record.supervisor.boot_id == boot_id():
        if record is not None:
            group = reopen_cgroup(record.cgroup)
            if record.unit is not None:
                found |= descendants(record.unit.pid) if send(record.unit, signal.SIGKILL) else set()
        if group is not None:
            group.forbid_forks()
            found |= kill_members(group)
        for pid in found | (marked(unit_id)):
            found.add(pid)
            kill(pid, signal.SIGKILL)
    if found:
        return False
    if group is not None:
        remove_cgroup(group)
    (folder / SWEPT).touch(mode=0o600)
    return True
