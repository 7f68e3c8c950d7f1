"""Replicas: how a deployment becomes a unit, and how one asks whether it is ready."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from redspot_productionize.runner import unit_environment

from redspot.compute.unit import UnitKind, UnitSpec
from redspot.registry.endpoint import Deployment
from redspot_server.services import Services

SECRET_VARIABLE = "REDSPOT_REPLICA_SECRET"
_PROBE_TIMEOUT_S = 2.0


def socket_of(services: Services, deployment: Deployment) -> Path:
    """Return where the replica listens: in a 0700 folder."""
    return services.config.runtime_dir() / f"{deployment.unit_id}.sock"


def secret_of(services: Services, deployment: Deployment) -> str:
    """Return what the router shows to the replica."""
    return services.secret_of(f"replica:{deployment.id}")


def replica_folder(services: Services, deployment: Deployment) -> Path:
    """Return where the replica works."""
    return services.config.work_dir / deployment.unit_id


def start_replica(services: Services, deployment: Deployment) -> None:
    """Start the deployment's replica (UnitExistsError when it was started before)."""
    version = services.models.get(deployment.ref)
    folder = replica_folder(services, deployment)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pipeline = folder / "pipeline.redspot"
    pipeline.write_bytes(services.artifacts.get(version.pipeline.digest))
    config = {
        "endpoint": deployment.endpoint,
        "deployment_id": deployment.id,
        "model": deployment.model,
        "version": str(deployment.version),
        "pipeline": str(pipeline),
        "socket": str(socket_of(services, deployment)),
        "secret_env": SECRET_VARIABLE,
        "events": event_settings(services, deployment.endpoint, version.schema),
    }
    (folder / "replica.json").write_text(json.dumps(config))
    services.backend.start(
        UnitSpec(
            deployment.unit_id,
            UnitKind.REPLICA,
            (sys.executable, "-m", "redspot.serving.replica", str(folder / "replica.json")),
            folder,
            {**unit_environment(folder), SECRET_VARIABLE: secret_of(services, deployment)},
            services.instance_types[0].limits(),
            deployment.created_by,
        )
    )


def event_settings(services: Services, endpoint: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a replica is told about events; None where they are off."""
    config = services.config
    if not config.events_sample:
        return None
    known = {column["name"] for column in (*schema.get("inputs", ()), *schema.get("outputs", ()))}
    redact = [name for name in config.redacted if name in known]
    # One folder for an endpoint, so that one that is flooded takes no room from others.
    return {"spool": str(config.spool_dir / endpoint), "sample": config.events_sample, "redact": redact}


def is_ready(services: Services, deployment: Deployment) -> bool:
    """Return whether the replica says that it is ready; it says so only after its parity check."""
    path = socket_of(services, deployment)
    if not path.exists():
        return False
    transport = httpx.HTTPTransport(uds=str(path))
    try:
        with httpx.Client(transport=transport, timeout=_PROBE_TIMEOUT_S) as client:
            return client.get("http://replica/v2/health/ready").status_code == 200
    except httpx.HTTPError:
        return False  # not listening yet, or no longer
