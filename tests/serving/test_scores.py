from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.pipeline.schema import OutputColumn, Schema
from redspot.registry.figures import LabelScores, NumberScores, Scores, joined_scores, stability
from redspot.serving.predictor import ColumnPredictions, RowPredictions
from redspot.serving.scores import OTHER, ScoreCounts, number_edges
from tests.serving.conftest import ADELIE, ReplicaProcess, Starting

LABELS = Schema(
    "classification",
    (),
    (OutputColumn("prediction", "text", ("no", "yes")), OutputColumn("probabilities", "float", ("no", "yes"))),
)
NUMBERS = Schema("regression", (), (OutputColumn("prediction", "float", None),))


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_edges_suit_any_sample(sample: list[float]) -> None:
    edges = number_edges(sample)
    assert 2 < len(edges) < 400
    assert all(map(math.isfinite, edges))
    assert sorted(set(edges)) == list(edges)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(-0.4, 0.4), st.floats(0.6, 1.6))
def test_similar_samples_have_edges_in_common(low: float, span: float, shift: float, factor: float) -> None:
    one = number_edges([low, low + span])
    begin = low + shift * span
    other = number_edges([begin, begin + factor * span])
    common = [edge for edge in set(one) & set(other) if low <= edge <= low + span]
    assert len(common) >= 8


def test_labels_and_probabilities_are_counted() -> None:
    scores = ScoreCounts(LABELS, ())
    scores.count_row({"prediction": "yes", "probabilities": {"no": 0.2, "yes": 0.8}})
    scores.count(RowPredictions([{"prediction": "no", "probabilities": {"no": 0.97, "yes": 0.03}}] * 3, ("no", "yes")))
    scores.count(ColumnPredictions(["yes", "maybe"], ("no", "yes"), [[0.5, 0.5], [0.0, 1.0]]))
    told = scores.told()
    assert told["prediction"] == {"kind": "label", "counts": {"no": 3, "yes": 2, OTHER: 1}}
    counts = told["probability"]["counts"]
    assert len(counts) == len(told["probability"]["edges"]) + 1
    assert {place: count for place, count in enumerate(counts) if count} == {0: 3, 10: 1, 16: 1, 19: 1}


@pytest.mark.parametrize("rows", [1, 31, 32, 33, 100, 1024, 1025])
def test_of_many_rows_some_stand_for_all(rows: int) -> None:
    values = list(np.linspace(0.0, 1.0, rows).tolist())
    scores = ScoreCounts(NUMBERS, [{"prediction": 0.0}, {"prediction": 1.0}])
    scores.count(ColumnPredictions(values, (), None))
    counts = scores.told()["prediction"]["counts"]
    assert sum(counts) == pytest.approx(rows)


def test_what_is_no_number_is_not_counted() -> None:
    scores = ScoreCounts(NUMBERS, ())
    scores.count(ColumnPredictions([math.nan, None, [1.0], math.inf, -math.inf, 0.5], (), None))
    counts = scores.told()["prediction"]["counts"]
    assert (sum(counts), counts[0], counts[-1]) == (3, 1, 1)


def told_of(values: list[float]) -> NumberScores:
    scores = ScoreCounts(NUMBERS, [{"prediction": value} for value in values[:100]])
    for value in values:
        scores.count_row({"prediction": value})
    told = scores.told()["prediction"]
    return NumberScores(tuple(told["edges"]), tuple(told["counts"]))


def psi(before: Scores, now: Scores) -> float | None:
    found = stability(before, now)
    return None if found is None else found.psi


def test_a_shift_is_seen_and_chance_is_not() -> None:
    random = np.random.default_rng(7)
    one, other = (told_of(random.normal(200, 10, 5000).tolist()) for _ in range(2))
    moved = told_of(random.normal(210, 10, 5000).tolist())
    # By chance alone about 9 bins * 2 / 5,000.
    assert (psi(one, other) or 0) < 0.02
    # Of two normals one standard deviation apart the divergence in both directions sums to 1.
    assert 0.7 < (psi(one, moved) or 0) < 1.2


def test_labels_are_compared_by_their_shares() -> None:
    one = LabelScores({"a": 500, "b": 499, "rare": 1})
    assert psi(one, LabelScores({"a": 50, "b": 50})) == pytest.approx(0, abs=0.01)
    assert (psi(one, LabelScores({"a": 90, "b": 10})) or 0) > 0.25
    assert psi(one, LabelScores({})) is None
    assert psi(one, told_of([1.0])) is None


def test_replicas_of_one_version_are_added() -> None:
    one = {"prediction": NumberScores((0.0,), (1, 2))}
    assert joined_scores([one, one, one]) == {"prediction": NumberScores((0.0,), (3, 6))}
    labels = joined_scores([{"prediction": LabelScores({"a": 1})}, {"prediction": LabelScores({"b": 2})}])
    assert labels == {"prediction": LabelScores({"a": 1, "b": 2})}
    assert joined_scores([]) == {}


def stats_of(replica: ReplicaProcess) -> dict[str, Any]:
    with replica.client() as client:
        return dict(client.get("/stats").json())


def test_a_replica_tells_what_all_its_workers_predicted(start_replica: Starting) -> None:
    replica = start_replica("d9", workers=2)
    with replica.client() as client:
        for _ in range(6):
            client.post("/predict", json=ADELIE, headers={"Connection": "close"})
        client.post("/predict", json=[ADELIE] * 10)
        client.post("/invocations", json={"instances": [ADELIE]})
        tensors = [
            {"name": name, "datatype": "BYTES" if isinstance(value, str) else "FP64", "shape": [2], "data": [value] * 2}
            for name, value in ADELIE.items()
        ]
        assert client.post("/v2/models/species/infer", json={"inputs": tensors}).status_code == 200
        assert client.post("/predict", json={"beak": 1}).status_code == 400
    told = stats_of(replica)
    assert told["deployment_id"] == "d9"
    assert told["scores"]["prediction"] == {"kind": "label", "counts": {"Adelie": 19}}
    assert sum(told["scores"]["probability"]["counts"]) == 19
    with replica.client("guessed") as stranger:
        assert stranger.get("/stats").status_code == 401
