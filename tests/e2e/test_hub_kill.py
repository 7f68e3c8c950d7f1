"""The hub is killed, and endpoints go on answering."""

from __future__ import annotations

import base64
import os
import signal
import threading
import time

import httpx
import pytest

from redspot.client.service import ServiceClient
from redspot.pipeline import Pipeline, branch, estimate, impute
from tests.e2e.hub import RunningHub


def deploy(client: ServiceClient) -> None:
    from sklearn.linear_model import LinearRegression

    from redspot.contracts.requests import VersionIn

    pipeline = Pipeline(numbers=branch("a").then(impute("mean")), value=estimate(LinearRegression()))
    pipeline.fit({"a": [1.0, None, 3.0]}, [1.0, 2.0, 3.0])
    body = VersionIn(pipeline=base64.b64encode(pipeline.dumps()).decode())
    client.send("POST", "models/line/versions", body=body)
    client.deploy("line", "line@latest")
    client.wait(lambda: client.endpoint("line").serving, bool, timeout_s=60, what="line going live")


class Asking(threading.Thread):
    """Asks an endpoint twenty times a second, at most for two minutes, and keeps the answers."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(daemon=True)
        self._url, self._token = url, token
        self._done = threading.Event()
        self.statuses: list[int | str] = []

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        with httpx.Client(headers=headers, trust_env=False, timeout=10) as http:
            for _ in range(2400):
                if self._done.wait(0.05):
                    return
                try:
                    self.statuses.append(http.post(f"{self._url}/predict", json={"a": 2.0}).status_code)
                except httpx.HTTPError as error:
                    self.statuses.append(repr(error))

    def end(self) -> list[int | str]:
        self._done.set()
        self.join(15)
        return self.statuses


@pytest.fixture
def asking(hub: RunningHub) -> Asking:
    with hub.client() as client:
        deploy(client)
        token = client.make_token("asking", days=1).token
        url = client.endpoint("line").url
        headers = {"Authorization": f"Bearer {token}"}
        look = lambda: httpx.post(f"{url}/predict", json={"a": 2.0}, headers=headers).status_code  # noqa: E731
        client.wait(look, lambda status: status == 200, timeout_s=15, what="the token being known")
    return Asking(url, token)


def gone(hub: RunningHub, pid: int) -> None:
    deadline = time.monotonic() + 20
    while pid in hub.processes():
        assert time.monotonic() < deadline, f"process {pid} goes on"
        time.sleep(0.05)


def test_the_hub_is_killed_and_endpoints_answer_all_along(hub: RunningHub, asking: Asking) -> None:
    assert hub.process is not None
    (router,) = [pid for pid in hub.processes("redspot.serving.router") if pid in leaders(hub)]
    (service,) = hub.processes("redspot service --hub")
    asking.start()
    (jupyterhub,) = hub.processes("-m jupyterhub -f")
    os.kill(hub.process.pid, signal.SIGKILL)
    os.kill(jupyterhub, signal.SIGKILL)
    hub.process.wait()
    gone(hub, jupyterhub)
    gone(hub, service)
    hub.start()
    statuses = asking.end()
    assert len(statuses) > 40
    assert set(statuses) == {200}
    assert len(hub.processes("redspot service --hub")) == 1
    assert router in hub.processes("redspot.serving.router")
    with hub.client() as client:
        assert client.status().router_ok
        assert len([unit for unit in hub.processes("redspot.serving.router") if unit in leaders(hub)]) == 1


def leaders(hub: RunningHub) -> list[int]:
    """Return the processes that are no supervisor."""
    return [pid for pid in hub.processes() if pid not in hub.processes("-I -S")]


def test_the_service_is_killed_and_comes_back(hub: RunningHub, asking: Asking) -> None:
    (service,) = hub.processes("redspot service --hub")
    asking.start()
    os.kill(service, signal.SIGKILL)
    gone(hub, service)
    deadline = time.monotonic() + 60
    while not hub.is_ready():
        assert time.monotonic() < deadline, hub.log()
        time.sleep(0.1)
    assert set(asking.end()) == {200}
    assert len(hub.processes("redspot service --hub")) == 1
