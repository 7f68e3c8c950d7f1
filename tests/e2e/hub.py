"""A real hub: JupyterHub, its proxy, the service and the router, as `redspot hub` starts them."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from redspot_hub.password import hub_password
from redspot_server.child import answers

from redspot.client.service import ServiceClient
from redspot.config import Config

_READY_S = 90.0
# Below those that the system gives out by itself.
_FIRST_PORT = 18000
_WORKER_PORTS = 1000


def free_ports(count: int) -> int:
    """Return the first of `count` free ports in a row; of each worker of the tests, others."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    begin = _FIRST_PORT + worker * _WORKER_PORTS
    for first in range(begin, begin + _WORKER_PORTS - count, count):
        probes = []
        try:
            for port in range(first, first + count):
                probe = socket.socket()
                probes.append(probe)
                probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return first
    raise RuntimeError("no free ports")


@dataclass
class RunningHub:
    """A hub that runs, and the installation it runs for."""

    config: Config
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.config.hub_port}"

    @property
    def user(self) -> str:
        return getpass.getuser()

    @property
    def password(self) -> str:
        return hub_password(self.config)

    def client(self) -> ServiceClient:
        return ServiceClient(socket=self.config.socket)

    def start(self) -> None:
        with (self.config.state_dir / "out.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "redspot", "hub"],
                env={**os.environ, **self.config.to_environment()},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        deadline = time.monotonic() + _READY_S
        while not self.is_ready():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def is_ready(self) -> bool:
        try:
            hub = httpx.get(f"{self.url}/hub/health", timeout=2).status_code == 200
            service = httpx.get(f"{self.url}/services/redspot/health/ready", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False
        return hub and service and answers(self.config.socket)

    def log(self) -> str:
        hub_log = self.config.state_dir / "hub" / "hub.log"
        return "\n".join(
            path.read_text()[-4000:] for path in (hub_log, self.config.state_dir / "out.log") if path.exists()
        )

    def end(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, self.log()
        self.process = None

    def processes(self, word: str = "") -> list[int]:
        """Return the processes of this installation whose command line holds `word`."""
        place = str(self.config.state_dir).encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
                ours = place in command or place in (folder / "environ").read_bytes()
            except OSError:
                continue  # it has just ended
            if ours and command and word.encode() in command.replace(b"\0", b" ") and int(folder.name) != os.getpid():
                found.append(int(folder.name))
        return found

    def sign_in(self) -> httpx.Client:
        """Return a browser-like client that is signed in."""
        made = httpx.Client(base_url=self.url, follow_redirects=True, timeout=60, trust_env=False)
        made.get("/hub/login")
        form = {
            "username": self.user,
            "password": self.password,
            "_xsrf": made.cookies.get("_xsrf", path="/hub/") or "",
        }
        answer = made.post("/hub/login", data=form)
        assert "logout" in answer.text.lower(), answer.text[:500]
        return made

    def token(self, browser: httpx.Client, **body: object) -> str:
        """Return a new hub token of the user's."""
        xsrf = browser.cookies.get("_xsrf", path="/hub/")
        answer = browser.post(
            f"/hub/api/users/{self.user}/tokens",
            json=body,
            headers={"X-XSRFToken": xsrf or "", "Referer": f"{self.url}/hub/"},
        )
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["token"])

    def spawn(self, token: str) -> None:
        """Start the user's server and wait until it answers."""
        headers = {"Authorization": f"token {token}"}
        answer = httpx.post(f"{self.url}/hub/api/users/{self.user}/server", headers=headers, timeout=60)
        assert answer.status_code in (201, 202), answer.text
        deadline = time.monotonic() + _READY_S
        while True:
            user = httpx.get(f"{self.url}/hub/api/users/{self.user}", headers=headers, timeout=30).json()
            if user["servers"].get("", {}).get("ready"):
                return
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.2)
