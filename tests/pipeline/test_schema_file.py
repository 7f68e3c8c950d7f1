"""The JSON Schema of pipeline.json: real files of every kind fit it, and wrong ones do not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder
from xgboost import XGBRegressor

import redspot.pipeline as rp
from redspot.pipeline import Pipeline, branch, estimate
from redspot.pipeline.step_file import KINDS
from tests.pipeline.test_file import FILES, members_of

SCHEMA = json.loads((Path(rp.__file__).parent / "pipeline.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

ROWS = {
    "a": [1.0, 2.0, None, 4.0, 5.0, 7.0],
    "b": [3.0, 1.0, 2.0, 9.0, 4.0, 4.0],
    "w": ["x", "y", None, "x", "z", "x"],
    "words": ["a sunny room", "quiet room", None, "sunny garden", "near the park", "park view"],
    "image": [np.full((2, 2), level, dtype=np.uint8) for level in range(6)],
    "items": [["u", "v"], ["u"], None, ["v"], [], ["u"]],
    "listed": ['["u", "v"]', '["u"]', None, '["v"]', "[]", '["u"]'],
    "seen": [datetime(2026, month, 3) for month in range(1, 7)],
    "price": ["$1.00", "$2,000.00", None, "$3.50", "$4.00", "$9.00"],
}
TARGET = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def of_step(step: Any, *columns: str) -> Pipeline:
    return Pipeline(x=branch(*columns).then(step)).fit(ROWS)


def of_model(estimator: Any, target: Any = TARGET) -> Pipeline:
    parts = {"numbers": branch("a", "b").then(rp.impute()), "words": branch("w").then(rp.one_hot())}
    return Pipeline(**parts, model=estimate(estimator)).fit(ROWS, target)


def taken_over(*steps: Any, columns: Any) -> Pipeline:
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "w": ["x", "y", "x"]})
    chosen = ColumnTransformer([("chosen", make_pipeline(*steps), columns)])
    return Pipeline.from_sklearn(make_pipeline(chosen, LinearRegression()).fit(frame, [1.0, 2.0, 3.0]), frame)


# One pipeline for each kind of step; a kind without one fails the test that counts them.
STEPS: dict[str, Callable[[], Pipeline]] = {
    "age": lambda: of_step(rp.age(unit="days"), "seen"),
    "affine": lambda: taken_over(MinMaxScaler(clip=True), columns=["a"]),
    "bin": lambda: of_step(rp.bin(count=2), "a"),
    "cast": lambda: of_step(rp.cast("text"), "a"),
    "clip": lambda: of_step(rp.clip(upper=3), "a"),
    "count_encode": lambda: of_step(rp.count_encode(), "w"),
    "count_words": lambda: of_step(rp.count_words(), "words"),
    "distance": lambda: of_step(rp.distance({"centre": (1.0, 2.0)}, start=("b", "a")), "b", "a"),
    "drop": lambda: of_step(rp.drop("a"), "a", "b"),
    "elementwise": lambda: taken_over(FunctionTransformer(np.log1p), columns=["a"]),
    "explain": lambda: Pipeline(
        x=branch("b"), w=branch("w").then(rp.one_hot()), model=estimate(Ridge()), why=rp.explain()
    ).fit(ROWS, TARGET),
    "grid_cell": lambda: of_step(rp.grid_cell(0.5, columns=("b", "a")), "b", "a"),
    "hash_category": lambda: of_step(rp.hash_category(4), "w"),
    "hash_words": lambda: of_step(rp.hash_words(16), "words"),
    "impute": lambda: of_step(rp.impute(indicator=True), "a"),
    "indicate": lambda: taken_over(OneHotEncoder(handle_unknown="ignore"), columns=["w"]),
    "interact": lambda: of_step(rp.interact(), "a", "b"),
    "list_contains": lambda: of_step(rp.list_contains("u"), "items"),
    "list_count": lambda: of_step(rp.list_count(), "items"),
    "log": lambda: of_step(rp.log(), "a"),
    "look_up": lambda: taken_over(OrdinalEncoder(), columns=["w"]),
    "multi_hot": lambda: of_step(rp.multi_hot(), "items"),
    "normalize_text": lambda: of_step(rp.normalize_text(), "w"),
    "one_hot": lambda: of_step(rp.one_hot(max_categories=2), "w"),
    "ordinal": lambda: of_step(rp.ordinal(), "w"),
    "parse_list": lambda: Pipeline(x=branch("listed").then(rp.parse_list()).then(rp.list_count())).fit(ROWS),
    "parse_number": lambda: of_step(rp.parse_number(), "price"),
    "pixels": lambda: of_step(rp.pixels(2, 2), "image"),
    "polynomial": lambda: of_step(rp.polynomial(), "a", "b"),
    "power": lambda: of_step(rp.power(), "a"),
    "rename": lambda: of_step(rp.rename({"a": "c"}), "a", "b"),
    "scale": lambda: of_step(rp.scale("quantile", quantiles=3), "a"),
    "select": lambda: of_step(rp.select("b"), "a", "b"),
    "target_encode": lambda: Pipeline(x=branch("w").then(rp.target_encode()), model=estimate(Ridge())).fit(
        ROWS, TARGET
    ),
    "tfidf": lambda: of_step(rp.tfidf(), "words"),
    "time_cycles": lambda: of_step(rp.time_cycles(("weekday",)), "seen"),
    "time_parts": lambda: of_step(rp.time_parts(), "seen"),
    "tokenize": lambda: Pipeline(x=branch("words").then(rp.tokenize()).then(rp.count_words())).fit(ROWS),
}

MODELS: dict[str, Callable[[], Pipeline]] = {
    "linear": lambda: of_model(Ridge()),
    "classes": lambda: of_model(LogisticRegression(), ["x", "y", "z", "x", "y", "z"]),
    "truth": lambda: of_model(LogisticRegression(), [True, False, True, False, True, False]),
    "trees": lambda: of_model(RandomForestClassifier(3), [1, 2, 1, 2, 1, 2]),
    "lightgbm": lambda: of_model(LGBMRegressor(n_estimators=2, min_child_samples=1, verbosity=-1)),
    "lightgbm classes": lambda: of_model(LGBMClassifier(n_estimators=2, verbosity=-1), list("xyxyxy")),
    "xgboost": lambda: of_model(XGBRegressor(n_estimators=2)),
    "not compiled": lambda: of_model(KNeighborsRegressor(2, algorithm="brute")),
    "clusters": lambda: of_model(KMeans(2, n_init=1)),
    "transformer": lambda: Pipeline(
        x=branch("a", "b").then(rp.impute()).then(estimate(PCA(1))), model=estimate(Ridge())
    ).fit(ROWS, TARGET),
}


def document_of(pipeline: Pipeline) -> Any:
    return json.loads(members_of(pipeline.dumps())["pipeline.json"])


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_kind_of_step_has_a_file_here() -> None:
    assert set(STEPS) == set(KINDS)
    for kind, make in STEPS.items():
        document = document_of(make())
        assert kind in {entry["kind"] for entry in document["steps"]}
        VALIDATOR.validate(document)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_files_of_models_fit(name: str) -> None:
    VALIDATOR.validate(document_of(MODELS[name]()))


def test_a_function_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    module = __import__("trusted_steps")
    VALIDATOR.validate(document_of(of_step(module.log_ratio(shift=2.0), "a", "b")))


@pytest.mark.parametrize("file", sorted(path.stem for path in FILES.glob("*.redspot")))
def test_a_file_of_an_earlier_version_fits_once_it_is_saved_again(file: str) -> None:
    VALIDATOR.validate(document_of(rp.load(FILES / f"{file}.redspot")))


def first(document: Any, kind: str) -> Any:
    return next(entry for entry in document["steps"] if entry["kind"] == kind)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(format_version=2),
        lambda d: d.update(metrics={}),
        lambda d: d.pop("rows"),
        lambda d: d.update(rows=0),
        lambda d: d["sources"].clear(),
        lambda d: d["sources"][0].pop("path"),
        lambda d: first(d, "impute").update(kind="no kind"),
        lambda d: first(d, "impute").update(params=[]),
        lambda d: first(d, "impute").update(inputs=["../x"]),
        lambda d: first(d, "impute").pop("state"),
        lambda d: first(d, "estimate").update(files=["/etc/passwd"]),
        lambda d: first(d, "estimate")["facts"].update(task="guessing"),
        lambda d: first(d, "estimate")["model"].update(link="magic"),
        lambda d: d["features"]["numbers"][0].update(made_of=[-1]),
        lambda d: d["features"].update({"no name!": []}),
        lambda d: d["schema"]["inputs"][0].update(dtype="object"),
        lambda d: d["describe"]["nodes"][0].update(role="boss"),
        lambda d: d["describe"]["nodes"][-1].update(timing={"fit_s": 1.0, "apply_s": None}),
    ],
)
def test_a_wrong_document_does_not_fit(change: Callable[[Any], Any]) -> None:
    document = copy.deepcopy(document_of(of_model(Ridge())))
    assert VALIDATOR.is_valid(document)
    change(document)
    assert not VALIDATOR.is_valid(document)
