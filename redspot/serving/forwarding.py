"""What of a caller's request reaches a replica: never who they are to others, never what steers the connection."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from functools import lru_cache

from redspot.errors import InvalidError
from redspot.serving.headers import Headers

# Connection matters end at the router (RFC 9110, 7.6.1); credentials are for it and not for replicas.
DROPPED = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "traceparent",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-csrftoken",
        "x-xsrftoken",
    }
)
OUR_PREFIX = "x-redspot-"
# Says to a replica that its answer is only compared, and to a caller who answered.
SHADOW_HEADER = "X-Redspot-Shadow"
VERSION_HEADER = "X-Redspot-Version"
DEPLOYMENT_HEADER = "X-Redspot-Deployment"
METHODS = frozenset({"GET", "HEAD", "POST"})

# Seeded by the system, for each process anew.
_random = random.Random()
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(r"/[\x21-\x7e]*")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class UnforwardableRequestError(InvalidError):
    """A request holds what cannot be passed on."""

    code = "unforwardable-request"


def render_request(method: str, target: str, headers: Headers, body: bytes, ours: Iterable[tuple[str, str]]) -> bytes:
    """Return the request as the replica gets it.

    Parameters
    ----------
    target
        Path and query.
    ours
        Headers that the router adds; a caller's of the same name were dropped.

    Raises
    ------
    UnforwardableRequestError
        When a part could be read as more than itself.
    """
    if method not in METHODS or not _TARGET.fullmatch(target):
        raise UnforwardableRequestError("The method or path of the request cannot be passed on.")
    lines = [f"{method} {target} HTTP/1.1", "Host: replica", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in forwarded(headers)]
    lines += [f"{name}: {value}" for name, value in ours]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def forwarded(headers: Headers) -> list[tuple[str, str]]:
    """Return the caller's headers that are passed on."""
    named = headers.get("Connection", "").lower()
    also_dropped = {name.strip() for name in named.split(",")} if named else ()
    kept = []
    for name, value in headers.get_all():
        if _is_dropped(name) or (also_dropped and name.lower() in also_dropped):
            continue
        if not _is_token(name) or not _VALUE.fullmatch(value):
            raise UnforwardableRequestError(f"The header {name!r} cannot be passed on.")
        kept.append((name, value))
    return kept


# Clients send the same few names again and again.
@lru_cache(maxsize=512)
def _is_dropped(name: str) -> bool:
    key = name.lower()
    # An underscore is read as a dash by some: nobody shall slip by in that form.
    return key in DROPPED or key.replace("_", "-").startswith(OUR_PREFIX)


@lru_cache(maxsize=512)
def _is_token(name: str) -> bool:
    return _TOKEN.fullmatch(name) is not None


def trace_of(headers: Headers) -> str:
    """Return the caller's W3C ``traceparent``, or a new one when there is none that can be used."""
    given = headers.get("Traceparent", "")
    if given and _TRACEPARENT.fullmatch(given):
        return given
    # They name things and keep nothing secret; 0 is no name.
    return f"00-{_random.getrandbits(128) or 1:032x}-{_random.getrandbits(64) or 1:016x}-01"
