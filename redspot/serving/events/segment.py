"""Segments of a spool: files that grow at their end, each held by the one process that writes it.

The writer keeps a lock on its segment for as long as it may write. The system takes the lock away when the writer
dies, however it dies; so whoever gets the lock knows that nothing will be added.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
import time
from pathlib import Path

from redspot.serving.events.errors import EventSettingsError
from redspot.serving.events.record import Reading, read_records

SUFFIX = ".events"
_CHUNK_BYTES = 4 * 1024 * 1024


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner can enter.

    Raises
    ------
    EventSettingsError
        When it cannot be made, or others can enter it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError as error:
        raise EventSettingsError(f"The spool {str(folder)!r} cannot be made: {error}.", key="spool") from error
    if mode & 0o077:
        raise EventSettingsError(f"The spool {str(folder)!r} is open to others; make it 0700.", key="spool")
    return folder


def create_segment(folder: Path) -> tuple[int, Path]:
    """Return a new segment, open for writing at its end and locked, and where it is.

    It gets its name only after its lock: a reader never finds it free while it is being made.
    """
    name = f"{time.time_ns() // 1000:016d}-{os.getpid()}-{secrets.token_hex(4)}"
    scratch, path = folder / f".{name}", folder / f"{name}{SUFFIX}"
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(scratch, path)
    except OSError:
        os.close(handle)
        raise
    return handle, path


def list_segments(spool: Path) -> list[Path]:
    """Return the segments in a folder and in the folders in it, the oldest first."""
    found = [*spool.glob(f"*{SUFFIX}"), *spool.glob(f"*/*{SUFFIX}")]
    return sorted(found, key=lambda path: (path.name, str(path)))


def size_of(folder: Path) -> int:
    """Return the bytes of all segments in a folder."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(SUFFIX):
                try:
                    total += entry.stat().st_size
                except FileNotFoundError:
                    continue  # shipped and removed in this moment
    return total


def is_closed(segment: Path) -> bool:
    """Return whether nobody writes the segment any more; a closed one never opens again."""
    with segment.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def read_segment(segment: Path, offset: int, *, chunk_bytes: int = _CHUNK_BYTES) -> tuple[Reading, bool]:
    """Return what follows `offset`, with positions in the file, and whether the segment is done with.

    At least one record is read where there is one, otherwise about `chunk_bytes`.
    """
    # Asked first: what is read after it was closed is all there will be.
    closed = is_closed(segment)
    with segment.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        stream.seek(offset)
        data = b""
        while True:
            # Twice as much each time: a record may be larger than any chunk.
            data += stream.read(min(max(chunk_bytes, len(data)), size - offset - len(data)))
            is_end = offset + len(data) >= size
            reading = read_records(data, is_whole=closed and is_end)
            if is_end or reading.end:
                break
    shifted = tuple((offset + end, record) for end, record in reading.records)
    is_done = closed and is_end and reading.end == len(data)
    return Reading(shifted, offset + reading.end, reading.damaged), is_done
