"""What can go wrong between a caller and a prediction, one leaf for each thing somebody can act on."""

from __future__ import annotations

from redspot.errors import (
    CorruptError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RedspotError,
    UnauthenticatedError,
    UnavailableError,
)


class EndpointForbiddenError(ForbiddenError):
    """The caller is known, but may not call this endpoint."""

    code = "endpoint-forbidden"


class EndpointStoppedError(UnavailableError):
    """The endpoint was stopped by its owner."""

    code = "endpoint-stopped"


class EndpointBusyError(UnavailableError):
    """The endpoint has as many requests under way as it takes on."""

    code = "endpoint-busy"


class RateLimitedError(UnavailableError):
    """The caller sent more requests than they may."""

    code = "rate-limited"


class TokenExpiredError(UnauthenticatedError):
    """The token was valid, and is not any longer."""

    code = "token-expired"


class StatsForbiddenError(ForbiddenError):
    """Only the service reads what the router has counted."""

    code = "stats-forbidden"


class ReplicaFailedError(UnavailableError):
    """The replica broke off while it answered."""

    code = "replica-failed"


class ReplicaLostError(ReplicaFailedError):
    """The replica broke off before a byte of its answer came: another one may be asked."""

    code = "replica-lost"


class ReplicaTimeoutError(UnavailableError):
    """The replica took too long to answer."""

    code = "replica-timeout"


class ReplicaSecretError(UnauthenticatedError):
    """A request reached a replica round the router."""

    code = "replica-secret"


class ReplicaConfigError(InvalidError):
    """A replica's configuration, or the place of its socket, cannot be used."""

    code = "replica-config"


class ParityFailedError(CorruptError):
    """The pipeline does not answer as it did when it was fitted."""

    code = "parity-failed"


class SnapshotError(CorruptError):
    """The router's table cannot be read."""

    code = "snapshot-broken"


class PathNotFoundError(NotFoundError):
    """Nothing answers at that path."""

    code = "path-not-found"


class MethodNotAllowedError(InvalidError):
    """The path exists, but not with that method."""

    code = "method-not-allowed"


class ModelNotServedError(NotFoundError):
    """The replica serves another model or version."""

    code = "model-not-served"


class ModelNotReadyError(UnavailableError):
    """The model is in the configuration, and not loaded."""

    code = "model-not-ready"


class RepositoryForbiddenError(ForbiddenError):
    """Models are loaded and unloaded by who runs the replica, not by callers of an endpoint."""

    code = "repository-forbidden"


class InvalidBodyError(InvalidError):
    """The body is not the JSON that is expected there."""

    code = "invalid-body"


class InvalidTensorError(InvalidError):
    """A tensor of an inference request does not fit itself or the model."""

    code = "invalid-tensor"


class BodyTooLargeError(InvalidError):
    """The body has more bytes, or asks for more rows, than one request may."""

    code = "body-too-large"


class UnsupportedContentError(InvalidError):
    """The body is of a type that the path does not read."""

    code = "unsupported-content"


class UnsupportedParamsError(InvalidError):
    """The request sets parameters, and a pipeline has none."""

    code = "unsupported-params"


class MissingGrpcError(InvalidError):
    """The gRPC port is asked for, and its libraries are not installed."""

    code = "missing-grpc"


class ReplicaBusyError(UnavailableError):
    """The replica has as many large requests under way as it takes on."""

    code = "replica-busy"


class RequestTooSlowError(UnavailableError):
    """The request took longer than one may."""

    code = "request-too-slow"


class NotebookRefusedError(InvalidError):
    """A notebook's function refused a payload by raising ValueError; the sentence is its own."""

    code = "notebook-refused"


class NotebookFailedError(RedspotError):
    """A notebook's code raised, or answered what cannot be sent."""

    code = "notebook-failed"
