"""Where the trees of control groups are mounted, and which group is our own.

Only the standard library: every supervisor imports this.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Mount(NamedTuple):
    """One mounted tree of control groups.

    Attributes
    ----------
    own
        Folder of the group that the calling process is in.
    controllers
        Names of a version 1 tree's controllers; empty for version 2.
    """

    own: Path
    controllers: frozenset[str]


def read_mounts(proc: Path) -> tuple[Mount, ...]:
    """Return the mounted trees, with our own group in each, from ``mountinfo`` and ``cgroup``."""
    own: dict[str, str] = {}
    for line in read_text(proc / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            own[controller] = path
    mounts = []
    for line in read_text(proc / "mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        root, point = before.split(" ")[3:5]
        if kind == "cgroup2" and "" in own:
            mounts.append(Mount(_inside(point, root, own[""]), frozenset()))
        elif kind == "cgroup":
            controllers_here = frozenset(options.split(",")) & own.keys()
            if controllers_here:
                mounts.append(Mount(_inside(point, root, own[min(controllers_here)]), controllers_here))
    return tuple(mounts)


def _inside(point: str, root: str, path: str) -> Path:
    """Return the folder of group `path` in a tree of which only `root` and below is mounted at `point`."""
    relative = os.path.relpath(path, root)
    # A container may see the path of the host, which is not under what it has mounted.
    return Path(point) if relative.startswith("..") else Path(point, relative)


def read_text(file: Path) -> str:
    """Return the content of a file of the kernel's; empty when there is none, or none for us."""
    try:
        return file.read_text()
    except OSError:
        return ""
