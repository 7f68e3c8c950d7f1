"""The port to where replicas run: processes, containers or pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from redspot.compute.unit import UnitStatus
from redspot.registry.deployment import Deployment, Replica
from redspot.registry.figures import Scores
from redspot.serving.snapshot import ReplicaEntry


class ReplicaBackend(Protocol):
    """Starts replicas and tells of them. Each method may be called again after a crash at any point."""

    name: str

    def start(self, deployment: Deployment, replica: Replica) -> None:
        """Start a replica, or do nothing when it was started before."""
        ...

    def observe(self, replica: Replica) -> UnitStatus:
        """Return the replica's unit as it is now (UnitNotFoundError when it was never started)."""
        ...

    def is_ready(self, deployment: Deployment, replica: Replica) -> bool:
        """Return whether it says that it is ready, which it says only after its parity check."""
        ...

    def entry(self, deployment: Deployment, replica: Replica) -> ReplicaEntry:
        """Return what the router is told about it."""
        ...

    def scores(self, deployment: Deployment, replica: Replica) -> Mapping[str, Scores]:
        """Return how its answers are distributed, by name of the output; empty when it cannot be asked."""
        ...

    def last_words(self, replica: Replica) -> str:
        """Return the last line of its log; empty when there is none."""
        ...

    def unit_ids(self) -> tuple[str, ...]:
        """Return the ids of all replicas' units that are known here."""
        ...

    def retire(self, unit_id: str) -> None:
        """End a unit after it has answered what is under way, and remove what it leaves. May take seconds."""
        ...
