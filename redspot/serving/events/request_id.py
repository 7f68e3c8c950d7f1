"""The name of a request: the caller's own, or one made here."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator

from redspot.serving.answer import Request

REQUEST_ID_HEADER = "X-Request-Id"

# Without quotes and backslashes: it goes into JSON as it is.
_USABLE = re.compile(r"[A-Za-z0-9._:/+=@~-]{1,128}")


class RequestIds:
    """Names requests; those made here are a random beginning and a running number."""

    def __init__(self) -> None:
        self._made = _numbered()

    def of(self, request: Request) -> str:
        """Return the request's name; one that is made here is the request's from now on."""
        given = request.headers.get(REQUEST_ID_HEADER)
        if given is not None and _USABLE.fullmatch(given):
            return given
        made = next(self._made)
        request.headers.add(REQUEST_ID_HEADER, made)
        return made


def _numbered() -> Iterator[str]:
    # The same length for each, so that they sort as they were made.
    beginning = secrets.token_hex(8)
    return (f"{beginning}-{number:08x}" for number in itertools.count())
