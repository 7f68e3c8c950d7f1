"""Endpoints and the ledger of their deployments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from redspot.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from redspot.ids import ModelRef


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


class DeploymentState(StrEnum):
    """``starting`` → ``live`` → ``ended``, or ``failed`` when it never answered."""

    STARTING = "starting"
    LIVE = "live"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One row of the ledger: which version served an endpoint, from when to when.

    Attributes
    ----------
    incarnation
        How many replicas were started for it; more than 1 when one had to be replaced.
    live_at, ended_at
        When it began and ceased to answer (UTC); None before that.
    failure
        One sentence saying why it failed, or empty.
    """

    id: str
    endpoint: str
    model: str
    version: int
    state: DeploymentState
    incarnation: int
    created_at: datetime
    created_by: str
    why: str
    live_at: datetime | None
    ended_at: datetime | None
    failure: str

    @property
    def unit_id(self) -> str:
        """The unit that is, or was last, its replica."""
        return f"{self.id}-{self.incarnation}"

    @property
    def ref(self) -> ModelRef:
        """The version it serves."""
        return ModelRef(self.model, str(self.version))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A stable URL in front of model versions.

    Attributes
    ----------
    state
        What is wanted; what is, is in `deployment`.
    deployment
        The newest deployment, or None before the first.
    serving
        The exact version that answers now, such as ``penguins@3``, or None.
    """

    name: str
    owner: str
    state: EndpointState
    created_at: datetime
    updated_at: datetime
    deployment: Deployment | None
    serving: str | None
    url: str


class EndpointStore(Protocol):
    """Keeps endpoints and the ledger."""

    def deploy(self, name: str, ref: ModelRef, *, by: str, why: str) -> Endpoint:
        """Want `ref` (an exact version) to answer at the endpoint, defining it when it is new."""
        ...

    def set_state(self, name: str, state: EndpointState, *, by: str) -> Endpoint:
        """Want the endpoint live or stopped (EndpointNotFoundError)."""
        ...

    def get(self, name: str) -> Endpoint:
        """Return one endpoint (EndpointNotFoundError)."""
        ...

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return all endpoints by name."""
        ...

    def deployments(self, name: str, *, limit: int = 100) -> tuple[Deployment, ...]:
        """Return the ledger of an endpoint, newest first."""
        ...

    def open_deployments(self, name: str) -> tuple[Deployment, ...]:
        """Return its deployments that are starting or live, oldest first."""
        ...

    def mark(
        self,
        deployment_id: str,
        state: DeploymentState,
        *,
        failure: str = "",
    ) -> Deployment:
        """Record what became of a deployment; ends are never rewritten."""
        ...

    def next_incarnation(self, deployment_id: str, seen: int) -> Deployment:
        """Count one more replica for a deployment whose replica number `seen` is gone."""
        ...
