"""Zip archives with fixed bytes and bounded sizes."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.errors import CorruptPipelineError, PipelineFileNotFoundError

MAX_MEMBERS = 20_000
MAX_TOTAL_BYTES = 2 * 1024**3
# Deflate cannot shrink by more than about 1032; real models stay far below, zeros made to explode do not.
MAX_RATIO = 500
SMALL_BYTES = 8 * 1024**2

_MOMENT = (1980, 1, 1, 0, 0, 0)


def write_archive(members: Mapping[str, bytes], *, compress: bool = True) -> bytes:
    """Return a zip of the members in order; the same members always give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
            # The default depends on the platform that writes.
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def read_archive(data: bytes, what: str) -> dict[str, bytes]:
    """Return the members of a zip.

    Raises
    ------
    CorruptPipelineError
        When it is no whole zip, a name occurs twice, or it would unpack to more than the limits.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _check_sizes(infos, what)
            return {info.filename: _read(archive, info) for info in infos}
    except (zipfile.BadZipFile, EOFError, zlib.error, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        raise CorruptPipelineError(f"The {what} is damaged or no pipeline file: {error}.") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a power cut, finds all of it or what was there before."""
    if not path.parent.is_dir():
        raise PipelineFileNotFoundError(f"There is no folder {os.fspath(path.parent)!r} to write {path.name} to.")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes private files; a model file is as readable as any other that the user writes.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def write_array(array: NDArray[np.generic]) -> bytes:
    """Return an array in numpy's own format."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def without_padding(data: bytes) -> bytes:
    """Return numpy bytes whose gaps between fields are zero.

    The nodes of a tree are C structs; their gaps hold whatever was in memory, which is neither the same twice
    nor anybody's business.
    """
    array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    names = array.dtype.names
    if names is None:
        return data
    clean = np.frombuffer(bytearray(array.nbytes), dtype=array.dtype).reshape(array.shape)
    for name in names:
        clean[name] = array[name]
    return write_array(clean)


def check_array(data: bytes, what: str) -> None:
    """Refuse numpy bytes that hold objects or promise another size than they have.

    numpy reserves what the header promises before it reads, so a lie there costs memory.

    Raises
    ------
    CorruptPipelineError
        With the reason.
    """
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, _, dtype = read(stream)
    except (ValueError, KeyError, EOFError, SyntaxError, TypeError) as error:
        raise CorruptPipelineError(f"The array {what} is damaged: {error}.") from error
    promised = dtype.itemsize
    for length in shape:
        promised *= length
    if dtype.hasobject or promised != len(data) - stream.tell():
        raise CorruptPipelineError(f"The array {what} does not hold what it promises ({dtype}, shape {shape}).")


def read_array(data: bytes, what: str) -> NDArray[np.generic]:
    """Return the array of numpy bytes, after `check_array`."""
    check_array(data, what)
    loaded: NDArray[np.generic] = np.load(io.BytesIO(data), allow_pickle=False)
    return loaded


def _check_sizes(infos: list[zipfile.ZipInfo], what: str) -> None:
    names = [info.filename for info in infos]
    if len(infos) > MAX_MEMBERS or len(set(names)) != len(names):
        raise CorruptPipelineError(f"The {what} has {len(infos)} members, some by the same name or too many.")
    total = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if total > MAX_TOTAL_BYTES or (total > SMALL_BYTES and total > MAX_RATIO * max(packed, 1)):
        raise CorruptPipelineError(
            f"The {what} would unpack from {packed} to {total} bytes, more than a pipeline file may.", size_bytes=total
        )


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        # zipfile stops at the size that the directory names, which was checked; one more byte would be a lie.
        data = member.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise CorruptPipelineError(f"{info.filename} is {len(data)} bytes long, and {info.file_size} were promised.")
    return data
