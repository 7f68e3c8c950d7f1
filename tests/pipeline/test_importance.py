"""Importances against scikit-learn's, and on columns whose worth is known."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import PolynomialFeatures

from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, scale
from redspot.pipeline.errors import UnknownMetricError, UnsupportedImportanceError
from redspot.pipeline.importance import importance

NUMBERS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")


def test_shuffling_agrees_with_scikit_learn(penguins: Any) -> None:
    known = penguins.dropna().reset_index(drop=True)
    pipeline = Pipeline(numbers=branch(*NUMBERS).then(scale()), model=estimate(LogisticRegression()))
    pipeline.fit(known, "species")
    ours = importance(pipeline, known, "species", repeats=40)
    model = LogisticRegression().fit(_scaled(known), known["species"])
    theirs = permutation_importance(model, _scaled(known), known["species"], n_repeats=40, random_state=0)
    for column, value in zip(NUMBERS, theirs.importances_mean, strict=True):
        assert ours[column] == pytest.approx(value, abs=0.015), column
    assert ours.metric == "accuracy"
    assert ours.baseline == model.score(_scaled(known), known["species"])
    assert list(ours) == sorted(ours, key=lambda column: -ours[column])


def _scaled(data: Any) -> Any:
    numbers = data[list(NUMBERS)].to_numpy()
    return (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)


def test_a_column_that_is_not_used_is_worth_nothing() -> None:
    generator = np.random.default_rng(0)
    data = {"x": generator.normal(size=300), "noise": generator.normal(size=300), "unread": np.zeros(300)}
    target = 3 * data["x"]
    pipeline = Pipeline(all=branch("x", "noise").then(scale()), model=estimate(LinearRegression()))
    pipeline.fit(data, target)
    found = importance(pipeline, data, target)
    assert set(found) == {"x", "noise"}
    # A shuffled copy is as far from the truth as two independent draws: R² goes from 1 to about -1.
    assert found["x"] == pytest.approx(2.0, abs=0.3)
    assert found["noise"] == pytest.approx(0.0, abs=1e-9)
    assert found.std["x"] > 0
    loss = importance(pipeline, data, target, metric="rmse")
    assert loss["x"] == pytest.approx(3 * np.sqrt(2), rel=0.1)
    assert importance(pipeline, data, target).to_json() == found.to_json()
    assert importance(pipeline, data, target, seed=1).to_json() != found.to_json()


@pytest.mark.parametrize("kind", ["polars", "dict", "rows"])
def test_every_kind_of_data_gives_the_same(classifier: Pipeline, penguins: Any, kind: str) -> None:
    classifier.fit(penguins, "species")
    columns = {name: penguins[name].astype(object).where(penguins[name].notna(), None).tolist() for name in penguins}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    data = {"polars": pl.DataFrame(columns), "dict": columns, "rows": rows}[kind]
    expected = importance(classifier, penguins, "species", repeats=2)
    assert importance(classifier, data, "species", repeats=2).to_json() == expected.to_json()
    assert expected["bill_length_mm"] > expected["sex"]


def test_weights_of_a_forest_are_those_of_its_raw_columns(penguins: Any) -> None:
    known = penguins.dropna().reset_index(drop=True)
    pipeline = Pipeline(
        words=branch("island", "sex").then(one_hot()),
        numbers=branch(*NUMBERS).then(impute()),
        model=estimate(RandomForestClassifier(20, random_state=0)),
    ).fit(known, "species")
    found = importance(pipeline, None, None, kind="native")
    forest = pipeline.learned("model")["estimator"]
    features = [
        feature.columns[0] for step in ("words_one_hot", "numbers_impute") for feature in pipeline.features(step)
    ]
    for column in pipeline.columns:
        own = [weight for name, weight in zip(features, forest.feature_importances_, strict=True) if name == column]
        assert found[column] == pytest.approx(sum(own))
    assert sum(found.values()) == pytest.approx(1.0)
    assert found.kind == "native"
    assert found.std == {}


def test_a_feature_of_two_columns_counts_half_for_each() -> None:
    data = {"a": [1.0, 2.0, 3.0, 5.0], "b": [1.0, 0.0, 2.0, 1.0]}
    pipeline = Pipeline(
        all=branch("a", "b").then(estimate(PolynomialFeatures(2, interaction_only=True, include_bias=False))),
        model=estimate(LinearRegression()),
    ).fit(data, [1.0, 0.0, 6.0, 5.0])
    assert importance(pipeline, data, None, kind="native") == {"a": pytest.approx(0.5), "b": pytest.approx(0.5)}


def test_coefficients_count_without_their_sign_and_over_classes(penguins: Any) -> None:
    known = penguins.dropna().reset_index(drop=True)
    # Here the predictor reads raw columns, with no step between.
    pipeline = Pipeline(numbers=branch("bill_length_mm", "bill_depth_mm"), model=estimate(LogisticRegression()))
    found = importance(pipeline.fit(known, "species"), known, "species", kind="native")
    weights = np.abs(pipeline.learned("model")["estimator"].coef_).mean(axis=0)
    assert [found["bill_length_mm"], found["bill_depth_mm"]] == pytest.approx((weights / weights.sum()).tolist())


def test_what_has_no_importance_says_why(classifier: Pipeline, penguins: Any) -> None:
    neighbours = Pipeline(x=branch("year"), model=estimate(KNeighborsClassifier())).fit(penguins, "species")
    with pytest.raises(UnsupportedImportanceError, match="KNeighborsClassifier has neither feature_importances_ nor"):
        importance(neighbours, penguins, "species", kind="native")
    with pytest.raises(UnsupportedImportanceError, match="Only a pipeline that predicts"):
        importance(Pipeline(x=branch("year").then(scale())).fit(penguins), penguins, None, kind="native")
    classifier.fit(penguins, "species")
    with pytest.raises(UnsupportedImportanceError, match="no importance 'shap'"):
        importance(classifier, penguins, "species", kind="shap")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedImportanceError, match="once or more, not 0 times"):
        importance(classifier, penguins, "species", repeats=0)
    with pytest.raises(UnknownMetricError, match="No metric 'r2' on these data; there are 'accuracy'"):
        importance(classifier, penguins, "species", metric="r2")


def test_the_picture_is_safe_and_the_json_plain() -> None:
    evil = "<b onload=x>"
    data = {evil: [0.0, 1.0, 2.0, 3.0], "y": [0.0, 1.0, 2.0, 3.0]}
    pipeline = Pipeline(x=branch(evil).then(scale()), model=estimate(LinearRegression())).fit(data, "y")
    found = importance(pipeline, data, "y")
    assert "<b" not in found._repr_html_()
    assert "&lt;b onload=x&gt;" in found._repr_html_()
    assert set(json.loads(json.dumps(found.to_json()))[0]) == {"column", "value", "std"}
    assert repr(found).startswith("Importance(permutation: <b")
