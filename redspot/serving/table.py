"""The router's table in use: the last good snapshot, with a connection pool per replica."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from redspot.serving.errors import SnapshotError
from redspot.serving.route import Replica, Route
from redspot.serving.snapshot import CallerEntry, ReplicaEntry, Snapshot, parse_snapshot
from redspot.serving.upstream import TIMEOUT_S

log = logging.getLogger("redspot.serving")


class Table:
    """What the router knows, kept fresh from a file.

    Parameters
    ----------
    file
        The snapshot; it may appear later.

    Attributes
    ----------
    generation
        Of the snapshot in use; None before the first good one.
    problem
        Why the newest file is not in use, or empty.
    routes
        By the endpoint's name; the route of an endpoint stays the same object as long as it is in the table.
    """

    def __init__(self, file: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        self._file = file
        self._timeout_s = timeout_s
        self._seen: tuple[int, ...] | None = None
        self._replicas: dict[tuple[str, ReplicaEntry], Replica] = {}
        self.generation: int | None = None
        self.problem = f"There is no snapshot at {str(file)!r} yet."
        self.callers: Mapping[str, CallerEntry] = {}
        self.routes: dict[str, Route] = {}
        self.on_change: Callable[[], None] = lambda: None

    @property
    def is_waited_for(self) -> bool:
        """Whether a request is held until there is a replica."""
        return any(route.tally.held for route in self.routes.values())

    def refresh(self, *, force: bool = False) -> bool:
        """Read the file when it is another than before; a broken one leaves the table as it is."""
        try:
            found = os.stat(self._file)
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen == self._seen and not force:
                return False
            self._seen = seen
            self._use(parse_snapshot(self._file.read_text()))
        except FileNotFoundError:
            self._note(f"There is no snapshot at {str(self._file)!r}.")
            self._seen = None
            return False
        except (OSError, UnicodeDecodeError, SnapshotError) as error:
            self._note(str(error))
            return False
        self.problem = ""
        log.info("the table is of generation %s now: %s endpoints", self.generation, len(self.routes))
        return True

    def close(self) -> None:
        """Close all connections."""
        for route in self.routes.values():
            route.close()
        for replica in self._replicas.values():
            replica.upstream.retire()

    def _use(self, snapshot: Snapshot) -> None:
        before, routes = self.routes, {}
        kept: dict[tuple[str, ReplicaEntry], Replica] = {}
        self.callers, self.generation = snapshot.callers, snapshot.generation
        for name, endpoint in snapshot.endpoints.items():
            route = routes[name] = before.get(name) or Route(name)
            for entry in endpoint.replicas:
                key = name, entry
                kept[key] = self._replicas.get(key) or Replica(
                    entry, route.tally.arm(entry.deployment_id), self._timeout_s
                )
            route.use(endpoint, tuple(kept[name, entry] for entry in dict.fromkeys(endpoint.replicas)))
        gone = [replica for key, replica in self._replicas.items() if key not in kept]
        self._replicas, self.routes = kept, routes
        for name, route in before.items():
            if name not in routes:
                route.close()
        for replica in gone:
            replica.upstream.retire()
        self.on_change()

    def _note(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("the table stays at generation %s: %s", self.generation, problem)
        self.problem = problem
