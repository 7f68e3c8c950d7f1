"""Files under paths that clients know: rows here, bytes in the artifact store."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from sqlalchemy import Connection, text

from redspot.artifacts import Artifact
from redspot.errors import InvalidError, NotFoundError
from redspot.stores import audit
from redspot.stores.database import Database
from redspot.stores.group_writer import GroupWriter

_MAX_CHARS = 1024


class RecordedPathError(InvalidError):
    """A path has empty parts, dots, a backslash, a control character or too many characters."""

    code = "recorded-path"


class RecordedFileNotFoundError(NotFoundError):
    """No file is recorded under that path."""

    code = "recorded-file-not-found"


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file or folder.

    Attributes
    ----------
    path
        Parts joined by slashes, without one at the beginning or end.
    size_bytes
        None for a folder.
    """

    path: str
    digest: str
    size_bytes: int | None

    @property
    def is_folder(self) -> bool:
        """Whether it holds files."""
        return self.size_bytes is None


def parse_path(given: str) -> str:
    """Return `given` when it names a file or folder below the root (RecordedPathError)."""
    parts = given.split("/")
    wrong = any(part in ("", ".", "..") for part in parts) or "\\" in given or not given.isprintable()
    if wrong or len(given) > _MAX_CHARS:
        raise RecordedPathError(f"Invalid path: {given[:200]!r}")
    return given


class SqlRecordedFiles:
    """Keeps which bytes are under which path; what writes returns a future, done once the write is committed."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database, self._writer = database, writer

    def put(self, path: str, artifact: Artifact, *, by: str) -> Future[None]:
        """Put bytes under a path, in place of what was there."""
        folder, _, name = path.rpartition("/")
        now = self._database.clock.now()

        def work(connection: Connection) -> None:
            connection.execute(
                text(
                    "INSERT INTO recorded_files (path, folder, name, digest, size_bytes)"
                    " VALUES (:path, :folder, :name, :digest, :size)"
                    " ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, size_bytes = excluded.size_bytes"
                ),
                {
                    "path": path,
                    "folder": folder,
                    "name": name[-255:],
                    "digest": artifact.digest,
                    "size": artifact.size_bytes,
                },
            )
            above = folder
            while above:
                parent = above.rpartition("/")[0]
                added = connection.execute(
                    text("INSERT INTO recorded_folders (path, parent) VALUES (:path, :parent) ON CONFLICT DO NOTHING"),
                    {"path": above, "parent": parent},
                )
                above = parent if added.rowcount else ""
            audit.note_on(connection, now, by, "put-file", path, digest=artifact.digest)

        return self._writer.submit(work)

    def get(self, path: str) -> RecordedFile:
        """Return one file (RecordedFileNotFoundError)."""
        with self._database.reading() as connection:
            row = connection.execute(
                text("SELECT path, digest, size_bytes FROM recorded_files WHERE path = :path"), {"path": path}
            ).first()
        if row is None:
            raise RecordedFileNotFoundError(f"No such artifact: {path!r}", path=path[:1000])
        return RecordedFile(*row)

    def children(self, folder: str) -> list[RecordedFile]:
        """Return what is in a folder, by path; nothing for one that is not there."""
        with self._database.reading() as connection:
            files = connection.execute(
                text("SELECT path, digest, size_bytes FROM recorded_files WHERE folder = :folder"), {"folder": folder}
            ).all()
            folders = connection.execute(
                text("SELECT path FROM recorded_folders WHERE parent = :folder"), {"folder": folder}
            ).all()
        found = [RecordedFile(*row) for row in files] + [RecordedFile(row.path, "", None) for row in folders]
        return sorted(found, key=lambda file: file.path)

    def below(self, folder: str) -> list[RecordedFile]:
        """Return all files below a folder, by path."""
        with self._database.reading() as connection:
            rows = connection.execute(_BELOW, {"low": f"{folder}/", "high": f"{folder}0"}).all()
        return [RecordedFile(*row) for row in rows]

    def delete(self, path: str, *, by: str) -> Future[int]:
        """Remove a file, or all below a folder, and return how many; their bytes stay until nothing needs them."""
        now = self._database.clock.now()
        range_ = {"path": path, "low": f"{path}/", "high": f"{path}0"}

        def work(connection: Connection) -> int:
            gone = 0
            for table in ("recorded_files", "recorded_folders"):
                gone += connection.execute(
                    text(f"DELETE FROM {table} WHERE path = :path OR (path >= :low AND path < :high)"), range_
                ).rowcount
            audit.note_on(connection, now, by, "delete-files", path, count=gone)
            return gone

        return self._writer.submit(work)


# "0" follows "/" in ASCII, so the range is exactly what begins with the folder and a slash.
_BELOW = text("SELECT path, digest, size_bytes FROM recorded_files WHERE path >= :low AND path < :high ORDER BY path")
