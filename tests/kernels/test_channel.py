"""The comm, spoken with a real kernel."""

from __future__ import annotations

import base64
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from redspot.pipeline import load, loads

TIMEOUT_S = 60.0
ROOT = Path(__file__).parents[2]

CELL = """
%load_ext redspot_kernels
from sklearn.linear_model import Ridge
from redspot.pipeline import Pipeline, branch, estimate
model = Pipeline(x=branch("a"), ridge=estimate(Ridge())).fit({"a": [1.0, 2.0, 4.0]}, [1.0, 2.0, 3.0])
same = model
draft = model.clone()
"""


class Page:
    """What a page does: opens a comm, sends requests, waits for answers."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.comm = uuid.uuid4().hex
        self.send("comm_open", {"comm_id": self.comm, "target_name": "redspot", "data": {}})

    def send(self, kind: str, content: dict[str, Any]) -> None:
        self.client.shell_channel.send(self.client.session.msg(kind, content))

    def ask(self, request: Any) -> dict[str, Any]:
        self.send("comm_msg", {"comm_id": self.comm, "data": request})
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == self.comm:
                data: dict[str, Any] = message["content"]["data"]
                return data


@pytest.fixture(scope="module")
def client() -> Iterator[BlockingKernelClient]:
    manager = KernelManager()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "kernels"), str(ROOT / "widgets")]),
    }
    manager.kernel_spec.argv[0] = sys.executable
    manager.start_kernel(env=environment)
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=TIMEOUT_S)
    reply = client.execute_interactive(CELL, timeout=TIMEOUT_S, output_hook=lambda message: None)
    assert reply["content"]["status"] == "ok", reply["content"]
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


@pytest.fixture
def page(client: BlockingKernelClient) -> Page:
    return Page(client)


def test_a_page_lists_the_pipelines(page: Page) -> None:
    given = page.ask({"id": "1", "method": "list_pipelines", "params": {}})
    assert (given["id"], given["ok"]) == ("1", True)
    assert [(each["variable"], each["fitted"]) for each in given["value"]] == [("draft", False), ("model", True)]


def test_a_page_gets_a_file_through_the_comm(page: Page) -> None:
    params = {"inline": True, "variable": "model"}
    given = page.ask({"id": 2, "method": "save_pipelines", "params": params})
    assert given["ok"], given
    assert loads(base64.b64decode(given["value"][0]["content"])).predict_one({"a": 1.0})["prediction"] > 0


def test_a_page_has_files_written(page: Page, tmp_path: Path) -> None:
    given = page.ask({"id": 3, "method": "save_pipelines", "params": {"directory": str(tmp_path)}})
    assert [each["file"] for each in given["value"]] == ["model.redspot"]
    assert load(tmp_path / "model.redspot").check_parity().ok


def test_a_page_gets_a_graph(page: Page) -> None:
    given = page.ask({"id": 4, "method": "describe", "params": {"variable": "draft"}})
    assert [node["id"] for node in given["value"]["nodes"]] == ["x", "ridge"]


@pytest.mark.parametrize("request_", [{"id": 5, "method": "nix"}, {"id": 6}, [], {"id": 7, "method": "describe"}])
def test_no_request_is_met_with_silence(page: Page, request_: Any) -> None:
    given = page.ask(request_)
    assert not given["ok"]
    assert given["code"] == "invalid-request"
    assert page.ask({"id": 8, "method": "list_pipelines"})["ok"], "and the next one is answered too"


def test_an_unloaded_extension_answers_no_new_comm(client: BlockingKernelClient) -> None:
    for line in ("%unload_ext redspot_kernels", "%load_ext redspot_kernels"):
        reply = client.execute_interactive(line, timeout=TIMEOUT_S, output_hook=lambda message: None)
        assert reply["content"]["status"] == "ok", reply["content"]
    assert Page(client).ask({"id": 9, "method": "list_pipelines"})["ok"]
