"""The pipeline as a whole, on real data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score

from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, parse_number, scale, step
from redspot.pipeline.errors import (
    ColumnTypeError,
    EstimatorRefusedError,
    InvalidPipelineError,
    InvalidStepError,
    InvalidTargetError,
    MissingValueError,
    NotFittedError,
    StepNotFoundError,
    UnknownColumnError,
    UnsupportedPredictionError,
)


def test_penguins_are_told_apart(classifier: Pipeline, penguins: Any) -> None:
    train, test = penguins.iloc[::2], penguins.iloc[1::2]
    metrics = classifier.fit(train, "species").evaluate(test, "species")
    assert set(metrics) == {"accuracy", "balanced_accuracy", "f1_macro", "log_loss", "roc_auc_ovr"}
    assert metrics["accuracy"] > 0.97
    assert metrics["log_loss"] < 0.15
    assert classifier.metrics_ == metrics
    assert classifier.classes_.tolist() == ["Adelie", "Chinstrap", "Gentoo"]


def test_the_price_of_a_listing_is_learned_from_messy_columns(listings_file: Path) -> None:
    listings = pd.read_csv(listings_file)
    listings = listings[listings["price"].notna()].reset_index(drop=True)
    price = listings["price"].str.replace(r"[$,]", "", regex=True).astype(float)
    pipeline = Pipeline(
        rates=branch("host_response_rate", "host_acceptance_rate").then(parse_number()).then(impute()).then(scale()),
        size=branch("accommodates", "bedrooms", "beds", "bathrooms", "latitude", "longitude")
        .then(impute("median"))
        .then(scale()),
        words=branch("room_type", "neighbourhood_cleansed", "host_is_superhost").then(one_hot(max_categories=40)),
        model=estimate(Ridge()),
    )
    cheap = price < price.quantile(0.98)
    listings, price = listings[cheap].reset_index(drop=True), price[cheap].reset_index(drop=True)
    is_test = np.arange(len(listings)) % 4 == 0
    metrics = pipeline.fit(listings[~is_test], price[~is_test]).evaluate(listings[is_test], price[is_test])
    guess = float(np.abs(price[is_test] - price[~is_test].median()).mean())
    assert metrics["r2"] > 0.35
    assert metrics["mae"] < 0.8 * guess
    assert pipeline.schema_.dtypes["host_response_rate"] == "text"
    assert pipeline.predict_one({"accommodates": 2, "host_response_rate": "95%"})["prediction"] > 0
    assert pipeline.check_parity().ok
    # The very price column, parsed by the step, is what pandas makes of it.
    parsed = Pipeline(price=branch("price").then(parse_number())).fit(listings).transform(listings)["price"]
    assert parsed.tolist() == price.tolist()


def test_missing_values_go_straight_to_an_estimator_that_reads_them() -> None:
    rows = {"x": [1.0, None, 3.0, 4.0] * 10}
    pipeline = Pipeline(x=branch("x"), model=estimate(HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=2)))
    assert pipeline.fit(rows, [1.0, 2.0, 3.0, 4.0] * 10).predict({"x": [None]}).shape == (1,)
    with pytest.raises(MissingValueError, match=r"Ridge cannot read the missing.* values of 'x' .*; add impute"):
        Pipeline(x=branch("x"), model=estimate(Ridge())).fit(rows, [1.0] * 40)


def test_text_that_reaches_an_estimator_is_named() -> None:
    with pytest.raises(ColumnTypeError, match=r"Column 'x' holds text.*one_hot\(\) or parse_number"):
        Pipeline(x=branch("x"), model=estimate(Ridge())).fit({"x": ["a"]}, [1.0])


def test_one_row_is_answered_with_probabilities(classifier: Pipeline, penguins: Any) -> None:
    classifier.fit(penguins, penguins["species"])
    answer = classifier.predict_one({"bill_length_mm": 39.1, "island": "Torgersen", "sex": None})
    assert answer["prediction"] == "Adelie"
    assert set(answer["probabilities"]) == {"Adelie", "Chinstrap", "Gentoo"}
    assert sum(answer["probabilities"].values()) == pytest.approx(1.0)
    with pytest.raises(UnknownColumnError, match="Unknown column 'species'"):
        classifier.predict_one({"species": "Adelie"})


def test_rows_without_rows_get_no_answers(classifier: Pipeline, penguins: Any) -> None:
    classifier.fit(penguins, "species")
    assert classifier.predict([]).shape == (0,)
    assert classifier.predict_proba([]).shape == (0, 3)


def test_the_schema_tells_inputs_and_outputs(classifier: Pipeline, penguins: Any) -> None:
    schema = classifier.fit(penguins, "species").schema_
    assert schema.task == "classification"
    assert schema.dtypes == {
        "bill_length_mm": "float",
        "bill_depth_mm": "float",
        "flipper_length_mm": "float",
        "body_mass_g": "float",
        "island": "text",
        "sex": "text",
    }
    sex = schema.inputs[-1]
    assert (sex.nullable, sex.categories, sex.example) == (True, ("female", "male"), "male")
    mass = next(column for column in schema.inputs if column.name == "body_mass_g")
    assert (mass.range, sex.range) == ((2700.0, 6300.0), None)
    assert [(output.name, output.dtype) for output in schema.outputs] == [
        ("prediction", "text"),
        ("probabilities", "float"),
    ]
    assert type(schema).of_json(schema.to_json()) == schema


def test_every_feature_knows_the_raw_columns_behind_it(classifier: Pipeline, penguins: Any) -> None:
    classifier.fit(penguins, "species")
    words = classifier.features("one_hot")
    assert [(feature.name, feature.columns) for feature in words][-3:] == [
        ("sex=male", ("sex",)),
        ("sex is other", ("sex",)),
        ("sex is missing", ("sex",)),
    ]
    assert classifier.features("model")[0].columns == classifier.columns


def test_parity_rows_are_at_most_100_and_always_the_same(classifier: Pipeline, penguins: Any) -> None:
    first = classifier.fit(penguins, "species").parity_
    second = classifier.clone().fit(penguins, "species").parity_
    assert first == second
    assert first is not None
    assert len(first.rows) == 100
    assert classifier.check_parity().ok
    assert classifier.check_parity().max_abs_difference < 1e-12


def test_parity_is_lost_when_the_answers_change(classifier: Pipeline, penguins: Any) -> None:
    classifier.fit(penguins, "species")
    classifier._fitted.states["model"].model.weights[:] *= 0.5
    report = classifier.check_parity()
    assert not report.ok
    assert report.matched < report.rows == 100
    assert report.max_abs_difference > 1e-3


def test_parity_sees_a_step_that_looks_at_other_rows(penguins: Any) -> None:
    @step
    def rank(x: Any) -> Any:
        return np.argsort(np.argsort(x)) / len(x)

    rows = penguins.dropna()
    pipeline = Pipeline(x=branch("body_mass_g").then(rank), model=estimate(LogisticRegression())).fit(rows, "species")
    assert not pipeline.check_parity().ok


def test_parameters_are_read_and_set_by_step(classifier: Pipeline, penguins: Any) -> None:
    classifier.fit(penguins, "species")
    assert classifier.get_params()["model__C"] == 1.0
    assert classifier.get_params()["numbers_impute__strategy"] == "median"
    assert classifier.set_params(model__C=0.1, impute__strategy="mean") is classifier
    assert classifier.get_params()["model__C"] == 0.1
    assert classifier["impute"].params()["strategy"] == "mean"
    assert not classifier.is_fitted
    with pytest.raises(NotFittedError, match="call fit"):
        classifier.predict(penguins)
    with pytest.raises(StepNotFoundError, match="No step 'nix'"):
        classifier.set_params(nix__a=1)
    with pytest.raises(InvalidStepError, match="impute has no parameter 'nix'; it has 'strategy', 'value'"):
        classifier.set_params(impute__nix=1)
    with pytest.raises(InvalidStepError, match="LogisticRegression: Invalid parameter 'nix'"):
        classifier.set_params(model__nix=1)


def test_a_step_can_be_replaced(classifier: Pipeline, penguins: Any) -> None:
    classifier.set_params(model=estimate(LogisticRegression(C=3.0, max_iter=500)))
    assert classifier.get_params()["model__C"] == 3.0
    with pytest.raises(InvalidPipelineError, match="must be the last step"):
        classifier.set_params(scale=estimate(Ridge()))


def test_fitting_does_not_touch_the_definition_or_a_clone(classifier: Pipeline, penguins: Any) -> None:
    other = classifier.clone()
    classifier.fit(penguins, "species")
    assert not other.is_fitted
    assert not hasattr(classifier["model"].params()["C"], "coef_")
    assert not hasattr(classifier.steps["model"].estimator, "coef_")  # type: ignore[attr-defined]
    other.set_params(model__C=9.0)
    assert classifier.get_params()["model__C"] == 1.0


def test_scikit_learn_can_clone_search_and_validate(classifier: Pipeline, penguins: Any) -> None:
    assert is_classifier(classifier)
    assert list(clone(classifier).steps) == list(classifier.steps)
    scores = cross_val_score(classifier, penguins, penguins["species"], cv=3)
    assert scores.min() > 0.9
    search = GridSearchCV(classifier, {"model__C": [1e-4, 1.0]}, cv=3).fit(penguins, penguins["species"])
    assert search.best_params_ == {"model__C": 1.0}


def test_a_definition_without_a_predictor_transforms() -> None:
    pipeline = Pipeline(x=branch("a").then(scale()), y=branch("b").then(one_hot())).fit({"a": [1, 3], "b": ["u", "v"]})
    assert list(pipeline.transform({"a": [1], "b": ["u"]})) == ["a", "b=u", "b=v", "b is other", "b is missing"]
    assert pipeline.parity_ is None
    with pytest.raises(UnsupportedPredictionError, match="No step predicts"):
        pipeline.predict({"a": [1], "b": ["u"]})


def test_what_cannot_be_learned_is_refused() -> None:
    pipeline = Pipeline(x=branch("x"), model=estimate(Ridge()))
    with pytest.raises(InvalidTargetError, match="There are no rows"):
        pipeline.fit({"x": []}, [])
    with pytest.raises(InvalidTargetError, match=r"Ridge needs a target"):
        pipeline.fit({"x": [1.0]})
    with pytest.raises(InvalidTargetError, match="Ridge learns numbers, and the target holds text"):
        pipeline.fit({"x": [1.0]}, ["a"])
    with pytest.raises(UnknownColumnError, match="No column 'x' in the data; it has 'y'"):
        pipeline.fit({"y": [1.0]}, [1.0])
    with pytest.raises(InvalidTargetError, match="both the target and read"):
        pipeline.fit({"x": [1.0, 2.0]}, "x")
    with pytest.raises(EstimatorRefusedError, match=r"Ridge could not learn: The 'alpha' parameter"):
        Pipeline(x=branch("x"), model=estimate(Ridge(alpha=-1.0))).fit({"x": [1.0, 2.0]}, [1.0, 2.0])
    with pytest.raises(EstimatorRefusedError, match=r"LogisticRegression could not learn: .*one class"):
        Pipeline(x=branch("x"), model=estimate(LogisticRegression())).fit({"x": [1.0, 2.0]}, ["a", "a"])
    with pytest.raises(ColumnTypeError, match="'x' has numbers too large to scale"):
        Pipeline(x=branch("x").then(scale())).fit({"x": [1e308, -1e308]})
    with pytest.raises(ColumnTypeError, match=r"holds datetime.*time_parts"):
        pipeline.fit({"x": np.array(["2026-01-01"], dtype="datetime64[D]")}, [1.0])
    assert not pipeline.is_fitted


def test_numbers_are_not_asked_for_probabilities() -> None:
    pipeline = Pipeline(x=branch("x"), model=estimate(Ridge())).fit({"x": [1.0, 2.0, 3.0]}, [1.0, 2.0, 3.0])
    assert set(pipeline.predict_one({"x": 1.0})) == {"prediction"}
    assert {"mae", "rmse", "r2"} < set(pipeline.evaluate({"x": [1.0, 2.0]}, [1.0, 2.0]))
    assert pipeline.score({"x": [1.0, 2.0]}, [1.0, 2.0]) < 1.0
    with pytest.raises(UnsupportedPredictionError):
        pipeline.predict_proba({"x": [1.0]})


def test_labels_of_another_kind_cannot_be_evaluated(classifier: Pipeline, penguins: Any) -> None:
    classifier.fit(penguins, "species")
    with pytest.raises(InvalidTargetError, match="other labels than the classes"):
        classifier.evaluate(penguins, [1] * len(penguins))
    metrics = classifier.evaluate(penguins.head(2), ["Adelie", "Emperor"])
    assert "log_loss" not in metrics
    assert metrics["accuracy"] == 0.5


def test_a_cluster_needs_no_target() -> None:
    pipeline = Pipeline(x=branch("x"), model=estimate(KMeans(2, n_init=1, random_state=0)))
    labels = pipeline.fit({"x": [0.0, 0.1, 9.0, 9.1]}).predict({"x": [0.05, 9.05]})
    assert labels[0] != labels[1]
    with pytest.raises(UnsupportedPredictionError, match="compared with true values"):
        pipeline.evaluate({"x": [0.0]}, [0])
    assert pipeline.check_parity().ok


def test_names_complete_in_a_notebook(classifier: Pipeline) -> None:
    assert classifier._ipython_key_completions_() == ["numbers_impute", "numbers_scale", "words_one_hot", "model"]
