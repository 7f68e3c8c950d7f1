"""Where events are kept: Parquet files under an fsspec URL, which any engine reads.

``<url>/events/endpoint=<name>/date=<UTC date>/<file>.parquet`` and ``<url>/feedback/date=<UTC date>/<file>.parquet``.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from redspot.serving.events.errors import EventSinkError
from redspot.serving.events.parquet import parquet_of, read_parquet

if TYPE_CHECKING:
    import pyarrow as pa

EVENTS_FOLDER, FEEDBACK_FOLDER = "events", "feedback"
_DATE = re.compile(r"/date=(\d{4}-\d\d-\d\d)/")
_ENDPOINT = re.compile(r"/endpoint=([^/]+)/")


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of the sink.

    Attributes
    ----------
    day
        The date, in UTC, of all that is in it.
    endpoint
        Of events; None for feedback.
    """

    path: str
    day: date
    endpoint: str | None


class Sink:
    """Reads and writes the files under a URL; whatever its file system raises becomes an `EventSinkError`."""

    def __init__(self, url: str) -> None:
        import fsspec

        self.url = url
        with _told(f"The sink {url!r} cannot be opened"):
            self._files, root = fsspec.core.url_to_fs(url)
        self._root = root.rstrip("/")
        protocols = self._files.protocol
        self._is_local = "file" in ((protocols,) if isinstance(protocols, str) else protocols)

    def put_events(self, endpoint: str, day: date, name: str, table: pa.Table) -> None:
        """Write a file of events whole, or not at all; one of that name gives way."""
        self._put(f"{self._root}/{EVENTS_FOLDER}/endpoint={endpoint}/date={day:%Y-%m-%d}/{name}.parquet", table)

    def put_feedback(self, day: date, name: str, table: pa.Table) -> None:
        """Write a file of labels whole, or not at all."""
        self._put(f"{self._root}/{FEEDBACK_FOLDER}/date={day:%Y-%m-%d}/{name}.parquet", table)

    def events(self, endpoint: str | None = None) -> list[Stored]:
        """Return the files of events, of one endpoint or of all."""
        return [each for each in self._list(EVENTS_FOLDER) if endpoint in (None, each.endpoint)]

    def feedback(self) -> list[Stored]:
        """Return the files of labels."""
        return self._list(FEEDBACK_FOLDER)

    def read(self, stored: Stored) -> pa.Table:
        """Return what a file holds."""
        with _told(f"{stored.path!r} cannot be read"):
            return read_parquet(self._files.cat_file(stored.path))

    def replace(self, stored: Stored, table: pa.Table) -> None:
        """Put other rows in place of a file's; none means no file."""
        if table.num_rows:
            self._put(stored.path, table)
        else:
            self.remove(stored)

    def remove(self, stored: Stored) -> None:
        """Remove a file."""
        with _told(f"{stored.path!r} cannot be removed"):
            self._files.rm_file(stored.path)

    def _put(self, path: str, table: pa.Table) -> None:
        data = parquet_of(table)
        with _told(f"{path!r} cannot be written"):
            if self._is_local:
                _put_local(path, data)
            else:
                # An object store shows an object when it is whole.
                self._files.pipe_file(path, data)

    def _list(self, folder: str) -> list[Stored]:
        with _told(f"The files of {self.url!r} cannot be listed"):
            self._files.invalidate_cache()
            try:
                paths = self._files.find(f"{self._root}/{folder}")
            except FileNotFoundError:
                return []
        found = []
        for path in paths:
            day, endpoint = _DATE.search(path), _ENDPOINT.search(path)
            if day is not None and path.endswith(".parquet"):
                found.append(Stored(path, date.fromisoformat(day[1]), None if endpoint is None else endpoint[1]))
        return found


def _put_local(path: str, data: bytes) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    # Without the ending, so that nobody who reads meanwhile takes half a file for a whole one.
    scratch = os.path.join(folder, f".{os.path.basename(path)}.{secrets.token_hex(4)}")
    try:
        with open(scratch, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(scratch, path)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch)
        raise


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except EventSinkError:
        raise
    # Each file system has errors of its own kind; whatever it was, it may be over the next time.
    except Exception as error:
        raise EventSinkError(f"{what}: {_named(error)}.") from error


def _named(error: Any) -> str:
    return str(error) or type(error).__name__
