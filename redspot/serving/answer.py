"""Requests and answers as plain data, and how an error becomes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

from redspot.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RedspotError,
    UnauthenticatedError,
    UnavailableError,
)
from redspot.serving.errors import (
    BodyTooLargeError,
    MethodNotAllowedError,
    RateLimitedError,
    ReplicaFailedError,
    ReplicaTimeoutError,
    UnsupportedContentError,
)
from redspot.serving.headers import Headers

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"

# Nearest ancestor counts, so that a new leaf needs no line here.
STATUS: dict[type[BaseException], HTTPStatus] = {
    MethodNotAllowedError: HTTPStatus.METHOD_NOT_ALLOWED,
    BodyTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedContentError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    RateLimitedError: HTTPStatus.TOO_MANY_REQUESTS,
    ReplicaFailedError: HTTPStatus.BAD_GATEWAY,
    ReplicaTimeoutError: HTTPStatus.GATEWAY_TIMEOUT,
    InvalidError: HTTPStatus.BAD_REQUEST,
    UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    RedspotError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


@dataclass(slots=True)
class Request:
    """One request, read to its end.

    Attributes
    ----------
    path
        Without the query, still percent-encoded.
    is_too_large
        Whether its body was larger than it may be, and was thrown away.
    trace
        W3C ``traceparent`` of our own span of it; empty where none is made.
    """

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes = b""
    is_too_large: bool = False
    trace: str = ""


# Not frozen: that would make each of them several times as slow to make.
@dataclass(slots=True)
class Answer:
    """What is sent back; length, date and the like are added when it is written."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = field(default=())


def json_answer(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return `value` as JSON."""
    return Answer(status, to_json(value), headers=headers)


def to_json(value: Any) -> bytes:
    """Return `value` as JSON without blanks; a number that is not known, or infinite, is null."""
    return orjson.dumps(value)


def retry_headers(error: RedspotError) -> tuple[tuple[str, str], ...]:
    """Return when a client may try again, for an error that says so."""
    seconds = error.facts.get("retry_after_s")
    return () if seconds is None else (("Retry-After", str(seconds)),)


def status_of(error: RedspotError) -> HTTPStatus:
    """Return the HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: RedspotError) -> Answer:
    """Return an error as RFC 9457 has it, with its stable code."""
    status = status_of(error)
    body = {
        "type": f"urn:redspot:problem:{error.code}",
        "title": status.phrase,
        "status": status.value,
        "code": error.code,
        "detail": error.message,
        "facts": dict(error.facts),
    }
    headers = retry_headers(error)
    if status is HTTPStatus.UNAUTHORIZED:
        headers = (("WWW-Authenticate", "Bearer"),)
    return Answer(status.value, to_json(body), PROBLEM_JSON, headers)
