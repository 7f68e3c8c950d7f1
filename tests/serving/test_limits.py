"""Bounds of a replica, as its configuration says them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from redspot.pipeline import load
from redspot.serving.answer import Answer, json_answer, problem
from redspot.serving.errors import ReplicaBusyError, ReplicaConfigError, RequestTooSlowError
from redspot.serving.limits import Limits
from redspot.serving.predictor import SLICE_ROWS, Predictions, Predictor
from redspot.serving.slices import Slices
from tests.serving.conftest import ADELIE, SECRET, SECRET_HEADER, replicas_in

ROWS = 2 * SLICE_ROWS


def test_limits_are_read_or_refused_by_name() -> None:
    assert Limits.read({}) == Limits()
    assert Limits.read({"rows": 5, "seconds": 0.5}) == dataclasses.replace(Limits(), rows=5, seconds=0.5)
    for content in ([], {"row": 5}, {"rows": 0}, {"rows": True}, {"rows": 1.5}, {"seconds": "1"}):
        with pytest.raises(ReplicaConfigError, match="rows|seconds"):
            Limits.read(content)


@pytest.fixture(scope="module")
def predictor(pipeline_file: Path) -> Predictor:
    return Predictor(load(pipeline_file))


def part(begin: int, end: int) -> Sequence[Mapping[str, Any]]:
    return [ADELIE] * (end - begin)


def render(made: Predictions) -> Answer:
    return json_answer(len(made.values))


async def test_one_large_request_too_many_is_sent_away(predictor: Predictor) -> None:
    slices = Slices(predictor, dataclasses.replace(Limits(), waiting=1))
    first = asyncio.ensure_future(slices.answer(part, ROWS, render))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    with pytest.raises(ReplicaBusyError) as refused:
        slices.answer(part, ROWS, render)
    assert isinstance(slices.answer(part, 1, render), Answer)
    assert (await first).body == str(ROWS).encode()
    told = problem(refused.value)
    assert (told.status, told.headers) == (503, (("Retry-After", "1"),))
    assert (await slices.answer(part, ROWS, render)).status == 200  # type: ignore[misc]


async def test_a_request_that_takes_too_long_is_given_up(predictor: Predictor) -> None:
    slices = Slices(predictor, dataclasses.replace(Limits(), seconds=1e-9))
    with pytest.raises(RequestTooSlowError, match=f"0 of {ROWS} rows"):
        await slices.answer(part, ROWS, render)  # type: ignore[misc]


def test_a_replica_keeps_to_them_also_on_a_port(pipeline_file: Path) -> None:
    limits = {"rows": 2, "body_bytes": 2000, "seconds": 0.001}
    with replicas_in(pipeline_file) as start, start(limits=limits).client() as client:
        assert client.post("/predict", json=[ADELIE] * 2).status_code == 200
        for path, body in (("/predict", [ADELIE] * 3), ("/invocations", {"instances": [ADELIE] * 3})):
            answer = client.post(path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert client.post("/predict", content=b" " * 2001).status_code == 413


def test_a_door_is_one_of_two(pipeline_file: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with replicas_in(pipeline_file) as start:
        start(port=port)
        url = f"http://127.0.0.1:{port}"
        assert httpx.post(url + "/predict", json=ADELIE).status_code == 401
        answer = httpx.post(url + "/predict", json=ADELIE, headers={SECRET_HEADER: SECRET})
        assert answer.json()["predictions"][0]["prediction"] == "Adelie"
