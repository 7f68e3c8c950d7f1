"""From a spec to a unit: the folder that can exist only once, then the detached supervisor of a process."""

from __future__ import annotations

import fcntl
import hashlib
import math
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import redspot
from redspot.compute.files import ENVIRONMENT, LOCK, SPEC, SUPERVISOR_LOG, write_json
from redspot.compute.records import render_spec
from redspot.compute.supervisor import LOCK_HANDLE
from redspot.compute.unit import UnitExistsError, UnitSpec, UnitSpecError
from redspot.errors import RedspotError
from redspot.ids import parse_name

_SOURCE_ROOT = str(Path(redspot.__file__).resolve().parent.parent)
# Without site (-S) and without the caller's variables (-I): faster, and nothing foreign gets in.
_BOOT = f"import sys; sys.path.insert(0, {_SOURCE_ROOT!r}); from redspot.compute.supervisor import main; main()"


def check_spec(spec: UnitSpec) -> None:
    """Refuse what cannot run.

    Raises
    ------
    UnitSpecError
        Naming the field that is wrong.
    """
    try:
        parse_name(spec.unit_id, "unit_id")
    except RedspotError as error:
        raise UnitSpecError(error.message, field="unit_id") from error
    if not spec.argv or not spec.argv[0]:
        raise _wrong("argv", "it is empty; it needs at least the program to run")
    if not spec.working_dir.is_absolute():
        raise _wrong("working_dir", f"{str(spec.working_dir)!r} is not absolute")
    if any("\0" in text for text in (*spec.argv, str(spec.working_dir), *spec.environment.values())):
        raise _wrong("argv, working_dir or environment", "a text holds a NUL character")
    for name in spec.environment:
        if not name or "=" in name or "\0" in name:
            raise _wrong("environment", f"{name!r} cannot be the name of a variable")
    limits = spec.limits
    for field, value in (("memory_bytes", limits.memory_bytes), ("cpu", limits.cpu), ("timeout_s", limits.timeout_s)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise _wrong(f"limits.{field}", f"{value!r} is not a positive number")


def claim(root: Path, spec: UnitSpec, content: dict[str, object]) -> tuple[Path, int]:
    """Make the unit's folder, whole and in one step, and return it with its held lock.

    Two processes that race find one winner: a folder is renamed into place, which the system refuses
    when one that is not empty is there, and a unit's folder is never empty again.

    Raises
    ------
    UnitExistsError
        When the id was ever used.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / spec.unit_id
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    lock = os.open(scratch / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        write_json(scratch / SPEC, content)
        write_json(scratch / ENVIRONMENT, dict(spec.environment))
        os.rename(scratch, folder)
    except OSError as error:
        os.close(lock)
        shutil.rmtree(scratch)
        if folder.exists():
            raise UnitExistsError(
                f"unit {spec.unit_id!r} was started before; an id is used once.", unit_id=spec.unit_id
            ) from error
        raise
    return folder, lock


def launch(folder: Path, lock: int) -> None:
    """Start the supervisor of the unit in `folder`, detached, with `lock` as its own; return when it is on its way.

    A shell stands between: it ends at once, so that the supervisor is nobody's child here and leaves no
    zombie. SIGTERM is blocked until the supervisor listens, so that an early stop is heard.
    """
    output = str(folder / SUPERVISOR_LOG)
    python = (sys.executable, "-I", "-S", "-c", _BOOT, str(folder))
    shell = os.posix_spawn(
        "/bin/sh",
        ("/bin/sh", "-c", '"$@" &', "sh", *python),
        {},
        file_actions=(
            (os.POSIX_SPAWN_DUP2, lock, LOCK_HANDLE),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ),
        setsigmask=(signal.SIGTERM,),
        setpgroup=0,
    )
    os.waitpid(shell, 0)


def make_working_dir(spec: UnitSpec) -> Path:
    """Make the working directory, readable by nobody else, when it is missing, and return it."""
    try:
        spec.working_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _wrong("working_dir", f"{str(spec.working_dir)!r} cannot be made: {error.strerror}") from error
    return spec.working_dir


def spec_content(spec: UnitSpec, root: Path, *, cgroups: bool, log_max_bytes: int) -> dict[str, object]:
    """Return what the spec file holds."""
    name = cgroup_name(root, spec.unit_id)
    return dict(render_spec(spec, cgroups=cgroups, cgroup_name=name, log_max_bytes=log_max_bytes))


def cgroup_name(root: Path, unit_id: str) -> str:
    """Return the name of a unit's control group: several installations may share a machine."""
    installation = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]
    return f"redspot-{installation}-{unit_id}"


def _wrong(field: str, why: str) -> UnitSpecError:
    return UnitSpecError(f"unit's {field} cannot be used: {why}.", field=field)
