"""The files of one unit's folder: their names, and how they are written whole or not at all.

Only the standard library: every supervisor imports this.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

SPEC = "spec.json"
ENVIRONMENT = "environment.json"
LOCK = "lock"
SUPERVISOR = "supervisor.json"
SUPERVISOR_LOG = "supervisor.log"
STOP = "stop.json"
EXIT = "exit.json"
SWEPT = "swept"
FORGOTTEN = "forgotten"
LOG = "log"
OLDER_LOG = "log.1"


def write_json(file: Path, value: object) -> None:
    """Put `value` into `file` in one step: a reader finds the old content or the new, never half."""
    scratch = file.with_name(f".{file.name}.{os.urandom(6).hex()}")
    _write_synced(scratch, value)
    os.replace(scratch, file)


def write_json_once(file: Path, value: object) -> bool:
    """Put `value` into `file` unless it exists already; False when somebody was faster."""
    scratch = file.with_name(f".{file.name}.{os.urandom(6).hex()}")
    _write_synced(scratch, value)
    try:
        os.link(scratch, file)
    except FileExistsError:
        return False
    finally:
        os.unlink(scratch)
    return True


def read_json(file: Path) -> dict[str, object] | None:
    """Return the object in `file`, or None when there is no such file."""
    try:
        text = file.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"{file} does not hold a JSON object")
    return value


def is_locked(file: Path) -> bool:
    """Tell whether some process holds the lock on `file`; the kernel lets go of it when the holder dies."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _write_synced(file: Path, value: object) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as stream:
        json.dump(value, stream)
        stream.flush()
        os.fsync(stream.fileno())
