"""Rows of several requests answered together: the same answers, and nobody pays for another's mistake."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from redspot.pipeline import load
from redspot.pipeline.errors import UnknownColumnError
from redspot.serving.batching import Batcher, Batching, Row
from redspot.serving.errors import ReplicaBusyError, ReplicaConfigError, RequestTooSlowError
from redspot.serving.predictor import Predictor, gains_from_batches
from tests.serving.conftest import ADELIE, Starting
from tests.serving.test_replica import tensors


def random_rows(count: int) -> list[dict[str, Any]]:
    chance = random.Random(7)
    return [
        {
            **{name: value * chance.uniform(0.8, 1.3) for name, value in ADELIE.items() if isinstance(value, float)},
            "island": chance.choice(["Torgersen", "Biscoe", "Dream", None]),
            "sex": chance.choice(["male", "female", None]),
        }
        for _ in range(count)
    ]


class Watched:
    """The predictor of a real pipeline, which waits when it is told so and remembers what it was asked together."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self.together: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def predict_one(self, row: Row) -> dict[str, Any]:
        self.gate.wait(10)
        return self._predictor.predict_one(row)

    def predict_together(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        self.gate.wait(10)
        self.together.append(len(rows))
        return self._predictor.predict_together(rows)


@pytest.fixture
def watched(pipeline_file: Path) -> Watched:
    return Watched(Predictor(load(pipeline_file)))


def batcher(watched: Watched, hangs: list[str] | None = None, seconds: float = 30.0, max_waiting: int = 100) -> Batcher:
    told = hangs if hangs is not None else []
    return Batcher(watched, Batching("on", max_rows=16), seconds=seconds, max_waiting=max_waiting, on_hang=told.append)


async def test_rows_that_come_meanwhile_are_answered_together_as_alone(watched: Watched) -> None:
    rows = random_rows(40)
    watched.gate.clear()
    batches = batcher(watched)
    waiting = [batches.predict_one(row) for row in rows]
    watched.gate.set()
    answers = await asyncio.gather(*waiting)
    for row, answer in zip(rows, answers, strict=True):
        alone = watched.predict_one(row)
        assert answer["prediction"] == alone["prediction"]
        assert answer["probabilities"] == pytest.approx(alone["probabilities"], rel=1e-12)
    # The first one waited for nobody, the others for it, and no batch had more than it may.
    assert watched.together == [16, 16, 7]
    assert (await batches.predict_one(rows[0]))["prediction"] == answers[0]["prediction"]
    batches.close()


async def test_a_row_that_fails_fails_alone(watched: Watched) -> None:
    rows: list[dict[str, Any]] = [*random_rows(20)]
    rows[5] = {"beak": 1}
    rows[17] = {**ADELIE, "island": 3}
    watched.gate.clear()
    batches = batcher(watched)
    waiting = [batches.predict_one(row) for row in rows]
    watched.gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    failed = {number: str(answer) for number, answer in enumerate(answers) if isinstance(answer, BaseException)}
    assert set(failed) == {5, 17}
    with pytest.raises(UnknownColumnError) as alone:
        watched.predict_one(rows[5])
    assert failed[5] == str(alone.value)
    batches.close()


async def test_what_hangs_or_is_too_much_is_told(watched: Watched) -> None:
    hangs: list[str] = []
    watched.gate.clear()
    batches = batcher(watched, hangs, seconds=0.05, max_waiting=2)
    waiting = [batches.predict_one(row) for row in random_rows(3)]
    with pytest.raises(ReplicaBusyError):
        batches.predict_one({})
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(answer, RequestTooSlowError) for answer in answers)
    assert len(hangs) == 1
    watched.gate.set()
    batches.close()


def test_a_replica_that_batches_answers_all_forms_alike(start_replica: Starting, pipeline_file: Path) -> None:
    pipeline = load(pipeline_file)
    rows = random_rows(200)
    replica = start_replica(batching={"mode": "on", "max_rows": 8})
    wanted = [pipeline.predict_one(row) for row in rows]

    def ask(share: Sequence[int]) -> None:
        with replica.client() as client:
            for number in share:
                row = rows[number]
                answer = client.post("/predict", json=row).json()["predictions"][0]
                assert answer["prediction"] == wanted[number]["prediction"]
                assert answer["probabilities"] == pytest.approx(wanted[number]["probabilities"], rel=1e-12)
                if number % 5 == 0:
                    bad = client.post("/predict", json={**row, "beak": 1})
                    assert (bad.status_code, bad.json()["code"]) == (400, "unknown-column")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, [range(start, 200, 8) for start in range(8)]))
    with replica.client() as client:
        one = client.post("/v2/models/species/infer", json={"inputs": tensors([ADELIE])}).json()
        assert one["outputs"][0]["data"] == ["Adelie"]
        instances = {"instances": [list(ADELIE.values())]}
        assert client.post("/invocations", json=instances).json() == {"predictions": ["Adelie"]}
        assert len(client.post("/predict", json=rows).json()["predictions"]) == 200
        assert client.post("/predict", json=[]).json()["predictions"] == []
        assert 'redspot_requests_total{endpoint="penguins",model="species",version="1"} 244.0' in (
            client.get("/metrics").text
        )


def test_compiled_rows_are_not_batched(pipeline_file: Path) -> None:
    predictor = Predictor.open(pipeline_file)
    parity = load(pipeline_file).parity_
    assert parity is not None
    assert not gains_from_batches(predictor, parity.rows)
    assert not predictor.gains_from_batches


@pytest.mark.parametrize("content", ["always", 1, {"rows": 3}, {"max_rows": 0}, {"max_wait_ms": -1}, {"mode": None}])
def test_batching_is_read_or_refused(content: object) -> None:
    with pytest.raises(ReplicaConfigError, match="batching"):
        Batching.read(content)
    assert Batching.read({"max_rows": 2, "max_wait_ms": 1}) == Batching("auto", 2, 0.001)
