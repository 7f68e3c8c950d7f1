"""Control groups: the kernel keeps a unit's processes together and holds its limits.

Both generations: version 1 (a tree per controller) and version 2 (one tree). Groups are made under
the group that the service itself is in, so that whatever limits the service also limits its units.
Only the standard library: every supervisor imports this.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Protocol

from redspot.compute.mount import Mount, read_mounts, read_text
from redspot.compute.proc import kill

CONTROLLERS = ("memory", "cpu", "pids")
_CPU_PERIOD_US = 100_000


class Cgroup(Protocol):
    """The group of one unit."""

    @property
    def version(self) -> int:
        """Generation of control groups: 1 or 2."""
        ...

    @property
    def holds_cpu(self) -> bool:
        """Whether a cpu limit can be held."""
        ...

    @property
    def paths(self) -> tuple[str, ...]:
        """Its folders, one per tree."""
        ...

    def limit(self, memory_bytes: int | None, cpu: float | None) -> None:
        """Set the limits; None leaves that one open."""
        ...

    def enter(self) -> None:
        """Move the calling process in."""
        ...

    def members(self) -> set[int]:
        """Return the processes in it."""
        ...

    def memory_bytes(self) -> int:
        """Return the memory in use, less the file cache that the kernel can drop at once."""
        ...

    def oom_kills(self) -> int:
        """Return how many of its processes the kernel killed for want of memory."""
        ...

    def forbid_forks(self) -> None:
        """Let nobody in it start another process: what is being killed must not grow."""
        ...

    def remove(self) -> None:
        """Remove it; it must be empty."""
        ...


class V1Cgroup:
    """A group in the memory, cpu and pids trees of version 1, as far as they can be written."""

    version = 1

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders
        self.holds_cpu = "cpu" in folders
        self.paths = tuple(dict.fromkeys(str(folder) for folder in folders.values()))

    def limit(self, memory_bytes: int | None, cpu: float | None) -> None:
        """Set the limits; swap is closed where the kernel counts it."""
        if memory_bytes is not None:
            memory = self._folders["memory"]
            _write(memory / "memory.limit_in_bytes", str(memory_bytes))
            if (memory / "memory.memsw.limit_in_bytes").exists():
                _write(memory / "memory.memsw.limit_in_bytes", str(memory_bytes))
        if cpu is not None and self.holds_cpu:
            _write(self._folders["cpu"] / "cpu.cfs_period_us", str(_CPU_PERIOD_US))
            _write(self._folders["cpu"] / "cpu.cfs_quota_us", str(max(1000, int(cpu * _CPU_PERIOD_US))))

    def enter(self) -> None:
        """Move the calling process in."""
        for path in self.paths:
            _write(Path(path, "cgroup.procs"), str(os.getpid()))

    def members(self) -> set[int]:
        """Return the processes in it."""
        return _pids(self._folders["memory"] / "cgroup.procs")

    def memory_bytes(self) -> int:
        """Return usage less inactive file cache."""
        memory = self._folders["memory"]
        usage = int(read_text(memory / "memory.usage_in_bytes") or 0)
        return max(0, usage - _field(memory / "memory.stat", "total_inactive_file"))

    def oom_kills(self) -> int:
        """Return the kernel's count."""
        return _field(self._folders["memory"] / "memory.oom_control", "oom_kill")

    def forbid_forks(self) -> None:
        """Close the pids tree, where there is one."""
        if "pids" in self._folders:
            _write(self._folders["pids"] / "pids.max", "0")

    def remove(self) -> None:
        """Remove its folder from every tree."""
        for path in self.paths:
            _remove(Path(path))


