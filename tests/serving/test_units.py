"""Replica and router as units: they outlive whoever started them, and leave nothing when they are stopped."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from redspot.compute.process import ProcessBackend
from redspot.compute.unit import ExitReason, Limits, UnitKind, UnitPhase, UnitSpec
from redspot.registry.endpoint import EndpointState
from redspot.serving.snapshot import (
    CallerEntry,
    EndpointEntry,
    ReplicaEntry,
    Snapshot,
    token_hash,
    write_snapshot,
)
from tests.serving.conftest import ADELIE, wait_until

SOURCE = str(Path(__file__).resolve().parents[2])


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rsp-"))
    yield folder
    shutil.rmtree(folder)


def test_an_endpoint_made_of_units(folder: Path, pipeline_file: Path) -> None:
    backend = ProcessBackend(folder / "units")
    socket = folder / "run" / "d1"
    names = {"endpoint": "penguins", "deployment_id": "d1", "model": "species", "version": "1"}
    config = folder / "replica.json"
    config.write_text(json.dumps({**names, "pipeline": str(pipeline_file), "socket": str(socket)}))
    replica = ReplicaEntry("d1", "species", "1", str(socket), "geheim")
    endpoints = {"penguins": EndpointEntry(EndpointState.LIVE, (replica,))}
    write_snapshot(folder / "table.json", Snapshot(1, {token_hash("t"): CallerEntry("ada")}, endpoints))
    programs = {
        "d1-1": (UnitKind.REPLICA, ("replica", str(config))),
        "router": (UnitKind.ROUTER, ("router", "--snapshot", "table.json", "--port", "0", "--ready-file", "ready")),
    }
    for unit_id, (kind, (module, *arguments)) in programs.items():
        argv = (sys.executable, "-m", f"redspot.serving.{module}", *arguments)
        environment = {"PYTHONPATH": SOURCE, "REDSPOT_REPLICA_SECRET": "geheim"}
        limits = Limits(memory_bytes=1024**3, cpu=2)
        backend.start(UnitSpec(unit_id, kind, argv, folder, environment, limits))
    wait_until(lambda: socket.exists() and (folder / "ready").exists())
    port = json.loads((folder / "ready").read_text())["port"]
    url = f"http://127.0.0.1:{port}/endpoints/penguins/predict"
    answer = httpx.post(url, json=ADELIE, headers={"Authorization": "Bearer t"})
    assert answer.json()["predictions"][0]["prediction"] == "Adelie"
    assert (backend.observe("d1-1").memory_bytes or 0) > 20_000_000
    for unit_id in programs:
        ended = backend.stop(unit_id)
        assert ended.phase is UnitPhase.ENDED
        assert ended.exit is not None
        assert (ended.exit.reason, ended.exit.exit_code) == (ExitReason.STOPPED, 0), backend.log_tail(unit_id)
    assert not socket.exists()
    assert not (folder / "ready").exists()
