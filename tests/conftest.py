"""What all tests share: requirements that must not be skipped in CI, and an installation of one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from redspot.config import Config
from tests.services import client, service, shared_service

__all__ = ["client", "service", "shared_service"]

DOCKER_BASE = "redspot-base:bookworm"
REQUIRED = {name for name in os.environ.get("REDSPOT_REQUIRE", "").split(",") if name}
PARTS = {
    "browser": lambda: Path("/usr/bin/chromium").exists(),
    "docker": lambda: shutil.which("docker") is not None and Path("/var/run/docker.sock").is_socket(),
    "postgres": lambda: shutil.which("pg_ctl") is not None,
    "spark": lambda: shutil.which("java") is not None,
    "airflow": lambda: False,
    "redis": lambda: shutil.which("redis-server") is not None,
    "kubernetes": lambda: bool(os.environ.get("KUBECONFIG")),
    "mlflow": lambda: (
        Path(os.environ.get("REDSPOT_MLFLOW", Path(__file__).parents[1] / ".peers" / "registry")) / "bin" / "mlflow"
    ).exists(),
    "gpu": lambda: shutil.which("nvidia-smi") is not None,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help="run long random campaigns whole")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for part, is_there in PARTS.items():
            if item.get_closest_marker(part) and not is_there() and part not in REQUIRED:
                item.add_marker(pytest.mark.skip(reason=f"{part} is not on this machine"))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Real data for tests; absent only outside CI."""
    default = Path(__file__).parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get("REDSPOT_TEST_DATA", default))
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{folder} is missing; set REDSPOT_TEST_DATA")
        pytest.skip(f"{folder} is missing; set REDSPOT_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def docker_base() -> str:
    """Id of the image that images of tests are built on; ``.ci/docker`` makes it."""
    shown = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{.Id}}", DOCKER_BASE], capture_output=True, text=True, check=False
    )
    if shown.returncode == 0:
        return shown.stdout.strip()
    says = f"there is no image {DOCKER_BASE}; .ci/docker makes it"
    if "docker" in REQUIRED:
        pytest.fail(says)
    pytest.skip(says)


@pytest.fixture
def config(tmp_path: Path, free_port: int) -> Iterator[Config]:
    """An installation in a folder of its own; whatever it started is stopped afterwards."""
    from redspot_server.down import stop_everything

    made = Config(state_dir=tmp_path / "state", router_port=free_port)
    made.prepare()
    yield made
    stop_everything(made, grace_s=2.0)
    runtime = made.runtime_dir()
    if runtime.parent != made.state_dir:
        shutil.rmtree(runtime)


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
