"""Which processes belong to a unit, what they hold together, and how they are all ended.

Only the standard library: every supervisor imports this.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from redspot.compute.cgroup import Cgroup, kill_members, make_cgroup
from redspot.compute.proc import descendants, kill, resident_bytes

_REMOVE_WITHIN_S = 1.0


class Membership:
    """All descendants of the calling process, and all members of the unit's control group where there is one.

    Parameters
    ----------
    cgroup_name
        The group to make; None asks for none.
    memory_bytes, cpu
        Limits that the group holds, if the kernel lets us.
    """

    def __init__(self, cgroup_name: str | None, memory_bytes: int | None, cpu: float | None) -> None:
        self._group = None if cgroup_name is None else _limited_group(cgroup_name, memory_bytes, cpu)
        self._forks_forbidden = False

    @property
    def cgroup_paths(self) -> tuple[str, ...]:
        """Folders of the control group; none when it could not be made."""
        return () if self._group is None else self._group.paths

    def enter(self) -> None:
        """Make the calling process (the unit's first, before its program runs) a member."""
        if self._group is not None:
            self._group.enter()

    def pids(self) -> set[int]:
        """Return every process of the unit."""
        found = descendants(os.getpid())
        return found if self._group is None else found | self._group.members()

    def memory_bytes(self, over: int | None) -> int:
        """Return what they hold together: the group's count, or the sum over the processes.

        That sum is proportional (PSS), which is dear to compute: it is only done for several processes
        whose plain sum is above `over`.
        """
        if self._group is not None:
            return self._group.memory_bytes()
        pids = descendants(os.getpid())
        plain = resident_bytes(pids, exact=False)
        return resident_bytes(pids) if over is not None and plain > over and len(pids) > 1 else plain

    def oom_kills(self) -> int:
        """Return how many of them the kernel killed for want of memory, as far as it says."""
        return 0 if self._group is None else self._group.oom_kills()

    def ask_to_end(self, told: set[int]) -> set[int]:
        """Send SIGTERM to each process that is not in `told`, and return those."""
        fresh = self.pids() - told
        for pid in fresh:
            kill(pid, signal.SIGTERM)
        return fresh

    def kill(self) -> None:
        """Send SIGKILL to every process; call again until none is left."""
        if self._group is not None:
            if not self._forks_forbidden:
                self._group.forbid_forks()
                self._forks_forbidden = True
            kill_members(self._group)
        for pid in descendants(os.getpid()):
            kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """Remove the control group. Its last member is gone, but the kernel may take a moment to see it."""
        if self._group is not None:
            remove_cgroup(self._group)


def remove_cgroup(group: Cgroup) -> None:
    """Remove an empty group; what cannot be removed within a second is named on stderr and left."""
    give_up = time.monotonic() + _REMOVE_WITHIN_S
    while True:
        try:
            group.remove()
            return
        except OSError as error:
            if time.monotonic() > give_up:
                sys.stderr.write(f"control group {group.paths} stays: {error}\n")
                return
        time.sleep(0.01)


def _limited_group(name: str, memory_bytes: int | None, cpu: float | None) -> Cgroup | None:
    group = make_cgroup(name)
    if group is None:
        return None
    try:
        group.limit(memory_bytes, cpu)
    except OSError as error:
        sys.stderr.write(f"control group {group.paths} refuses its limits, so it is not used: {error}\n")
        remove_cgroup(group)
        return None
    return group
