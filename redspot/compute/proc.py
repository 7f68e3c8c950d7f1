"""Processes as the kernel shows them: who lives, who descends from whom, what they hold.

Only the standard library, and little of it: every supervisor imports this. Linux is read from
``/proc``; elsewhere ``ps`` answers as well as it can.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from typing import NamedTuple

UNIT_ID_VARIABLE = "REDSPOT_UNIT_ID"
HAS_PROC = os.path.exists("/proc/self/stat")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class ProcessIdentity(NamedTuple):
    """One process for ever: a pid alone is used again after its owner is gone.

    Attributes
    ----------
    start
        When it started, in the kernel's own unit (clock ticks since boot; elsewhere a date).
    boot_id
        Which boot of the machine; a start means nothing without it.
    """

    pid: int
    start: str
    boot_id: str


def boot_id() -> str:
    """Return the id of this boot; empty where the system has none."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


def start_of(pid: int) -> str | None:
    """Return when process `pid` started, or None when there is none (a zombie counts as none)."""
    if not HAS_PROC:
        return _ps("lstart", pid)
    fields = _stat_fields(pid)
    return None if fields is None or fields[0] in ("Z", "X") else fields[19]


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of the process that now has `pid`, or None."""
    start = start_of(pid)
    return None if start is None else ProcessIdentity(pid, start, boot_id())


def is_alive(identity: ProcessIdentity) -> bool:
    """Tell whether that very process still runs; another one with its pid does not count."""
    return start_of(identity.pid) == identity.start and boot_id() == identity.boot_id


def send(identity: ProcessIdentity, number: int) -> bool:
    """Send a signal to that very process; False when it is gone."""
    if not hasattr(os, "pidfd_open"):
        return is_alive(identity) and kill(identity.pid, number)
    try:
        handle = os.pidfd_open(identity.pid)
    except OSError:
        return False
    try:
        # Checked with the handle open: from here on the handle cannot come to mean another process.
        if not is_alive(identity):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def kill(pid: int, number: int) -> bool:
    """Send a signal to a process that was just listed; False when it is gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def descendants(pid: int) -> set[int]:
    """Return all processes that descend from `pid`, without itself."""
    found: set[int] = set()
    waiting = [pid]
    by_parent = None if _has_children_file() else _children_by_parent()
    while waiting:
        parent = waiting.pop()
        children = _children(parent) if by_parent is None else by_parent.get(parent, [])
        fresh = [child for child in children if child not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found


def marked(unit_id: str) -> set[int]:
    """Return the processes that carry `unit_id` in their environment, with what descends from them.

    The way back to what a killed supervisor left behind. Empty where there is no ``/proc``.
    """
    if not HAS_PROC:
        return set()
    needle = f"{UNIT_ID_VARIABLE}={unit_id}".encode()
    found = set()
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                environment = file.read()
        except OSError:
            continue
        if needle in environment.split(b"\0") and start_of(int(name)) is not None:
            found.add(int(name))
    for pid in tuple(found):
        found |= descendants(pid)
    return found


def resident_bytes(pids: Iterable[int], *, exact: bool = True) -> int:
    """Return the memory that processes hold together, in bytes.

    One process: its resident set. Several: the sum of their proportional sets (PSS), so that pages
    shared after a fork count once; with ``exact=False`` the cheaper sum of resident sets, never less.
    """
    listed = tuple(pids)
    if exact and len(listed) > 1:
        return sum(_proportional_bytes(pid) for pid in listed)
    return sum(_resident_bytes(pid) for pid in listed)


def _proportional_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except ProcessLookupError:
        return 0
    except OSError:
        return _resident_bytes(pid)
    return 0


def _resident_bytes(pid: int) -> int:
    if not HAS_PROC:
        return int(_ps("rss", pid) or 0) * 1024
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/<pid>/stat`` after the program's name: state, parent and so on."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            text = file.read()
    except OSError:
        return None
    # The name stands in brackets and may itself hold brackets and blanks.
    return text[text.rindex(")") + 2 :].split()


def _has_children_file() -> bool:
    return os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                children.extend(int(child) for child in file.read().split())
    except OSError:
        return children
    return children


def _children_by_parent() -> dict[int, list[int]]:
    """Return the children of every process, from one look at all of them."""
    families: dict[int, list[int]] = {}
    if HAS_PROC:
        pairs = [(int(name), _stat_fields(int(name))) for name in os.listdir("/proc") if name.isdigit()]
        for pid, fields in pairs:
            if fields is not None:
                families.setdefault(int(fields[1]), []).append(pid)
        return families
    with os.popen("ps -axo pid=,ppid=") as listing:
        for line in listing:
            child, parent = line.split()
            families.setdefault(int(parent), []).append(int(child))
    return families


def _ps(column: str, pid: int) -> str | None:
    """Return what ``ps`` says about one process where there is no ``/proc``."""
    with os.popen(f"ps -o {column}= -p {pid}") as answer:
        return answer.read().strip() or None
