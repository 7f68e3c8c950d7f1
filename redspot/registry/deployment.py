"""Deployments, their replicas, and the ledger that says what was live when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from redspot.ids import ModelRef
from redspot.registry.endpoint import ArmRole


class DeploymentState(StrEnum):
    """``starting`` → ``live`` → ``ended``, or ``failed`` when it never answered or was rolled back."""

    STARTING = "starting"
    LIVE = "live"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ReplicaSpec:
    """How replicas of a deployment run; another one needs other replicas.

    Attributes
    ----------
    log_sample
        Share of predictions that become events; None is the installation's.
    redact
        Columns whose values are not kept; None is the installation's.
    """

    backend: str = "process"
    instance_type: str = "cpu.small"
    log_sample: float | None = None
    redact: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """One version at an endpoint, from when to when.

    Attributes
    ----------
    incarnation
        How many replicas were ever started for it; their numbers are 1 to this.
    live_at, ended_at
        When it became part of the endpoint and ceased to be (UTC); None before that.
    failure
        One sentence saying why it failed, or empty.
    role, share
        Its part now; see `redspot.registry.endpoint.Arm`.
    replicas
        How many replicas are wanted now.
    generation
        Of the endpoint's definition that asked for it.
    image
        What its replicas run in, from the first one's start on: an image's id, or the lock of a process environment.
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
    role: ArmRole = ArmRole.LIVE
    share: float = 0.0
    replicas: int = 1
    generation: int = 0
    spec: ReplicaSpec = field(default_factory=ReplicaSpec)
    image: str = ""

    @property
    def ref(self) -> ModelRef:
        """The version it serves."""
        return ModelRef(self.model, str(self.version))


class ReplicaState(StrEnum):
    """``starting`` → ``ready``; one that is no longer wanted has no row."""

    STARTING = "starting"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Replica:
    """One process, container or pod that answers for a deployment.

    Attributes
    ----------
    number
        Unique within its deployment for ever.
    """

    deployment_id: str
    number: int
    state: ReplicaState
    created_at: datetime

    @property
    def unit_id(self) -> str:
        """The unit that it is."""
        return f"{self.deployment_id}-{self.number}"


class LedgerEvent(StrEnum):
    """What a row of the ledger records."""

    CREATED = "created"
    SHIFTED = "shifted"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One change of a deployment's part; never rewritten.

    Attributes
    ----------
    role, share
        From this moment on, until the deployment's next entry.
    share_before
        Until this moment.
    generation
        Of the definition that was in force.
    why
        One sentence.
    """

    id: int
    at: datetime
    endpoint: str
    deployment_id: str
    version: str
    event: LedgerEvent
    role: ArmRole
    share_before: float
    share: float
    generation: int
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class LiveArm:
    """What a version did at some moment: answered, or was compared with, this share of requests."""

    deployment_id: str
    version: str
    role: ArmRole
    share: float
    since: datetime
