"""Stopping everything of a state directory."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from redspot.compute.docker import DockerBackend
from redspot.compute.process import ProcessBackend
from redspot.compute.unit import ComputeBackend, UnitPhase
from redspot.config import Config
from redspot.errors import UnavailableError
from redspot_server.service import running_service

_SERVICE_S = 30.0


class ServiceStopError(UnavailableError):
    """The service did not end in time."""

    code = "service-stop"


def stop_everything(config: Config, *, grace_s: float) -> tuple[str, ...]:
    """Stop the service, then every unit, and return what was stopped.

    Raises
    ------
    ServiceStopError
        When the service goes on after SIGTERM.
    """
    stopped = []
    if not config.state_dir.exists():
        return ()
    service = running_service(config)
    if service is not None:
        _stop_service(config, service.get("pid"))
        stopped.append("service")
    stopped += _stop_units(ProcessBackend(config.units_dir), grace_s)
    if config.containers_dir.exists():
        containers = DockerBackend(config.containers_dir, url=config.docker_url)
        stopped += _stop_units(containers, grace_s)
        containers.close()
    return tuple(stopped)


def _stop_units(backend: ComputeBackend, grace_s: float) -> list[str]:
    alive = [
        unit_id
        for unit_id in backend.unit_ids()
        if backend.observe(unit_id).phase in (UnitPhase.STARTING, UnitPhase.RUNNING, UnitPhase.LOST)
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda unit_id: backend.stop(unit_id, grace_s=grace_s), alive))
    return alive


def _stop_service(config: Config, pid: int | None) -> None:
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _SERVICE_S
    while running_service(config) is not None:
        if time.monotonic() > deadline:
            raise ServiceStopError(f"The service (process {pid}) did not end within {_SERVICE_S:.0f} s of SIGTERM.")
        time.sleep(0.05)
