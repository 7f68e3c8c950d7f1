"""The router's table, as a local file: written whole by the service, read by the router.

So endpoints answer while the service is down. The file holds the replicas' secrets and is for its
owner alone.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from redspot.errors import RedspotError
from redspot.ids import parse_name
from redspot.registry.endpoint import ArmRole, EndpointState
from redspot.serving.address import AddressError, parse_address
from redspot.serving.errors import SnapshotError

FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9._\-\[\]:]+")
_STICKY = re.compile(r"header:[!#$%&'*+.^_`|~0-9A-Za-z-]+|column:.+", re.DOTALL)
_SHARE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class CallerEntry:
    """Somebody with a token.

    Attributes
    ----------
    endpoints
        Those they may call; None means all.
    rate_per_s
        How many requests they may send each second, in the long run; None does not limit them.
    burst
        How many they may send at once; None allows those of one second, and always one.
    expires_at
        POSIX seconds from which the token is no longer taken; None never ends it.
    """

    name: str
    endpoints: tuple[str, ...] | None = None
    rate_per_s: float | None = None
    burst: int | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class ReplicaEntry:
    """One replica: which deployment and version it is, where it is and its secret.

    Attributes
    ----------
    socket
        The path of its Unix socket, or ``tcp://HOST:PORT``; see `redspot.serving.address`.
    """

    deployment_id: str
    model: str
    version: str
    socket: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ArmEntry:
    """One deployment's part of an endpoint.

    Attributes
    ----------
    share
        Of a live arm, the part of the requests that it answers; of a shadow, the part that is mirrored to it. Both
        are from 0 to 1.
    """

    deployment_id: str
    role: ArmRole
    share: float


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """One endpoint and the replicas that answer its requests.

    Attributes
    ----------
    arms
        How requests are split among deployments; the shares of live arms sum to 1. Without any, all replicas share
        alike, and with some, a replica of no arm gets nothing.
    sticky
        ``header:NAME`` or ``column:NAME``: requests with the same value there go to the same arm.
    cors_origins
        Origins, such as ``https://example.org``, whose pages may read the answers.
    hold_s
        How long a request waits for a replica while there is none, in seconds.
    max_in_flight
        How many requests may be under way, those that wait included; None does not limit them.
    """

    state: EndpointState
    replicas: tuple[ReplicaEntry, ...] = ()
    arms: tuple[ArmEntry, ...] = ()
    sticky: str | None = None
    cors_origins: tuple[str, ...] = ()
    hold_s: float = 0.0
    max_in_flight: int | None = None


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
    callers = {digest: _given(asdict(caller)) for digest, caller in snapshot.callers.items()}
    endpoints = {name: _given(asdict(endpoint)) for name, endpoint in snapshot.endpoints.items()}
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


def _given(content: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing, but for what every reader of the format wants to find."""
    always = ("name", "endpoints", "state", "replicas")
    if content.get("hold_s") == 0:
        del content["hold_s"]
    return {key: value for key, value in content.items() if key in always or value not in (None, ())}


def _caller(value: Any) -> CallerEntry:
    name = _text(value, "name")
    endpoints = None if value.get("endpoints") is None else _texts(value, "endpoints")
    rate, burst, expires_at = _number(value, "rate_per_s"), _whole(value, "burst"), _number(value, "expires_at")
    if rate is not None and rate <= 0:
        raise SnapshotError(f"The rate of caller {name!r} is {rate:g} requests a second, not more than 0.")
    return CallerEntry(name, endpoints, rate, burst, expires_at)


