"""Graphs drawn at random, on rows drawn at random: one row, many rows, the framework and the file agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from redspot.pipeline import Pipeline, estimate, explain, join, loads
from redspot.pipeline.errors import MissingValueError
from tests.pipeline.random_graphs import COLUMNS, Rows, columns_of, features, later_rows, training_rows

MODELS = {
    "ridge": Ridge(),
    "boosting": GradientBoostingRegressor(n_estimators=3, random_state=0),
    "logistic": LogisticRegression(max_iter=200),
    "forest": RandomForestClassifier(4, random_state=0),
}
FEW, MANY = 12, 250


@pytest.fixture
def examples(request: pytest.FixtureRequest) -> int:
    """How many graphs are drawn."""
    return MANY if request.config.getoption("--torture") else FEW


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", MODELS)
def test_any_graph_gives_one_row_what_it_gives_many(name: str, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(parts=features(), rows=training_rows, later=later_rows, seed=st.integers(0, 9), extras=st.booleans())
    def agree(parts: dict[str, Any], rows: Rows, later: Rows, seed: int, extras: bool) -> None:
        check(MODELS[name], parts, rows, later, seed, extras)

    agree()


def check(model: Any, parts: dict[str, Any], rows: Rows, later: Rows, seed: int, extras: bool) -> None:
    """Fit a graph, and compare its answers on later rows in every way there is to get them."""
    columns = columns_of(rows)
    size = len(columns["n"])
    random = np.random.default_rng(seed)
    is_classifier = hasattr(model, "predict_proba")
    target = random.choice(["no", "yes", "perhaps"], size) if is_classifier else random.normal(size=size).round(2)
    if is_classifier:
        target[:3] = ["no", "yes", "perhaps"]
    more = {"seen": join(next(iter(parts))).scale().output(), "why": explain(top=2)} if extras else {}
    pipeline = Pipeline(**parts, model=estimate(model), **more)
    try:
        pipeline.fit(columns, target)
    except MissingValueError:
        # A column that is empty in the drawn rows has no median; that is the message, and no example of ours.
        assume(False)
    assert set(pipeline.columns) <= set(COLUMNS)
    asked = [{name: row[name] for name in pipeline.columns} for row in later]
    alone = [pipeline.predict_one(row) for row in asked]
    together = pipeline.answers(asked)
    again = loads(pipeline.dumps())
    assert again.dumps() == pipeline.dumps()
    assert again.answers(asked) == together
    assert again.describe() == pipeline.describe()
    assert pipeline.check_parity().ok
    for one, other in zip(alone, together, strict=True):
        assert_same(one, other)
    for one, other in zip([again.predict_one(row) for row in asked], alone, strict=True):
        assert_same(one, other, 0.0)
    plain = pipeline.predict(asked, compiled=False)
    for one, other in zip(together, plain.tolist(), strict=True):
        assert_same({"prediction": one["prediction"]}, {"prediction": other})
    if is_classifier:
        likely = pipeline.predict_proba(asked, compiled=False)
        for one, other in zip(together, likely.tolist(), strict=True):
            assert list(one["probabilities"].values()) == pytest.approx(other, rel=1e-9, abs=1e-9)
    assert_lineage(pipeline)


def assert_same(one: dict[str, Any], other: dict[str, Any], relative: float = 1e-9) -> None:
    assert list(one) == list(other)
    for name, value in one.items():
        if isinstance(value, dict):
            # Of effects that tie, either may be among the largest.
            if name != "why":
                assert_same(value, other[name], relative)
        elif isinstance(value, float) and isinstance(other[name], float):
            assert math.isclose(value, other[name], rel_tol=relative, abs_tol=relative), name
        else:
            assert value == other[name], name


def assert_lineage(pipeline: Pipeline) -> None:
    """Each column of each step comes from raw columns that its step can reach."""
    for part in pipeline.graph.parts:
        reach = set(pipeline.graph.columns)
        for node in pipeline.graph.nodes:
            if node.name == part.name:
                behind = pipeline.graph.needed(node.inputs)
                reach = {c for source in pipeline.graph.sources if source.name in behind for c in source.columns}
        if part is pipeline.graph.predictor:
            continue
        described = next(node for node in pipeline.describe()["nodes"] if node["id"] == part.name)
        for column in described["columns"]:
            assert set(column["origins"]) <= reach, (part.name, column)
            assert column["origins"], (part.name, column)
