"""Replicas as processes of this machine."""

from __future__ import annotations

import sys
from pathlib import Path

from redspot_productionize.runner import unit_environment

from redspot.compute.unit import UnitKind, UnitSpec
from redspot.images.process import running_image
from redspot.registry.deployment import Deployment, Replica
from redspot_server.controllers.unit_replicas import SECRET_VARIABLE, UnitReplicas
from redspot_server.services import Services


class ProcessReplicas(UnitReplicas):
    """Starts replicas in the service's own software."""

    name = "process"

    def __init__(self, services: Services) -> None:
        super().__init__(services, services.backend)

    def image(self, deployment: Deployment) -> str:
        """Return the lock of what is installed here."""
        return running_image().lock

    def spec(self, deployment: Deployment, replica: Replica, folder: Path, image: str) -> UnitSpec:
        """Return the unit of a replica."""
        return UnitSpec(
            replica.unit_id,
            UnitKind.REPLICA,
            (sys.executable, "-m", "redspot.serving.replica", str(folder / "replica.json")),
            folder,
            {**unit_environment(folder), SECRET_VARIABLE: self.secret(deployment)},
            self.limits(deployment),
            deployment.created_by,
        )

    def socket(self, unit_id: str) -> Path:
        """Return where the replica listens."""
        return self._services.config.runtime_dir() / f"{unit_id}.sock"