def _endpoint(value: Any) -> EndpointEntry:
    state = EndpointState(_one_of(value, "state", EndpointState))
    replicas = tuple(_replica(replica) for replica in _list(value, "replicas"))
    arms = tuple(_arm(arm) for arm in _list(value, "arms", ()))
    _check_arms(arms)
    sticky = value.get("sticky")
    if sticky is not None and not (isinstance(sticky, str) and _STICKY.fullmatch(sticky)):
        raise SnapshotError(f"An endpoint's 'sticky' is {sticky!r}, not header:NAME or column:NAME.")
    origins = _texts(value, "cors_origins") if "cors_origins" in value else ()
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SnapshotError(f"The origin {origin!r} is not of the form https://host or https://host:port.")
    hold_s = _number(value, "hold_s") or 0.0
    if hold_s < 0:
        raise SnapshotError(f"An endpoint's 'hold_s' is {hold_s:g}, less than 0.")
    return EndpointEntry(state, replicas, arms, sticky, origins, hold_s, _whole(value, "max_in_flight"))


def _arm(value: Any) -> ArmEntry:
    role = ArmRole(_one_of(value, "role", ArmRole))
    share = _number(value, "share")
    if share is None or not 0 <= share <= 1:
        raise SnapshotError(f"The share of an arm is {share!r}, not from 0 to 1.")
    return ArmEntry(_sendable(value, "deployment_id"), role, share)


def _check_arms(arms: tuple[ArmEntry, ...]) -> None:
    if not arms:
        return
    total = math.fsum(arm.share for arm in arms if arm.role is ArmRole.LIVE)
    if abs(total - 1) > _SHARE_TOLERANCE:
        raise SnapshotError(f"The shares of an endpoint's live arms sum to {total!r}, not to 1.")
    if len({arm.deployment_id for arm in arms}) < len(arms):
        raise SnapshotError("Two arms of an endpoint name the same deployment.")


def _replica(value: Any) -> ReplicaEntry:
    deployment_id, model, version = (_sendable(value, key) for key in ("deployment_id", "model", "version"))
    entry = ReplicaEntry(deployment_id, model, version, _text(value, "socket"), _text(value, "secret"))
    try:
        parse_address(entry.socket)
    except AddressError as error:
        raise SnapshotError(f"The socket of a replica of {deployment_id!r} is wrong: {error.message}") from error
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


def _sendable(value: Any, key: str) -> str:
    """Return a text that is also sent in a header."""
    found = _text(value, key)
    if not found.isascii() or not found.isprintable():
        raise SnapshotError(f"The text {found!r} in {key!r} cannot be sent in a header.")
    return found


def _texts(value: dict[str, Any], key: str) -> tuple[str, ...]:
    found = value[key]
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise SnapshotError(f"The {key!r} of an entry are not a list of texts.")
    return tuple(found)


def _list(value: Any, key: str, default: object = None) -> list[Any]:
    found = value.get(key, default) if isinstance(value, dict) else None
    if not isinstance(found, list | tuple):
        raise SnapshotError(f"An endpoint's {key} are not a list.")
    return list(found)


def _one_of(value: Any, key: str, known: type[StrEnum]) -> str:
    found = _text(value, key)
    if found not in list(known):
        raise SnapshotError(f"An entry's {key} is {found!r}; known are {', '.join(known)}.")
    return found


def _number(value: dict[str, Any], key: str) -> float | None:
    found = value.get(key)
    if found is None:
        return None
    try:
        number = float(found) if type(found) in (int, float) else math.nan
    except OverflowError:
        number = math.inf
    # What JSON calls a number may still be infinite here: 1e999.
    if not math.isfinite(number):
        raise SnapshotError(f"The {key!r} of an entry is {found!r:.40}, not a number.")
    return number


def _whole(value: dict[str, Any], key: str) -> int | None:
    found = value.get(key)
    if found is not None and (type(found) is not int or found < 1):
        raise SnapshotError(f"The {key!r} of an entry is {found!r}, not a whole number above 0.")
    return found


def _sha256(key: str) -> str:
    if not _SHA256.fullmatch(key):
        raise SnapshotError("A caller's key is not a SHA-256 in lower-case hexadecimal.")
    return key
