"""The router's table, as a local file: written whole by the service, read by the router.

So endpoints answer while the service is down. The file holds the replicas' secrets and is for its
owner alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redspot.errors import RedspotError
from redspot.ids import parse_name
from redspot.registry.endpoint import EndpointState
from redspot.serving.errors import SnapshotError

FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CallerEntry:
    """Somebody with a token; `endpoints` are those they may call, None means all."""

    name: str
    endpoints: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ReplicaEntry:
    """One replica: which deployment and version it is, its Unix socket and its secret."""

    deployment_id: str
    model: str
    version: str
    socket: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """One endpoint and the replicas that share its requests."""

    state: EndpointState
    replicas: tuple[ReplicaEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the router knows.

    Attributes
    ----------
    generation
        Grows with every change, so that the service can see which table is in use.
    callers
        By the SHA-256 of their token, in hexadecimal; the tokens themselves are nowhere.
    endpoints
        By name.
    """

    generation: int
    callers: Mapping[str, CallerEntry]
    endpoints: Mapping[str, EndpointEntry]


def token_hash(token: str) -> str:
    """Return the key of a token in `Snapshot.callers`."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def render_snapshot(snapshot: Snapshot) -> str:
    """Return the snapshot as JSON that `parse_snapshot` reads."""
    callers = {
        digest: {"name": caller.name, "endpoints": None if caller.endpoints is None else list(caller.endpoints)}
        for digest, caller in snapshot.callers.items()
    }
    endpoints = {
        name: {
            "state": endpoint.state.value,
            "replicas": [
                {
                    "deployment_id": replica.deployment_id,
                    "model": replica.model,
                    "version": replica.version,
                    "socket": replica.socket,
                    "secret": replica.secret,
                }
                for replica in endpoint.replicas
            ],
        }
        for name, endpoint in snapshot.endpoints.items()
    }
    content = {"format": FORMAT, "generation": snapshot.generation, "callers": callers, "endpoints": endpoints}
    return json.dumps(content, indent=1)


def parse_snapshot(text: str) -> Snapshot:
    """Read what `render_snapshot` wrote; keys of a later version are passed over.

    Raises
    ------
    SnapshotError
        When it is not a snapshot; the message says where.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"The snapshot is not JSON: {error}.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise SnapshotError(f"The snapshot is not of format {FORMAT}.")
    generation = content.get("generation")
    if not isinstance(generation, int) or isinstance(generation, bool):
        raise SnapshotError("The snapshot's generation is not a whole number.")
    try:
        callers = {_sha256(key): _caller(value) for key, value in _object(content, "callers").items()}
        endpoints = {parse_name(key): _endpoint(value) for key, value in _object(content, "endpoints").items()}
    except SnapshotError:
        raise
    except RedspotError as error:
        raise SnapshotError(f"The snapshot cannot be used: {error.message}") from error
    return Snapshot(generation, callers, endpoints)


def write_snapshot(file: Path, snapshot: Snapshot) -> None:
    """Put the snapshot in place in one step, readable by its owner alone."""
    scratch = file.with_name(f".{file.name}.{os.urandom(6).hex()}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(render_snapshot(snapshot))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(scratch, file)


def _caller(value: Any) -> CallerEntry:
    endpoints = value.get("endpoints") if isinstance(value, dict) else None
    if endpoints is None:
        return CallerEntry(_text(value, "name"))
    if not isinstance(endpoints, list) or not all(isinstance(name, str) for name in endpoints):
        raise SnapshotError("A caller's endpoints are neither null nor a list of names.")
    return CallerEntry(_text(value, "name"), tuple(endpoints))


def _endpoint(value: Any) -> EndpointEntry:
    state = _text(value, "state")
    if state not in list(EndpointState):
        raise SnapshotError(f"An endpoint's state is {state!r}; known are {', '.join(EndpointState)}.")
    replicas = value.get("replicas")
    if not isinstance(replicas, list):
        raise SnapshotError("An endpoint's replicas are not a list.")
    return EndpointEntry(EndpointState(state), tuple(_replica(replica) for replica in replicas))


def _replica(value: Any) -> ReplicaEntry:
    keys = ("deployment_id", "model", "version", "socket", "secret")
    entry = ReplicaEntry(*(_text(value, key) for key in keys))
    if not Path(entry.socket).is_absolute():
        raise SnapshotError(f"The socket {entry.socket!r} of a replica is not an absolute path.")
    if not entry.secret.isascii() or not entry.secret.isprintable():
        raise SnapshotError(f"The secret of deployment {entry.deployment_id!r} cannot be sent in a header.")
    return entry


def _object(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    if not isinstance(found, dict):
        raise SnapshotError(f"The snapshot's {key} are not an object.")
    return found


def _text(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, str) or not found:
        raise SnapshotError(f"An entry of the snapshot has no text in {key!r}.")
    return found


def _sha256(key: str) -> str:
    if not _SHA256.fullmatch(key):
        raise SnapshotError("A caller's key is not a SHA-256 in lower-case hexadecimal.")
    return key
