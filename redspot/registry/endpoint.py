"""Words that all who deal with endpoints share: states, arms, and what can go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from redspot.errors import ConflictError, InvalidError, NotFoundError, UnavailableError


class EndpointNotFoundError(NotFoundError):
    """No endpoint of that name is defined."""

    code = "endpoint-not-found"


class EndpointConflictError(ConflictError):
    """What was asked contradicts the endpoint's state."""

    code = "endpoint-conflict"


class EndpointUnavailableError(UnavailableError):
    """The endpoint has no replica that can answer now."""

    code = "endpoint-unavailable"


class EndpointAnswerError(InvalidError):
    """The endpoint answered with a problem of its own; its sentence is passed on."""

    code = "endpoint-answer"


class EndpointState(StrEnum):
    """What an endpoint is wanted to do."""

    LIVE = "live"
    STOPPED = "stopped"


class ArmRole(StrEnum):
    """What a deployment does among those of one endpoint.

    A ``live`` one answers a share of the callers; a ``shadow`` is asked again what a live one has answered, and
    its answers are only compared.
    """

    LIVE = "live"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class Arm:
    """The part that one deployment has in an endpoint.

    Attributes
    ----------
    share
        Of a live arm the share of requests it answers, of a shadow the share mirrored to it; 0 to 1.
    """

    deployment_id: str
    role: ArmRole
    share: float
