"""Group commit: one thread writes, and what has queued up meanwhile becomes one transaction.

A commit costs the same for one row and for a hundred (a sync of the log, a round trip), so under load the rate of
writes is bounded by the rows and no longer by the commits. Nobody is answered before what they sent is committed.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from redspot.errors import UnavailableError
from redspot.stores.database import Database

T = TypeVar("T")
_MAX_GROUP = 64


class DatabaseBusyError(UnavailableError):
    """The database took no writes for a while; nothing of what was sent is kept."""

    code = "database-busy"


class WriterClosedError(UnavailableError):
    """The service is ending and takes no more writes."""

    code = "writer-closed"


_Item = tuple[Callable[[Connection], Any], "Future[Any]", Context]


class GroupWriter:
    """Runs functions that write, each all or nothing, many in one transaction.

    Parameters
    ----------
    database
        Its writing connections are used; other writers of the same database go on beside this one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queue `work`; the future has its result once that is committed, or its error (WriterClosedError)."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise WriterClosedError("The service is ending: send this again when it is back.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="group-writer", daemon=True)
                self._thread.start()
            self._queue.put((work, future, copy_context()))
        return future

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return the result of `work` once it is committed, or raise its error."""
        return self.submit(work).result()

    def close(self) -> None:
        """Write what is queued, then end the thread."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            if item is None:
                return
            group, last = [item], False
            while len(group) < _MAX_GROUP and not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    last = True
                    break
                group.append(more)
            self._write_group(group)
            if last:
                return

    def _write_group(self, group: list[_Item]) -> None:
        outcomes: list[tuple[Any, BaseException | None]] = []
        try:
            with self._database.writing() as connection:
                for work, _, context in group:
                    outcomes.append(self._one(connection, work, context))
        except BaseException as error:  # the commit failed, or the connection: nobody's work is kept
            problem = _told(error)
            outcomes = [(None, problem)] * len(group)
        for (_, future, _), (value, failure) in zip(group, outcomes, strict=True):
            if failure is None:
                future.set_result(value)
            else:
                future.set_exception(failure)

    def _one(
        self, connection: Connection, work: Callable[[Connection], Any], context: Context
    ) -> tuple[Any, BaseException | None]:
        savepoint = connection.begin_nested()
        try:
            value = context.run(work, connection)
        except DBAPIError as error:
            if error.connection_invalidated or isinstance(error, OperationalError):
                raise  # the transaction itself is lost
            savepoint.rollback()
            return None, error
        except Exception as error:
            savepoint.rollback()
            return None, error
        savepoint.commit()
        return value, None


def _told(error: BaseException) -> BaseException:
    if isinstance(error, OperationalError):
        return DatabaseBusyError(f"The database takes no writes now: {error.orig}. Send this again.")
    return error
