"""CatBoost: compiled, saved, and the library's own answers agree; damaged trees are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redspot.pipeline import Pipeline, branch, estimate, impute, loads, one_hot, scale
from redspot.pipeline.errors import (
    CorruptPipelineError,
    EstimatorRefusedError,
    InvalidStepError,
    UnsavableStepError,
    UntrustedPipelineError,
)
from redspot.pipeline.space import choice

catboost = pytest.importorskip("catboost")

QUIET: dict[str, Any] = {"verbose": 0, "allow_writing_files": False, "thread_count": 1, "iterations": 12}


def data_of(rows: int, seed: int) -> tuple[dict[str, Any], Any]:
    """Numbers with gaps, a category with gaps, and a number that depends on them."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "a": random.normal(size=rows),
        "b": random.normal(5, 3, rows).round(1),
        "c": random.choice(np.array(["x", "y", "z", None], dtype=object), rows),
    }
    target = columns["a"] + 0.3 * (columns["b"] - 5) + (columns["c"] == "x") + random.normal(0, 0.5, rows)
    columns["a"][random.random(rows) < 0.1] = np.nan
    return columns, target


def pipeline_of(estimator: Any) -> Pipeline:
    return Pipeline(
        numbers=branch("a", "b").then(scale()), words=branch("c").then(one_hot()), model=estimate(estimator)
    )


@pytest.mark.parametrize("options", [{}, {"depth": 2, "nan_mode": "Max"}, {"depth": 9, "iterations": 4}], ids=str)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**20))
def test_classes(options: dict[str, Any], seed: int, all_ways_agree: Callable[..., None]) -> None:
    columns, number = data_of(200, seed)
    for target in (np.where(number > 0.5, "high", "low"), np.digitize(number, [-0.5, 0.8])):
        pipeline = pipeline_of(catboost.CatBoostClassifier(**{**QUIET, **options})).fit(columns, target)
        assert pipeline.classes_.tolist() == sorted(set(target.tolist()))
        assert (pipeline.predict(columns) == target).mean() > 0.6
        all_ways_agree(pipeline, columns, 1e-9)


@pytest.mark.parametrize(
    "loss", ["RMSE", "MAE", "Quantile:alpha=0.3", "Huber:delta=2", "Poisson", "Tweedie:variance_power=1.5"]
)
def test_numbers(loss: str, all_ways_agree: Callable[..., None]) -> None:
    columns, number = data_of(300, 1)
    pipeline = pipeline_of(catboost.CatBoostRegressor(**QUIET, loss_function=loss)).fit(columns, np.abs(number))
    assert pipeline._learned().states["model"].model is not None
    all_ways_agree(pipeline, columns, 1e-9)


def test_the_penguins(penguins: Any, all_ways_agree: Callable[..., None]) -> None:
    names = ["bill_length_mm", "bill_depth_mm", "island"]
    pipeline = Pipeline(
        numbers=branch(*names[:2]).then(impute()),
        words=branch("island").then(one_hot()),
        model=estimate(catboost.CatBoostClassifier(**QUIET)),
    )
    fitted = pipeline.fit(penguins, "species")
    assert fitted.evaluate(penguins, "species")["accuracy"] > 0.95
    all_ways_agree(fitted, {name: penguins[name].to_numpy() for name in names}, 1e-9)
    assert pipeline.cross_validate(penguins, "species", folds=2)["accuracy"] > 0.9
    found = pipeline.search({"model__depth": choice(2, 4)}, penguins, "species", trials=2, folds=2)
    assert found.best_params["model__depth"] in (2, 4)


def test_a_value_on_a_border_goes_where_the_library_sends_it() -> None:
    values = np.repeat(np.arange(10) / 10, 30)
    pipeline = Pipeline(x=branch("x"), model=estimate(catboost.CatBoostRegressor(**QUIET)))
    pipeline.fit({"x": values}, (values * 7) % 3)
    borders = pipeline._learned().states["model"].model.border.astype(float)
    exact = np.concatenate([values, borders, np.nextafter(borders, -np.inf), np.nextafter(borders, np.inf)])
    own = pipeline.predict({"x": exact}, compiled=False)
    assert np.allclose(pipeline.predict({"x": exact}), own, rtol=0, atol=1e-9)
    alone = [pipeline.predict_one({"x": value})["prediction"] for value in exact.tolist()]
    assert np.allclose(alone, own, rtol=0, atol=1e-9)


def test_the_same_training_gives_the_same_file() -> None:
    columns, number = data_of(100, 2)
    made = [pipeline_of(catboost.CatBoostRegressor(**QUIET, random_seed=3)).fit(columns, number) for _ in range(2)]
    assert made[0].fingerprint == made[1].fingerprint


def test_a_loaded_pipeline_answers_without_the_library(
    answers_elsewhere: Callable[..., list[dict[str, Any]]],
) -> None:
    columns, number = data_of(200, 3)
    pipeline = pipeline_of(catboost.CatBoostClassifier(**QUIET)).fit(columns, number > 0)
    rows = [{"a": 1.0, "b": 9, "c": "x"}, {}]
    assert answers_elsewhere(pipeline, rows, without=("catboost", "sklearn", "skops", "pandas")) == [
        pipeline.predict_one(row) for row in rows
    ]


