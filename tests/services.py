"""Real services in processes of their own, for every test that needs one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redspot_server.child import answers

from redspot.client.service import ServiceClient
from redspot.config import Config


@dataclass
class ServiceProcess:
    """A real service in a process of its own."""

    config: Config
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.config.state_dir / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "redspot", "service", "--wait-s", "10"],
                env={**os.environ, **self.config.to_environment()},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        with self.client() as client:
            client.wait(
                lambda: answers(self.config.socket) and client.ready().ok, bool, timeout_s=30, what="the service"
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(20) == 0
        self.process = None

    def client(self) -> ServiceClient:
        return ServiceClient(socket=self.config.socket)

    def log(self) -> str:
        return (self.config.state_dir / "service.log").read_text()


@pytest.fixture
def service(config: Config) -> Iterator[ServiceProcess]:
    """A service that the test may kill."""
    made = ServiceProcess(config)
    made.start()
    yield made
    made.end()


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """One service for a module's tests that leave it as it is."""
    import socket

    from redspot_server.down import stop_everything

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    state: Path = tmp_path_factory.mktemp("s") / "state"
    made = ServiceProcess(Config(state_dir=state, router_port=port))
    made.config.prepare()
    made.start()
    yield made
    made.end()
    stop_everything(made.config, grace_s=2.0)
    import shutil

    if made.config.runtime_dir().parent != state:
        shutil.rmtree(made.config.runtime_dir())


@pytest.fixture(scope="module")
def client(shared_service: ServiceProcess) -> Iterator[ServiceClient]:
    with shared_service.client() as made:
        yield made
