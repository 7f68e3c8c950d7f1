"""The control group round a unit's container: it outlives the container, so that its peak can still be read."""

from __future__ import annotations

import os
from pathlib import Path

from redspot.compute.cgroup import reopen_cgroup
from redspot.compute.mount import read_text

_ROOT = Path("/sys/fs/cgroup")
_PEAKS = ("memory.max_usage_in_bytes", "memory.peak")


def can_hold_groups(driver: str) -> bool:
    """Return whether groups can be made round containers here: the engine's own driver, and write access."""
    place = _ROOT / "memory" if (_ROOT / "memory").is_dir() else _ROOT
    return driver == "cgroupfs" and os.access(place, os.W_OK) and os.geteuid() == 0


class ContainerGroup:
    """The group named `name`, with the container's own inside it.

    Parameters
    ----------
    name
        What the engine is given as the parent of the container's group.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def memory_bytes(self, container_id: str) -> int | None:
        """Return what the running container uses, in bytes; None where that cannot be seen."""
        group = reopen_cgroup(self._inner(container_id))
        return None if group is None else group.memory_bytes()

    def oom_kills(self, container_id: str) -> int:
        """Return how many processes of the running container the kernel killed for want of memory."""
        group = reopen_cgroup(self._inner(container_id))
        return 0 if group is None else group.oom_kills()

    def peak_bytes(self) -> int:
        """Return the most that it ever used, in bytes; 0 where the kernel does not say."""
        return max((int(read_text(folder / file) or 0) for folder in self._outer() for file in _PEAKS), default=0)

    def remove(self) -> None:
        """Remove it once the container has ended; does nothing where it is gone."""
        for folder in self._outer():
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue

    def _outer(self) -> tuple[Path, ...]:
        return tuple(folder for folder in (_ROOT / self._name, *_ROOT.glob(f"*/{self._name}")) if folder.is_dir())

    def _inner(self, container_id: str) -> tuple[str, ...]:
        return tuple(str(folder / container_id) for folder in self._outer())
