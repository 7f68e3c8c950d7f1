"""How an endpoint stands: what is wanted of it, and what is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import Deployment, Replica
from redspot.registry.endpoint import ArmRole, EndpointState
from redspot.registry.figures import Observation
from redspot.registry.rollout import Rollout


@dataclass(frozen=True, slots=True)
class ArmStatus:
    """One arm as it is now.

    Attributes
    ----------
    replicas, ready
        How many are wanted, and how many of them answer.
    """

    deployment_id: str
    version: str
    role: ArmRole
    share: float
    replicas: int
    ready: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A stable URL in front of model versions.

    Attributes
    ----------
    state
        What is wanted; what is, is in `arms` and `rollout`.
    deployment
        The newest deployment, or None before the first.
    serving
        The exact version that answers most requests now, such as ``penguins@3``, or None.
    generation
        Grows with every definition that is applied; the entity tag of the definition.
    arms
        The versions that answer or are compared now.
    rollout
        The newest one, or None before the first.
    """

    name: str
    owner: str
    state: EndpointState
    created_at: datetime
    updated_at: datetime
    deployment: Deployment | None
    serving: str | None
    url: str
    generation: int = 0
    arms: tuple[ArmStatus, ...] = ()
    rollout: Rollout | None = None


@dataclass(frozen=True, slots=True)
class AppliedDefinition:
    """A definition as it was applied.

    Attributes
    ----------
    pins
        What its versions were resolved to, such as ``{"penguins@champion": "penguins@4"}``.
    """

    definition: EndpointDefinition
    generation: int
    pins: Mapping[str, str]
    applied_at: datetime
    applied_by: str
    why: str

    @property
    def etag(self) -> str:
        """Its entity tag, as HTTP has it."""
        return f'"{self.generation}"'


@dataclass(frozen=True, slots=True)
class Standing:
    """All that controllers need of one endpoint.

    Attributes
    ----------
    deployments
        Those that are starting or live, oldest first.
    replicas
        Of those deployments.
    baseline
        What was counted when the roll-out's stage and step began; None before.
    """

    name: str
    owner: str
    state: EndpointState
    applied: AppliedDefinition
    deployments: tuple[Deployment, ...]
    replicas: tuple[Replica, ...]
    rollout: Rollout | None
    baseline: Observation | None

    def replicas_of(self, deployment_id: str) -> tuple[Replica, ...]:
        """Return the replicas of a deployment by number."""
        return tuple(replica for replica in self.replicas if replica.deployment_id == deployment_id)
