"""The artifact store: bytes under their own SHA-256, on any file system that fsspec speaks."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from redspot.errors import CorruptError, InvalidError, NotFoundError

if TYPE_CHECKING:
    import fsspec

_PIECE_BYTES = 1024 * 1024
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

Digest = str
"""``sha256:`` and 64 hexadecimal digits."""


class InvalidDigestError(InvalidError):
    """A digest is not ``sha256:`` and 64 hexadecimal digits, or not that of the bytes sent."""

    code = "invalid-digest"


class ArtifactNotFoundError(NotFoundError):
    """No artifact has that digest."""

    code = "artifact-not-found"


class ArtifactCorruptError(CorruptError):
    """The stored bytes no longer have the digest they are stored under."""

    code = "artifact-corrupt"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A thing in the artifact store, as others refer to it.

    Attributes
    ----------
    digest
        ``sha256:`` and 64 hexadecimal digits of its bytes.
    size_bytes
        Its length.
    media_type
        Such as ``application/x-ipynb+json``.
    name
        The file name to offer when a person saves it.
    """

    digest: Digest
    size_bytes: int
    media_type: str
    name: str


class ArtifactStore(Protocol):
    """Keeps bytes under their digest; what was put never changes."""

    def put(self, data: bytes, *, name: str, media_type: str = "application/octet-stream") -> Artifact:
        """Keep `data`; putting the same bytes again is free."""
        ...

    def put_file(self, path: Path, *, name: str, media_type: str = "application/octet-stream") -> Artifact:
        """Keep the bytes of a local file, however many, in flat memory."""
        ...

    def get(self, digest: Digest) -> bytes:
        """Return the bytes (ArtifactNotFoundError; ArtifactCorruptError when they are not what was put)."""
        ...

    def pieces(self, digest: Digest) -> Iterator[bytes]:
        """Return the bytes piece by piece; checked before the first piece is given (see `get`)."""
        ...

    def has(self, digest: Digest) -> bool:
        """Return whether the digest is stored."""
        ...

    def check(self) -> None:
        """Raise when the store cannot be written to; used by the readiness probe."""
        ...


def digest_of(data: bytes) -> Digest:
    """Return the digest of `data`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def parse_digest(text: str) -> Digest:
    """Return `text` when it is a digest, so that it may become a path."""
    if not _DIGEST.fullmatch(text):
        raise InvalidDigestError(f"{text!r} is not a digest: expected 'sha256:' and 64 hexadecimal digits.")
    return text


class FsspecArtifactStore:
    """Artifacts below one URL: ``ROOT/sha256/ab/abcdef…``.

    A write goes to a temporary name and is renamed, so that a reader sees all of it or nothing.

    Parameters
    ----------
    url
        A local folder or any fsspec URL (``s3://bucket/prefix``, ``memory://x``).
    """

    def __init__(self, url: str) -> None:
        import fsspec.core

        self._files: fsspec.AbstractFileSystem
        self._files, root = fsspec.core.url_to_fs(url)
        self._root = root.rstrip("/")

    def _path(self, digest: Digest) -> str:
        hexadecimal = parse_digest(digest).removeprefix("sha256:")
        return f"{self._root}/sha256/{hexadecimal[:2]}/{hexadecimal}"

    def put(self, data: bytes, *, name: str, media_type: str = "application/octet-stream") -> Artifact:
        """Keep `data`; a damaged earlier copy of the same bytes is replaced."""
        digest = digest_of(data)
        artifact = Artifact(digest, len(data), media_type, name)
        path = self._path(digest)
        if not self._files.exists(path) or self._files.cat_file(path) != data:
            self._write(path, data)
        return artifact

    def put_file(self, path: Path, *, name: str, media_type: str = "application/octet-stream") -> Artifact:
        """Keep the bytes of a local file; a damaged earlier copy of the same bytes is replaced."""
        with path.open("rb") as file:
            digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        artifact = Artifact(digest, path.stat().st_size, media_type, name)
        target = self._path(digest)
        if not self._files.exists(target) or self._digest_at(target) != digest:
            folder = target.rpartition("/")[0]
            self._files.makedirs(folder, exist_ok=True)
            temporary = f"{folder}/.{secrets.token_hex(8)}.part"
            self._files.put_file(str(path), temporary)
            self._files.mv(temporary, target)
        return artifact

    def _digest_at(self, path: str) -> Digest:
        with self._files.open(path, "rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"

    def pieces(self, digest: Digest) -> Iterator[bytes]:
        """Return the bytes piece by piece, checked against their digest before the first is given."""
        path = self._path(digest)
        try:
            found = self._digest_at(path)
        except FileNotFoundError:
            raise ArtifactNotFoundError(f"No artifact {digest} is stored.", digest=digest) from None
        if found != digest:
            raise ArtifactCorruptError(
                f"Artifact {digest} is damaged: its bytes have the digest {found}. Restore it from a backup.",
                digest=digest,
            )
        return self._read_pieces(path)

    def _read_pieces(self, path: str) -> Iterator[bytes]:
        with self._files.open(path, "rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece

    def _write(self, path: str, data: bytes) -> None:
        folder = path.rpartition("/")[0]
        self._files.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/.{secrets.token_hex(8)}.part"
        self._files.pipe_file(temporary, data)
        self._files.mv(temporary, path)

    def get(self, digest: Digest) -> bytes:
        """Return the bytes, checked against their digest on every read."""
        path = self._path(digest)
        try:
            data: bytes = self._files.cat_file(path)
        except FileNotFoundError:
            raise ArtifactNotFoundError(f"No artifact {digest} is stored.", digest=digest) from None
        if digest_of(data) != digest:
            raise ArtifactCorruptError(
                f"Artifact {digest} is damaged: its {len(data)} bytes have the digest {digest_of(data)}."
                " Restore it from a backup, or run the job that made it again.",
                digest=digest,
            )
        return data

    def has(self, digest: Digest) -> bool:
        """Return whether the digest is stored."""
        return bool(self._files.exists(self._path(digest)))

    def check(self) -> None:
        """Write and remove a probe."""
        self._files.makedirs(self._root, exist_ok=True)
        probe = f"{self._root}/.probe-{secrets.token_hex(8)}"
        self._files.pipe_file(probe, b"")
        self._files.rm_file(probe)
