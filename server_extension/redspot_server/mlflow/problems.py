"""Errors as MLflow's client reads them: ``{"error_code": …, "message": …}``."""

from __future__ import annotations

from http import HTTPStatus

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
from redspot.registry.experiment import ExperimentExistsError
from redspot.registry.registered import AliasNotFoundError, ModelExistsError

VERSION = "3.17.2"
"""The newest release of MLflow whose client the suite was run with."""


class EndpointUnknownError(NotFoundError):
    """MLflow's API has no such endpoint here: traces, prompts and the gateway are not kept."""

    code = "mlflow-endpoint-not-found"


class FieldError(InvalidError):
    """A field of the request is missing or not what it must be."""

    code = "mlflow-field"


class NotOfferedError(RedspotError):
    """MLflow's API has this, and here it is not needed: the client then goes the usual way."""

    code = "mlflow-not-implemented"


_CODES: dict[type[BaseException], tuple[str, HTTPStatus]] = {
    EndpointUnknownError: ("ENDPOINT_NOT_FOUND", HTTPStatus.NOT_FOUND),
    NotOfferedError: ("NOT_IMPLEMENTED", HTTPStatus.NOT_IMPLEMENTED),
    ExperimentExistsError: ("RESOURCE_ALREADY_EXISTS", HTTPStatus.BAD_REQUEST),
    ModelExistsError: ("RESOURCE_ALREADY_EXISTS", HTTPStatus.BAD_REQUEST),
    AliasNotFoundError: ("INVALID_PARAMETER_VALUE", HTTPStatus.BAD_REQUEST),
    InvalidError: ("INVALID_PARAMETER_VALUE", HTTPStatus.BAD_REQUEST),
    NotFoundError: ("RESOURCE_DOES_NOT_EXIST", HTTPStatus.NOT_FOUND),
    ConflictError: ("RESOURCE_CONFLICT", HTTPStatus.CONFLICT),
    ForbiddenError: ("PERMISSION_DENIED", HTTPStatus.FORBIDDEN),
    UnauthenticatedError: ("UNAUTHENTICATED", HTTPStatus.UNAUTHORIZED),
    UnavailableError: ("TEMPORARILY_UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE),
    RedspotError: ("INTERNAL_ERROR", HTTPStatus.INTERNAL_SERVER_ERROR),
}


def mlflow_problem(error: RedspotError) -> tuple[int, bytes]:
    """Return status and body for an error: those of its nearest mapped ancestor."""
    code, status = next(_CODES[kind] for kind in type(error).__mro__ if kind in _CODES)
    return status, orjson.dumps({"error_code": code, "message": error.message})
