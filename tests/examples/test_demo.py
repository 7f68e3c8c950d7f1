"""The demo, as `make demo` runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from redspot_server.service import running_service

from redspot.compute.process import ProcessBackend
from redspot.compute.unit import UnitPhase
from redspot.config import Config


def test_the_demo_holds_and_leaves_nothing_running(config: Config) -> None:
    environment = {**os.environ, **config.to_environment(), "REDSPOT_DEMO_SETUP_S": "3"}
    done = subprocess.run(
        [sys.executable, "-m", "redspot", "demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert set(said) == {"model", "runs", "schedule", "endpoint", "parity", "seconds"}
    assert said["model"] == "penguins@2"
    assert [run["status"] for run in said["runs"]] == ["succeeded", "succeeded"]
    assert said["schedule"] == {"cron": "* * * * *", "time_zone": "UTC", "fired": 1}
    assert said["parity"] is True
    assert said["endpoint"]["url"].endswith("/endpoints/penguins")
    assert set(said["seconds"]) == {"setup", "job", "register", "deploy", "total"}
    assert running_service(config) is None
    backend = ProcessBackend(config.units_dir)
    assert all(backend.observe(unit).phase is UnitPhase.ENDED for unit in backend.unit_ids())
