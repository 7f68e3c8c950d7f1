"""XGBoost and LightGBM: compiled, saved, and the library's own answers agree; damaged boosters are refused."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redspot.pipeline import Pipeline, branch, estimate, loads, one_hot, scale
from redspot.pipeline.archive import write_archive
from redspot.pipeline.errors import CorruptPipelineError, UnsavableStepError, UntrustedPipelineError
from redspot.pipeline.frameworks.ubjson import read_ubjson

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")


def data_of(rows: int, seed: int) -> tuple[dict[str, Any], Any]:
    """Numbers with gaps, a category with gaps, and a number that depends on them."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "a": random.normal(size=rows),
        "b": random.normal(5, 3, rows),
        "c": random.choice(np.array(["x", "y", "z", None], dtype=object), rows),
    }
    target = columns["a"] + 0.3 * (columns["b"] - 5) + (columns["c"] == "x") + random.normal(0, 0.5, rows)
    columns["a"][random.random(rows) < 0.1] = np.nan
    return columns, target


def rows_of(columns: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The first rows as requests have them; None where there is nothing."""
    rows = []
    for index in range(count):
        row = {name: values[index] for name, values in columns.items()}
        rows.append({name: None if value != value else value for name, value in row.items()})
    return rows


def pipeline_of(estimator: Any) -> Pipeline:
    return Pipeline(
        numbers=branch("a", "b").then(scale()), words=branch("c").then(one_hot()), model=estimate(estimator)
    )


QUIET: dict[str, Any] = {"verbose": -1, "n_jobs": 1}
TWO = [
    xgboost.XGBClassifier(n_estimators=15, n_jobs=1),
    xgboost.XGBRFClassifier(n_estimators=8, n_jobs=1),
    lightgbm.LGBMClassifier(n_estimators=15, **QUIET),
]
THREE = [
    xgboost.XGBClassifier(n_estimators=6, max_depth=3, n_jobs=1),
    lightgbm.LGBMClassifier(n_estimators=6, **QUIET),
]
NUMBERS = [
    xgboost.XGBRegressor(n_estimators=15, n_jobs=1),
    xgboost.XGBRegressor(n_estimators=8, booster="dart", rate_drop=0.3, n_jobs=1),
    xgboost.XGBRegressor(n_estimators=8, num_parallel_tree=3, subsample=0.5, n_jobs=1),
    xgboost.XGBRFRegressor(n_estimators=8, n_jobs=1),
    lightgbm.LGBMRegressor(n_estimators=15, **QUIET),
    lightgbm.LGBMRegressor(n_estimators=8, boosting_type="rf", bagging_fraction=0.5, bagging_freq=1, **QUIET),
    lightgbm.LGBMRegressor(n_estimators=8, objective="l1", **QUIET),
]
COUNTS = [
    xgboost.XGBRegressor(n_estimators=8, objective="count:poisson", n_jobs=1),
    lightgbm.LGBMRegressor(n_estimators=8, objective="poisson", **QUIET),
]


def assert_all_ways_agree(pipeline: Pipeline, columns: dict[str, Any], tolerance: float) -> None:
    is_classifier = pipeline.schema_.task == "classification"
    answer = pipeline.predict_proba if is_classifier else pipeline.predict
    own = np.asarray(answer(columns, compiled=False), dtype=np.float64)

    def close(values: Any, wanted: Any) -> bool:
        return bool((np.abs(values - wanted) <= tolerance * np.maximum(1.0, np.abs(wanted))).all())

    assert close(answer(columns), own)
    alone = [pipeline.predict_one(row) for row in rows_of(columns, 60)]
    key = "probabilities" if is_classifier else "prediction"
    assert close(np.array([list(row[key].values()) if is_classifier else row[key] for row in alone]), own[:60])
    data = pipeline.dumps()
    loaded = loads(data)
    assert loaded.dumps() == data
    assert loaded.check_parity().ok
    assert [loaded.predict_one(row) for row in rows_of(columns, 60)] == alone
    again = loaded.predict_proba(columns, compiled=False) if is_classifier else loaded.predict(columns, compiled=False)
    assert np.array_equal(again, own)
    assert loaded.fit(columns, pipeline.predict(columns)).is_fitted


def tolerance_of(estimator: Any) -> float:
    return 1e-5 if type(estimator).__module__.startswith("xgboost") else 1e-9


@pytest.mark.parametrize("estimator", TWO, ids=lambda each: type(each).__name__)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**20))
def test_two_classes(estimator: Any, seed: int) -> None:
    columns, number = data_of(300, seed)
    target = np.where(number > 0.5, "high", "low")
    pipeline = pipeline_of(estimator).fit(columns, target)
    assert pipeline.classes_.tolist() == ["high", "low"]
    assert (pipeline.predict(columns) == target).mean() > 0.8
    assert_all_ways_agree(pipeline, columns, tolerance_of(estimator))


@pytest.mark.parametrize("estimator", THREE, ids=lambda each: type(each).__name__)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**20))
def test_three_classes(estimator: Any, seed: int) -> None:
    columns, number = data_of(300, seed)
    pipeline = pipeline_of(estimator).fit(columns, np.digitize(number, [-0.5, 0.8]))
    assert pipeline.classes_.tolist() == [0, 1, 2]
    assert_all_ways_agree(pipeline, columns, tolerance_of(estimator))


@pytest.mark.parametrize("estimator", NUMBERS, ids=lambda each: type(each).__name__)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**20))
def test_numbers(estimator: Any, seed: int) -> None:
    columns, number = data_of(300, seed)
    assert_all_ways_agree(pipeline_of(estimator).fit(columns, number), columns, tolerance_of(estimator))


@pytest.mark.parametrize("estimator", COUNTS, ids=lambda each: type(each).__name__)
def test_counts(estimator: Any) -> None:
    columns, number = data_of(300, 1)
    assert_all_ways_agree(pipeline_of(estimator).fit(columns, np.abs(number)), columns, tolerance_of(estimator))


def test_a_linear_booster() -> None:
    columns, number = data_of(300, 2)
    columns["a"] = np.nan_to_num(columns["a"])
    estimator = xgboost.XGBRegressor(booster="gblinear", n_estimators=10, n_jobs=1)
    assert_all_ways_agree(pipeline_of(estimator).fit(columns, number), columns, 1e-5)


def test_a_value_on_a_threshold_goes_where_the_library_sends_it() -> None:
    # Whole numbers lie on the borders of XGBoost's bins, and a tenth is not a float32.
    values = np.repeat(np.arange(10) / 10, 30)
    target = (values * 7) % 3
    for estimator in (xgboost.XGBRegressor(n_estimators=10, n_jobs=1), lightgbm.LGBMRegressor(**QUIET)):
        pipeline = Pipeline(x=branch("x"), model=estimate(estimator)).fit({"x": values}, target)
        own = pipeline.predict({"x": values}, compiled=False)
        alone = [pipeline.predict_one({"x": value})["prediction"] for value in values.tolist()]
        assert np.allclose(alone, own, rtol=0, atol=1e-5)


def test_a_loaded_pipeline_answers_without_the_library(tmp_path: Path) -> None:
    columns, number = data_of(200, 3)
    for name, estimator in (("x", TWO[0]), ("l", TWO[2])):
        pipeline_of(estimator).fit(columns, number > 0).save(tmp_path / f"{name}.redspot")
    program = (
        "import sys; from redspot.pipeline import load\n"
        "row = {'a': 1.0, 'b': 9, 'c': 'x'}\n"
        f"print([load(rf'{tmp_path}/{{n}}.redspot').predict_one(row)['prediction'] for n in 'xl'])\n"
        "print(sorted({'xgboost', 'lightgbm', 'sklearn', 'skops', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[True, True]\n[]\n"


def test_what_could_not_be_checked_when_loaded_is_not_saved() -> None:
    columns, number = data_of(200, 4)
    logistic = xgboost.XGBRegressor(objective="reg:logistic", n_estimators=2, n_jobs=1)
    with pytest.raises(UnsavableStepError, match="known objectives are reg:squarederror"):
        pipeline_of(logistic).fit(columns, (number > 0).astype(float)).dumps()
    zeros = lightgbm.LGBMRegressor(n_estimators=2, zero_as_missing=True, **QUIET)
    with pytest.raises(UnsavableStepError, match="zeros as missing"):
        pipeline_of(zeros).fit(columns, number).dumps()
    own = lightgbm.LGBMRegressor(n_estimators=2, objective=lambda t, p: (p - t, np.ones_like(p)), **QUIET)
    pipeline = pipeline_of(own).fit(columns, number)
    assert np.isfinite(pipeline.predict(columns)).all()
    with pytest.raises(UnsavableStepError, match="has an objective"):
        pipeline.dumps()


# -- damage and malice ------------------------------------------------------------------------------


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("estimator", [TWO[0], TWO[2]], ids=["xgboost", "lightgbm"])
def test_a_wrapper_that_names_another_class_is_refused(estimator: Any) -> None:
    columns, number = data_of(200, 5)
    members = members_of(pipeline_of(estimator).fit(columns, number > 0).dumps())
    path = "estimators/model/wrapper.json"
    document = json.loads(members[path])
    document["class"] = "Booster"
    with pytest.raises(UntrustedPipelineError, match="names the class 'Booster'"):
        loads(write_archive({**members, path: json.dumps(document).encode()}))


# A native parser that meets nonsense may take the process with it; so this runs in one of its own.
_FUZZ = """
import sys, json
sys.path.insert(0, sys.argv[1])
import numpy as np
from redspot.errors import RedspotError
from redspot.pipeline.frameworks import framework_named
name, path, rounds = sys.argv[2], sys.argv[3], int(sys.argv[4])
framework = framework_named(name)
files = {k: bytes.fromhex(v) for k, v in json.load(open(path)).items()}
random = np.random.default_rng(int(sys.argv[5]))
booster = next(k for k in files if k.startswith("booster"))
refused = 0
for _ in range(rounds):
    data = bytearray(files[booster])
    for _ in range(int(random.integers(1, 4))):
        what, at = random.integers(0, 3), int(random.integers(0, len(data)))
        if what == 0:
            data[at] = int(random.integers(0, 256))
        elif what == 1:
            del data[at : at + int(random.integers(1, 20))]
        else:
            data[at:at] = bytes(random.integers(45, 58, int(random.integers(1, 5))).astype(np.uint8))
    try:
        estimator = framework.load({**files, booster: bytes(data)}, "model", ())
        # A pipeline file whose model has another width than its graph is refused before anything is asked.
        if estimator.n_features_in_ != 7:
            raise ValueError
        estimator.predict(np.array([[0.5, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0], [np.nan] * 7]))
    except (RedspotError, ValueError):
        refused += 1
print(refused)
"""


@pytest.mark.parametrize("estimator", [TWO[0], TWO[2]], ids=["xgboost", "lightgbm"])
def test_a_damaged_booster_is_refused_or_harmless(estimator: Any, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    columns, number = data_of(200, 6)
    pipeline = pipeline_of(estimator).fit(columns, number > 0)
    files = pipeline._learned().states["model"].packed("model")
    (tmp_path / "files.json").write_text(json.dumps({name: data.hex() for name, data in files.items()}))
    rounds = 2000 if pytestconfig.getoption("--torture", default=False) else 150
    name = type(estimator).__module__.partition(".")[0]
    root = str(Path(__file__).parents[3])
    words = [sys.executable, "-c", _FUZZ, root, name, str(tmp_path / "files.json"), str(rounds), "0"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > rounds / 4


@given(st.binary(max_size=200))
def test_any_bytes_are_ubjson_or_refused(data: bytes) -> None:
    with contextlib.suppress(CorruptPipelineError):
        read_ubjson(data)


def test_a_length_that_promises_more_than_there_is_reserves_nothing() -> None:
    for data in (b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", b"[$Z#L\x7f\xff\xff\xff\xff\xff\xff\xff", b"[" * 1000):
        with pytest.raises(CorruptPipelineError):
            read_ubjson(data)
