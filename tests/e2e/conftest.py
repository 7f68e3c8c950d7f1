from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from redspot.config import Config
from tests.e2e.hub import RunningHub, free_ports


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningHub]:
    """One hub for a module's tests; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rsp-hub-"))
    first = free_ports(5)
    made = RunningHub(Config(state_dir=folder, hub_port=first, router_port=first + 4))
    made.config.prepare()
    made.start()
    yield made
    made.end()
    assert made.processes() == []
    shutil.rmtree(folder)
