"""The log of a unit: what it printed, kept within a bound so that it cannot fill the disk.

Only the standard library: every supervisor imports this.
"""

from __future__ import annotations

import os
from pathlib import Path

from redspot.compute.files import LOG, OLDER_LOG


class BoundedLog:
    """Two files, the current one and the one before; together never more than `max_bytes`.

    Parameters
    ----------
    folder
        The unit's folder.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._current = folder / LOG
        self._older = folder / OLDER_LOG
        self._half_bytes = max(1, max_bytes // 2)
        self._size_bytes = 0
        self._handle = self._open()

    def write(self, data: bytes) -> None:
        """Append; when the current file is full, it takes the place of the older one."""
        while data:
            room = self._half_bytes - self._size_bytes
            if room <= 0:
                os.close(self._handle)
                os.replace(self._current, self._older)
                self._handle = self._open()
                self._size_bytes = 0
                continue
            written = os.write(self._handle, data[:room])
            self._size_bytes += written
            data = data[written:]

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def _open(self) -> int:
        return os.open(self._current, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def read_tail(folder: Path, max_bytes: int) -> bytes:
    """Return the last `max_bytes` of what the unit printed."""
    tail = _tail(folder / LOG, max_bytes)
    if len(tail) < max_bytes:
        tail = _tail(folder / OLDER_LOG, max_bytes - len(tail)) + tail
    return tail


def _tail(file: Path, max_bytes: int) -> bytes:
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - max_bytes))
            return stream.read(max_bytes)
    except FileNotFoundError:
        return b""
