"""Replicas as containers: each in the image of its version, reachable by its socket alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from redspot.compute.docker import DockerBackend
from redspot.compute.unit import Bind, UnitKind, UnitSpec
from redspot.images.plan import PYTHON
from redspot.registry.deployment import Deployment, Replica
from redspot_server.controllers.image_builds import ImageBuilds
from redspot_server.controllers.unit_replicas import SECRET_VARIABLE, UnitReplicas
from redspot_server.services import Services


class DockerReplicas(UnitReplicas):
    """Starts replicas as containers of this machine's Docker engine.

    A container has no network at all: the router reaches it by a socket in a folder that both see.
    """

    name = "docker"

    def __init__(self, services: Services) -> None:
        backend = DockerBackend(services.config.containers_dir, url=services.config.docker_url)
        super().__init__(services, backend)
        self._account = backend.account
        self._builds = ImageBuilds(services)

    def image(self, deployment: Deployment) -> str | None:
        """Return the id of the version's image; None while it is being built."""
        return self._builds.image(self._services.models.get(deployment.ref))

    def spec(self, deployment: Deployment, replica: Replica, folder: Path, image: str) -> UnitSpec:
        """Return the unit of a replica."""
        box = self._shared(self.socket(replica.unit_id).parent)
        spool = self._shared(self._services.config.spool_dir / deployment.endpoint)
        return UnitSpec(
            replica.unit_id,
            UnitKind.REPLICA,
            (PYTHON, "-m", "redspot.serving.replica", str(folder / "replica.json")),
            folder,
            {SECRET_VARIABLE: self.secret(deployment), "PYTHONUNBUFFERED": "1"},
            self.limits(deployment),
            deployment.created_by,
            image,
            (Bind(box, writable=True), Bind(spool, writable=True)),
            network=False,
        )

    def socket(self, unit_id: str) -> Path:
        """Return where the replica listens: in a folder of its own, which its container sees."""
        return self._services.config.runtime_dir() / unit_id / "s"

    def retire(self, unit_id: str) -> None:
        """End a container after it has answered what is under way, and remove what it leaves."""
        super().retire(unit_id)
        shutil.rmtree(self.socket(unit_id).parent, ignore_errors=True)

    def _shared(self, folder: Path) -> Path:
        """Make a folder that the container's account may write, and nobody else."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, self._account.uid, self._account.gid)
        return folder
