"""Replicas as units of a compute backend of this machine, each listening on a Unix socket."""

from __future__ import annotations

import json
import logging
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from redspot.compute.instance import find_instance_type
from redspot.compute.unit import ComputeBackend, Limits, UnitExistsError, UnitSpec, UnitStatus
from redspot.registry.deployment import Deployment, Replica, ReplicaSpec
from redspot.registry.figures import Scores
from redspot.serving.signature import SECRET_HEADER
from redspot.serving.snapshot import ReplicaEntry
from redspot_server.controllers.stats import scores_of
from redspot_server.services import Services

SECRET_VARIABLE = "REDSPOT_REPLICA_SECRET"
_PROBE_TIMEOUT_S = 2.0
_GRACE_S = 12.0

_log = logging.getLogger(__name__)


class UnitReplicas(ABC):
    """What replicas of all such backends have in common; see the port `ReplicaBackend`.

    Parameters
    ----------
    backend
        Runs the units.
    """

    name: str

    def __init__(self, services: Services, backend: ComputeBackend) -> None:
        self._services = services
        self._backend = backend

    @abstractmethod
    def image(self, deployment: Deployment) -> str | None:
        """Return what the deployment's replicas run in; None while it is still being made."""

    @abstractmethod
    def spec(self, deployment: Deployment, replica: Replica, folder: Path, image: str) -> UnitSpec:
        """Return the unit of a replica whose folder is ready."""

    @abstractmethod
    def socket(self, unit_id: str) -> Path:
        """Return where the replica listens: in a 0700 folder."""

    def start(self, deployment: Deployment, replica: Replica) -> None:
        """Start a replica, or do nothing when it was started before or has no image yet."""
        services = self._services
        image = deployment.image or self.image(deployment)
        if image is None:
            return
        if not deployment.image:
            services.endpoints.pin_image(deployment.id, image)
        version = services.models.get(deployment.ref)
        folder = services.config.work_dir / replica.unit_id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kind = "notebook" if version.is_notebook else "pipeline"
        served = folder / ("notebook.ipynb" if version.is_notebook else "pipeline.redspot")
        served.write_bytes(services.artifacts.get(version.pipeline.digest))
        config = {
            "endpoint": deployment.endpoint,
            "deployment_id": deployment.id,
            "model": deployment.model,
            "version": str(deployment.version),
            kind: str(served),
            "socket": str(self.socket(replica.unit_id)),
            "secret_env": SECRET_VARIABLE,
            "trusted_modules": list(services.config.trusted),
            "events": event_settings(services, deployment.endpoint, deployment.spec, version.schema),
        }
        (folder / "replica.json").write_text(json.dumps(config))
        try:
            self._backend.start(self.spec(deployment, replica, folder, image))
        except UnitExistsError:
            _log.info("replica %s was started before; watching it", replica.unit_id)

    def observe(self, replica: Replica) -> UnitStatus:
        """Return the replica's unit as it is now."""
        return self._backend.observe(replica.unit_id)

    def is_ready(self, deployment: Deployment, replica: Replica) -> bool:
        """Return whether it says that it is ready."""
        answer = self._ask(deployment, replica, "/v2/health/ready")
        return answer is not None and answer.status_code == 200

    def entry(self, deployment: Deployment, replica: Replica) -> ReplicaEntry:
        """Return what the router is told about it."""
        version, socket = str(deployment.version), str(self.socket(replica.unit_id))
        return ReplicaEntry(deployment.id, deployment.model, version, socket, self.secret(deployment))

    def scores(self, deployment: Deployment, replica: Replica) -> Mapping[str, Scores]:
        """Return how its answers are distributed."""
        answer = self._ask(deployment, replica, "/stats")
        return {} if answer is None or answer.status_code != 200 else scores_of(answer.json())

    def last_words(self, replica: Replica) -> str:
        """Return the last line of its log."""
        lines = self._backend.log_tail(replica.unit_id, max_bytes=4096).strip().splitlines()
        return lines[-1] if lines else ""

    def unit_ids(self) -> tuple[str, ...]:
        """Return the ids of all replicas' units."""
        return tuple(unit_id for unit_id in self._backend.unit_ids() if unit_id.startswith("d_"))

    def retire(self, unit_id: str) -> None:
        """End a unit after it has answered what is under way, and remove what it leaves."""
        self._backend.stop(unit_id, grace_s=_GRACE_S)
        self._backend.forget(unit_id)
        shutil.rmtree(self._services.config.work_dir / unit_id, ignore_errors=True)
        self.socket(unit_id).unlink(missing_ok=True)

    def limits(self, deployment: Deployment) -> Limits:
        """Return what one replica may use."""
        return find_instance_type(self._services.instance_types, deployment.spec.instance_type).limits()

    def secret(self, deployment: Deployment) -> str:
        """Return what the router shows to the replica."""
        return self._services.secret_of(f"replica:{deployment.id}")

    def _ask(self, deployment: Deployment, replica: Replica, path: str) -> httpx.Response | None:
        """Return the replica's answer; None while it does not listen."""
        socket = self.socket(replica.unit_id)
        if not socket.exists():
            return None
        transport = httpx.HTTPTransport(uds=str(socket))
        headers = {SECRET_HEADER: self.secret(deployment)}
        try:
            with httpx.Client(transport=transport, timeout=_PROBE_TIMEOUT_S, headers=headers) as client:
                return client.get(f"http://replica{path}")
        except httpx.HTTPError:
            return None  # not listening yet, or no longer


def event_settings(
    services: Services, endpoint: str, spec: ReplicaSpec, schema: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return what a replica is told about events; None where they are off."""
    config = services.config
    sample = config.events_sample if spec.log_sample is None else spec.log_sample
    if not sample:
        return None
    known = {column["name"] for column in (*schema.get("inputs", ()), *schema.get("outputs", ()))}
    redact = [name for name in (config.redacted if spec.redact is None else spec.redact) if name in known]
    # One folder for an endpoint, so that one that is flooded takes no room from others.
    return {"spool": str(config.spool_dir / endpoint), "sample": sample, "redact": redact}