def test_what_could_not_be_checked_when_loaded_is_not_saved() -> None:
    columns, number = data_of(200, 4)
    lopsided = catboost.CatBoostRegressor(**QUIET, grow_policy="Lossguide")
    pipeline = pipeline_of(lopsided).fit(columns, number)
    assert np.isfinite(pipeline.predict(columns)).all()
    with pytest.raises(UnsavableStepError, match="Keep grow_policy='SymmetricTree'"):
        pipeline.dumps()
    with pytest.raises(InvalidStepError, match="cat_features cannot be read here.* one_hot"):
        estimate(catboost.CatBoostRegressor(**QUIET, cat_features=[0]))
    with pytest.raises(EstimatorRefusedError, match="All train targets are equal"):
        pipeline_of(catboost.CatBoostRegressor(**QUIET)).fit(columns, np.ones(200))


# -- damage and malice ------------------------------------------------------------------------------


def test_a_wrapper_that_names_another_class_is_refused(edited: Callable[..., bytes]) -> None:
    columns, number = data_of(100, 5)
    data = pipeline_of(catboost.CatBoostRegressor(**QUIET)).fit(columns, number).dumps()
    with pytest.raises(UntrustedPipelineError, match="names the class 'Pool'"):
        loads(edited(data, "wrapper.json", lambda document: document.update({"class": "Pool"})))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["oblivious_trees"][0]["splits"][0].update(float_feature_index=99),
        lambda d: d["oblivious_trees"][0]["splits"][0].update(border=0.123456),
        lambda d: d["oblivious_trees"][0]["splits"][0].update(split_type="OnlineCtr"),
        lambda d: d["oblivious_trees"][0]["leaf_values"].pop(),
        lambda d: d["oblivious_trees"][0]["leaf_values"].__setitem__(0, float("nan")),
        lambda d: d["oblivious_trees"][0].update(splits=d["oblivious_trees"][0]["splits"] * 40),
        lambda d: d["features_info"].update(categorical_features=[]),
        lambda d: d["features_info"]["float_features"][0].update(flat_feature_index=5),
        lambda d: d["features_info"]["float_features"][0].update(borders=[1.0, 1.0]),
        lambda d: d["model_info"]["params"]["loss_function"].update(type="PythonUserDefinedPerObject"),
        lambda d: d["model_info"]["params"]["loss_function"].update(type="Logloss"),
        lambda d: d.update(scale_and_bias=[1.0, []]),
        lambda d: d.pop("oblivious_trees"),
    ],
)
def test_damaged_trees_are_refused(edited: Callable[..., bytes], change: Callable[[Any], Any]) -> None:
    columns, number = data_of(100, 6)
    data = pipeline_of(catboost.CatBoostRegressor(**QUIET)).fit(columns, number).dumps()
    with pytest.raises(CorruptPipelineError):
        loads(edited(data, "booster.json", change)).learned("model")["estimator"]


_FUZZ = """
import sys, json
sys.path.insert(0, sys.argv[1])
import numpy as np
from redspot.errors import RedspotError
from redspot.pipeline.frameworks import framework_named
path, rounds = sys.argv[2], int(sys.argv[3])
framework = framework_named("catboost")
files = {k: bytes.fromhex(v) for k, v in json.load(open(path)).items()}
random = np.random.default_rng(0)
refused = 0
for _ in range(rounds):
    data = bytearray(files["booster.json"])
    for _ in range(int(random.integers(1, 4))):
        what, at = random.integers(0, 3), int(random.integers(0, len(data)))
        if what == 0:
            data[at] ^= 1 << int(random.integers(0, 8))
        elif what == 1:
            del data[at : at + int(random.integers(1, 20))]
        else:
            data[at:at] = bytes(random.integers(45, 58, int(random.integers(1, 5))).astype(np.uint8))
    try:
        estimator = framework.load({**files, "booster.json": bytes(data)}, "model", ())
        if len(estimator.feature_names_) != 6:
            raise ValueError
        estimator.predict(np.array([[0.5, 1.0, 0.0, 1.0, 0.0, 0.0], [np.nan] * 6]))
    except (RedspotError, ValueError):
        refused += 1
print(refused)
"""


def test_a_damaged_booster_is_refused_or_harmless(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    columns, number = data_of(200, 6)
    pipeline = pipeline_of(catboost.CatBoostClassifier(**{**QUIET, "iterations": 4})).fit(columns, number > 0)
    files = pipeline._learned().states["model"].packed("model")
    (tmp_path / "files.json").write_text(json.dumps({name: data.hex() for name, data in files.items()}))
    rounds = 2000 if pytestconfig.getoption("--torture", default=False) else 150
    words = [sys.executable, "-c", _FUZZ, str(Path(__file__).parents[3]), str(tmp_path / "files.json"), str(rounds)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > rounds / 4
