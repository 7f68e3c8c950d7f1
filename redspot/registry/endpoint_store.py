"""The port to where endpoints, their deployments and the ledger are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from redspot.errors import ConflictError
from redspot.ids import ModelRef
from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import Deployment, LedgerEntry, LiveArm, Replica
from redspot.registry.endpoint import EndpointState
from redspot.registry.figures import Observation
from redspot.registry.policy import RolloutPolicy
from redspot.registry.rollout import Move, Rollout
from redspot.registry.standing import AppliedDefinition, Endpoint, Standing


class StaleDefinitionError(ConflictError):
    """Somebody else applied a definition meanwhile; `generation` tells which one is in force."""

    code = "stale-definition"


class EndpointStore(Protocol):
    """Keeps endpoints and the ledger; every change of a share is a new row of it, in the transaction that makes it."""

    def apply(
        self,
        definition: EndpointDefinition,
        pins: Mapping[str, str],
        *,
        by: str,
        why: str,
        expected: int | None = None,
        policy: RolloutPolicy | None = None,
    ) -> Standing:
        """Want what the definition says, and begin the roll-out that takes.

        Parameters
        ----------
        pins
            Exact version of each that the definition names.
        expected
            Generation that must be in force, 0 for none; None for any (StaleDefinitionError).
        policy
            How to roll it out, instead of the definition's own.
        """
        ...

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

    def standing(self, name: str) -> Standing:
        """Return how an endpoint stands (EndpointNotFoundError)."""
        ...

    def standings(self) -> tuple[Standing, ...]:
        """Return how all endpoints stand, by name."""
        ...

    def definition(self, name: str, generation: int | None = None) -> AppliedDefinition:
        """Return the definition in force, or an earlier one (EndpointNotFoundError)."""
        ...

    def deployments(self, name: str, *, limit: int = 100) -> tuple[Deployment, ...]:
        """Return the deployments of an endpoint, newest first."""
        ...

    def ledger(self, name: str, *, limit: int = 100, until: datetime | None = None) -> tuple[LedgerEntry, ...]:
        """Return what changed at an endpoint until some moment, newest first."""
        ...

    def live_at(self, name: str, moment: datetime) -> tuple[LiveArm, ...]:
        """Return what answered, and was compared, with which share, at some moment."""
        ...

    def move(self, rollout: Rollout, move: Move, *, baseline: Observation | None, by: str = "redspot") -> Rollout:
        """Take a roll-out to its next stage, unless it is no longer where `rollout` says."""
        ...

    def rebase(self, rollout: Rollout, baseline: Observation) -> None:
        """Count from later on, unless the roll-out is no longer where `rollout` says."""
        ...

    def scale(self, deployment_id: str, replicas: int, *, seen: int, why: str) -> Deployment:
        """Want so many replicas, unless the number is no longer `seen`."""
        ...

    def add_replica(self, deployment_id: str, *, seen: int) -> Replica | None:
        """Count one more replica, unless somebody did since incarnation `seen`; None then."""
        ...

    def pin_image(self, deployment_id: str, image: str) -> None:
        """Record what all replicas of a deployment run in; the first word stays."""
        ...

    def mark_ready(self, replica: Replica) -> None:
        """Record that a replica answers."""
        ...

    def drop_replica(self, replica: Replica, *, why: str) -> None:
        """Record that a replica is no longer wanted, or is gone."""
        ...
