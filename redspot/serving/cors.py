"""Pages of other origins that may read an endpoint's answers, as the Fetch standard has it.

Off unless the endpoint lists an origin. Only exact origins are allowed, and never credentials: a caller's token
travels in a header that the page itself sets.
"""

from __future__ import annotations

from redspot.serving.answer import Answer, Request
from redspot.serving.events.request_id import REQUEST_ID_HEADER
from redspot.serving.forwarding import DEPLOYMENT_HEADER, VERSION_HEADER

_TEXT = "text/plain"

_PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, POST"),
    ("Access-Control-Allow-Headers", f"Authorization, Content-Type, Traceparent, {REQUEST_ID_HEADER}"),
    ("Access-Control-Max-Age", "600"),
)
_EXPOSED = f"{DEPLOYMENT_HEADER}, {VERSION_HEADER}, {REQUEST_ID_HEADER}, Retry-After"


def is_preflight(request: Request) -> bool:
    """Return whether a browser asks what a page may do; it sends no token with that."""
    return request.method == "OPTIONS" and request.headers.get("Access-Control-Request-Method") is not None


def preflight(request: Request, origins: tuple[str, ...]) -> Answer | None:
    """Return the answer to a preflight, or None where the origin is not allowed."""
    origin = request.headers.get("Origin")
    if origin not in origins:
        return None
    return Answer(200, b"", _TEXT, (("Access-Control-Allow-Origin", str(origin)), ("Vary", "Origin"), *_PREFLIGHT))


def with_origin(answer: Answer, request: Request, origins: tuple[str, ...]) -> Answer:
    """Return an answer as the page of an allowed origin may read it; others get it without that."""
    origin = request.headers.get("Origin")
    allowed: tuple[tuple[str, str], ...] = (("Vary", "Origin"),)
    if origin in origins:
        allowed += (("Access-Control-Allow-Origin", str(origin)), ("Access-Control-Expose-Headers", _EXPOSED))
    return Answer(answer.status, answer.body, answer.content_type, (*answer.headers, *allowed))
