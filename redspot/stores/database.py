"""The database: one engine, short transactions, migrations on open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from redspot.clock import Clock, SystemClock
from redspot.errors import InvalidError, UnavailableError

_NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "afs", "fuse.sshfs", "9p", "ceph", "glusterfs", "lustre"}
)


class NetworkFileSystemError(InvalidError):
    """The state directory is on a network file system, where SQLite's write-ahead log breaks."""

    code = "state-on-network-file-system"


class DatabaseUnavailableError(UnavailableError):
    """The database cannot be opened."""

    code = "database-unavailable"


def file_system_of(path: Path, mounts: str | None = None) -> str:
    """Return the type of the file system that holds `path`; empty where the system does not tell.

    Parameters
    ----------
    mounts
        Content of ``/proc/mounts``; read when None.
    """
    if mounts is None:
        table = Path("/proc/mounts")
        mounts = table.read_text() if table.exists() else ""
    best, kind = "", ""
    target = os.path.realpath(path)
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = target == point or target.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def refuse_network_file_system(path: Path, mounts: str | None = None) -> None:
    """Raise when `path` is on a file system that SQLite cannot live on.

    Raises
    ------
    NetworkFileSystemError
        Naming the file system and the remedy.
    """
    kind = file_system_of(path, mounts)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise NetworkFileSystemError(
            f"The state directory {path} is on a network file system ({kind}), where SQLite loses data:"
            " set REDSPOT_STATE_DIR to a local folder, or REDSPOT_DATABASE_URL to a PostgreSQL database.",
            path=str(path),
            file_system=kind,
        )


class Database:
    """Opens sessions on one database and keeps its schema at the newest migration.

    Parameters
    ----------
    url
        SQLAlchemy URL. SQLite runs in WAL mode; every writing transaction takes the lock at its
        beginning, so that none fails half-way for want of it.
    """

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self._is_sqlite = make_url(url).get_backend_name() == "sqlite"
        arguments: dict[str, Any] = {"timeout": 30} if self._is_sqlite else {}
        self.engine: Engine = create_engine(url, connect_args=arguments, pool_pre_ping=not self._is_sqlite)
        if self._is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(redspot_write=True)

    @classmethod
    def open(cls, url: str, clock: Clock | None = None) -> Database:
        """Open the database and migrate it.

        Raises
        ------
        NetworkFileSystemError
            When it is an SQLite file on a network file system.
        DatabaseUnavailableError
            When it cannot be opened.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            folder = Path(parsed.database).absolute().parent
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            refuse_network_file_system(folder)
        database = cls(url, clock)
        try:
            database.migrate()
        except OperationalError as error:
            where = parsed.render_as_string(hide_password=True)
            raise DatabaseUnavailableError(f"The database {where} cannot be opened: {error.orig}.") from error
        return database

    def migrate(self) -> None:
        """Bring the schema to the newest migration; safe to call by several processes at once."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        with self._writer.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one state of the database."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session whose changes all become visible at its end, or none."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite, and not PostgreSQL."""
        return self._is_sqlite

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a plain connection that sees one state of the database, for what must be fast."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a plain connection whose changes all become visible at its end, or none."""
        with self._writer.begin() as connection:
            yield connection

    def check(self) -> None:
        """Raise when the database does not answer; used by the readiness probe."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("redspot_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
