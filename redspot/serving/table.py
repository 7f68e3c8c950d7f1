"""The router's table in use: the last good snapshot, with a connection pool per replica."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from redspot.registry.endpoint import EndpointState
from redspot.serving.errors import SnapshotError
from redspot.serving.signature import sign_caller
from redspot.serving.snapshot import CallerEntry, ReplicaEntry, Snapshot, parse_snapshot
from redspot.serving.upstream import TIMEOUT_S, Upstream

log = logging.getLogger("redspot.serving")


class Replica:
    """One replica as the router uses it."""

    def __init__(self, entry: ReplicaEntry, timeout_s: float) -> None:
        self.entry = entry
        self.upstream = Upstream(entry.socket, timeout_s=timeout_s)
        self._signed: dict[str, str] = {}

    def signed(self, caller: str) -> str:
        """Return the caller's name, signed with the secret of this replica."""
        signed = self._signed.get(caller)
        if signed is None:
            signed = self._signed[caller] = sign_caller(caller, self.entry.secret)
        return signed


@dataclass(slots=True)
class Route:
    """One endpoint; `turn` is the replica whose turn it is."""

    state: EndpointState
    replicas: tuple[Replica, ...]
    turn: int = 0

    def in_turn(self) -> tuple[Replica, ...]:
        """Return all replicas, beginning with the one whose turn it is."""
        if len(self.replicas) < 2:
            return self.replicas
        self.turn = (self.turn + 1) % len(self.replicas)
        return self.replicas[self.turn :] + self.replicas[: self.turn]


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
    """

    def __init__(self, file: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        self._file = file
        self._timeout_s = timeout_s
        self._seen: tuple[int, ...] | None = None
        self.generation: int | None = None
        self.problem = f"There is no snapshot at {str(file)!r} yet."
        self.callers: Mapping[str, CallerEntry] = {}
        self.routes: dict[str, Route] = {}

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
        for replica in self._replicas().values():
            replica.upstream.retire()

    def _use(self, snapshot: Snapshot) -> None:
        known = self._replicas()
        routes: dict[str, Route] = {}
        used: set[ReplicaEntry] = set()
        for name, endpoint in snapshot.endpoints.items():
            used.update(endpoint.replicas)
            for entry in endpoint.replicas:
                if entry not in known:
                    known[entry] = Replica(entry, self._timeout_s)
            replicas = tuple(known[entry] for entry in endpoint.replicas)
            before = self.routes.get(name)
            routes[name] = Route(endpoint.state, replicas, 0 if before is None else before.turn)
        for entry, replica in known.items():
            if entry not in used:
                replica.upstream.retire()
        self.routes, self.callers, self.generation = routes, snapshot.callers, snapshot.generation

    def _replicas(self) -> dict[ReplicaEntry, Replica]:
        return {replica.entry: replica for route in self.routes.values() for replica in route.replicas}

    def _note(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("the table stays at generation %s: %s", self.generation, problem)
        self.problem = problem