class V2Cgroup:
    """A group in the one tree of version 2."""

    version = 2

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.holds_cpu = (folder / "cpu.max").exists()
        self.paths = (str(folder),)

    def limit(self, memory_bytes: int | None, cpu: float | None) -> None:
        """Set the limits; swap is closed, and running out of memory ends the whole group at once."""
        _write(self._folder / "memory.oom.group", "1")
        if memory_bytes is not None:
            _write(self._folder / "memory.max", str(memory_bytes))
            if (self._folder / "memory.swap.max").exists():
                _write(self._folder / "memory.swap.max", "0")
        if cpu is not None and self.holds_cpu:
            _write(self._folder / "cpu.max", f"{max(1000, int(cpu * _CPU_PERIOD_US))} {_CPU_PERIOD_US}")

    def enter(self) -> None:
        """Move the calling process in."""
        _write(self._folder / "cgroup.procs", str(os.getpid()))

    def members(self) -> set[int]:
        """Return the processes in it."""
        return _pids(self._folder / "cgroup.procs")

    def memory_bytes(self) -> int:
        """Return usage less inactive file cache."""
        usage = int(read_text(self._folder / "memory.current") or 0)
        return max(0, usage - _field(self._folder / "memory.stat", "inactive_file"))

    def oom_kills(self) -> int:
        """Return the kernel's count."""
        return _field(self._folder / "memory.events", "oom_kill")

    def forbid_forks(self) -> None:
        """Close the pids controller, where there is one."""
        if (self._folder / "pids.max").exists():
            _write(self._folder / "pids.max", "0")

    def remove(self) -> None:
        """Remove its folder."""
        _remove(self._folder)


def make_cgroup(name: str, *, proc: Path = Path("/proc/self")) -> Cgroup | None:
    """Make the group `name` beside or under our own; None where no group that counts memory can be written."""
    mounts = read_mounts(proc)
    unified = next((mount for mount in mounts if not mount.controllers), None)
    if unified is not None and "memory" in read_text(unified.own / "cgroup.controllers").split():
        return _make_v2(unified.own, name)
    return _make_v1(mounts, name)


def reopen_cgroup(paths: tuple[str, ...]) -> Cgroup | None:
    """Return a group that an earlier process made, from its recorded paths; None when it is gone."""
    folders = [Path(path) for path in paths if Path(path, "cgroup.procs").exists()]
    for folder in folders:
        if (folder / "memory.current").exists():
            return V2Cgroup(folder)
    markers = {"memory": "memory.usage_in_bytes", "cpu": "cpu.cfs_quota_us", "pids": "pids.max"}
    found = {name: folder for name, file in markers.items() for folder in folders if (folder / file).exists()}
    return V1Cgroup(found) if "memory" in found else None


def kill_members(group: Cgroup) -> set[int]:
    """Send SIGKILL to everything in the group and return what it was sent to."""
    members = group.members()
    for pid in members:
        kill(pid, signal.SIGKILL)
    return members


def _make_v1(mounts: tuple[Mount, ...], name: str) -> Cgroup | None:
    folders: dict[str, Path] = {}
    for controller in CONTROLLERS:
        mount = next((mount for mount in mounts if controller in mount.controllers), None)
        if mount is None:
            continue
        folder = mount.own / name
        try:
            folder.mkdir(exist_ok=True)
        except OSError:
            continue
        folders[controller] = folder
    group = V1Cgroup(folders)
    if "memory" in folders:
        return group
    group.remove()
    return None


def _make_v2(own: Path, name: str) -> Cgroup | None:
    # A group that holds processes cannot hand controllers down (except the root), so the place beside
    # us is tried as well: systemd's DelegateSubgroup= lays it out that way.
    for parent in (own, own.parent):
        if not (parent / "cgroup.subtree_control").exists():
            continue
        folder = parent / name
        try:
            offered = read_text(parent / "cgroup.controllers").split()
            handed_down = read_text(parent / "cgroup.subtree_control").split()
            for controller in CONTROLLERS:
                if controller in offered and controller not in handed_down:
                    _write(parent / "cgroup.subtree_control", f"+{controller}")
            folder.mkdir(exist_ok=True)
        except OSError:
            continue
        if (folder / "memory.max").exists() or "memory" in read_text(folder / "cgroup.controllers").split():
            return V2Cgroup(folder)
        _remove(folder)
    return None


def _write(file: Path, text: str) -> None:
    file.write_text(text)


def _field(file: Path, key: str) -> int:
    """Return the number beside `key` in a file of ``key number`` lines; 0 when it is not there."""
    for line in read_text(file).splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0


def _pids(file: Path) -> set[int]:
    return {int(pid) for pid in read_text(file).split()}


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return
