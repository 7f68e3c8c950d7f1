from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from redspot.artifacts import Artifact
from redspot.registry.model import EnvironmentRecord, NewVersion
from redspot.stores.database import Database
from tests.clock import SetClock

ENVIRONMENT = EnvironmentRecord("process", "sha256:" + "0" * 64, "cpu.small", "3.11.7", "linux-x86_64")
ARTIFACT = Artifact("sha256:" + "1" * 64, 3, "application/octet-stream", "x")


def new_version(model: str = "m", run_id: str | None = None) -> NewVersion:
    return NewVersion(model, ARTIFACT, None, ENVIRONMENT, {"a": 1}, {"r2": 0.5}, {}, {}, 0, run_id, "ada")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def database(tmp_path: Path, clock: SetClock) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path}/redspot.db", clock)
    yield opened
    opened.dispose()
