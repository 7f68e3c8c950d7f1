"""The members of a pipeline file as a folder: the same names and bytes, for people who want to look at them or diff."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from redspot.pipeline.archive import MAX_MEMBERS, MAX_TOTAL_BYTES, write_whole
from redspot.pipeline.errors import CorruptPipelineError, PipelineFileNotFoundError, PipelineFolderTakenError

_MARK = "pipeline.json"
_MAX_DEPTH = 8


def write_folder(path: Path, members: Mapping[str, bytes]) -> None:
    """Write members as files of a folder, all of them or none; a pipeline that was there before is replaced.

    Raises
    ------
    PipelineFileNotFoundError
        When the folder that it goes into does not exist.
    PipelineFolderTakenError
        When something that is no pipeline is at the path.
    """
    if not path.parent.is_dir():
        raise PipelineFileNotFoundError(f"There is no folder {os.fspath(path.parent)!r} to write {path.name} to.")
    is_taken = path.is_symlink() or path.exists()
    if is_taken and not _is_replaceable(path):
        raise PipelineFolderTakenError(f"{os.fspath(path)!r} is no pipeline folder; choose another name or remove it.")
    beside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        whole = beside / "new"
        whole.mkdir()
        for name, data in members.items():
            file = whole / name
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, data)
        _put(whole, path, beside / "old" if is_taken else None)
    finally:
        shutil.rmtree(beside)


def _put(whole: Path, path: Path, old: Path | None) -> None:
    """Move a folder into place. Replacing one takes two steps: whoever reads in between finds none, and never half."""
    if old is None:
        os.rename(whole, path)
        return
    os.rename(path, old)
    try:
        os.rename(whole, path)
    except OSError:
        os.rename(old, path)
        raise


def _is_replaceable(path: Path) -> bool:
    """Whether it is a pipeline folder or an empty one."""
    if path.is_symlink() or not path.is_dir():
        return False
    return (path / _MARK).is_file() or not any(path.iterdir())


def read_folder(path: Path) -> dict[str, bytes]:
    """Return the members of a folder, in alphabetical order.

    Raises
    ------
    CorruptPipelineError
        When something in it is a link or no plain file, or there is more of it than a pipeline may have.
    """
    members: dict[str, bytes] = {}
    total = 0
    # File by file relative to an open folder: nobody can slip a link in between the look and the reading.
    for folder, folders, files, descriptor in os.fwalk(path, onerror=_refuse, follow_symlinks=False):
        inside = Path(folder).relative_to(path)
        if len(inside.parts) > _MAX_DEPTH:
            raise CorruptPipelineError(f"The folder goes deeper than {_MAX_DEPTH} levels, which no pipeline does.")
        for name in folders:
            if stat.S_ISLNK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
                member = (inside / name).as_posix()
                raise CorruptPipelineError(f"{member[:100]!r} is a link; a pipeline folder has none.")
        for name in files:
            member = (inside / name).as_posix()
            data = _read(name, member, descriptor, MAX_TOTAL_BYTES - total)
            total += len(data)
            members[member] = data
            if len(members) > MAX_MEMBERS:
                raise CorruptPipelineError(f"The folder has more than {MAX_MEMBERS} files.")
    return dict(sorted(members.items()))


def _read(name: str, member: str, folder: int, room: int) -> bytes:
    try:
        # Without O_NONBLOCK a pipe would be waited for.
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise CorruptPipelineError(f"{member[:100]!r} cannot be read, or is a link: {error.strerror}.") from error
    with os.fdopen(file, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise CorruptPipelineError(f"{member[:100]!r} is no plain file.")
        if found.st_size > room:
            raise CorruptPipelineError(f"The folder holds more than {MAX_TOTAL_BYTES} bytes.")
        return stream.read(room)


def _refuse(error: OSError) -> None:
    raise CorruptPipelineError(f"The folder cannot be read: {error.strerror}.") from error
