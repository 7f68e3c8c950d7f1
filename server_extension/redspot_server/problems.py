"""Errors on the wire: ``application/problem+json`` (RFC 9457) with a stable code."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import ValidationError

from redspot.contracts.replies import Problem
from redspot.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    MissingExtraError,
    NotFoundError,
    RedspotError,
    UnauthenticatedError,
    UnavailableError,
)
from redspot.registry.endpoint_store import StaleDefinitionError
from redspot.serving.errors import MethodNotAllowedError

STATUS: dict[type[BaseException], HTTPStatus] = {
    MethodNotAllowedError: HTTPStatus.METHOD_NOT_ALLOWED,
    StaleDefinitionError: HTTPStatus.PRECONDITION_FAILED,
    InvalidError: HTTPStatus.BAD_REQUEST,
    UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    MissingExtraError: HTTPStatus.NOT_IMPLEMENTED,
    RedspotError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class RequestError(InvalidError):
    """The body or query string is not what the route takes."""

    code = "unreadable-request"


class RouteNotFoundError(NotFoundError):
    """The service has no such path."""

    code = "route-not-found"


def status_of(error: RedspotError) -> HTTPStatus:
    """Return the status of the nearest mapped ancestor, so that a new leaf error needs no edit here."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_of(error: RedspotError, request_id: str) -> Problem:
    """Return what is sent for an error."""
    status = status_of(error)
    return Problem("about:blank", status.phrase, status, error.code, error.message, dict(error.facts), request_id)


def request_error(error: ValidationError) -> RequestError:
    """Return one sentence that names the first field that is wrong."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "body"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return RequestError(f"Field {where!r}: {first['msg']}{more}.", field=where)
