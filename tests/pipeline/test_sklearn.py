"""A pipeline among scikit-learn's own tools."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.decomposition import PCA
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

from redspot.pipeline import Pipeline, branch, estimate, every, loads
from redspot.pipeline.errors import NotFittedError, UnsupportedPredictionError

# What scikit-learn asks of a new estimator and this one does otherwise, with the reason.
OTHERWISE = {
    "check_do_not_raise_errors_in_init_or_set_params": "what cannot exist is refused where it is written",
    "check_parameters_default_constructible": "a pipeline without parts is none",
    "check_estimators_unfitted": "the error is our own NotFittedError, which needs no scikit-learn",
    "check_estimators_nan_inf": "missing values flow through the graph; the step that cannot read them says so",
    "check_supervised_y_2d": "a target of one column is taken as it is, without a warning",
}
CHECKED = {
    "classifier": Pipeline(x=branch(every()), model=estimate(LogisticRegression())),
    "without probabilities": Pipeline(x=branch(every()).scale(), model=estimate(LinearSVC(random_state=0))),
    "regressor": Pipeline(x=branch(every()), model=estimate(LinearRegression())),
    "transformer": Pipeline(x=branch(every()).scale()),
}


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_checks_it_as_its_own(name: str) -> None:
    results = check_estimator(CHECKED[name], on_fail=None, on_skip=None)
    failed = {each["check_name"]: each["exception"] for each in results if each["status"] == "failed"}
    assert set(failed) <= set(OTHERWISE), failed
    assert sum(each["status"] == "passed" for each in results) >= 40


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline(
        numbers=branch("bill_length_mm", "body_mass_g").impute().scale(),
        words=branch("island", "sex").one_hot(),
        model=estimate(LogisticRegression(max_iter=2000)),
    )


def test_it_is_cloned_scored_and_searched(pipeline: Pipeline, penguins: Any) -> None:
    assert clone(pipeline) is not pipeline
    assert clone(pipeline).get_params().keys() == pipeline.get_params().keys()
    assert is_classifier(pipeline)
    assert not is_regressor(pipeline)
    scores = cross_val_score(pipeline, penguins, penguins["species"], cv=3)
    assert scores.min() > 0.9
    search = GridSearchCV(pipeline, {"numbers_impute__strategy": ["mean", "median"], "model__C": [0.1, 1.0]}, cv=2)
    search.fit(penguins, penguins["species"])
    assert set(search.best_params_) == {"numbers_impute__strategy", "model__C"}
    assert search.best_estimator_.predict_one({"island": "Dream"})["prediction"] in {"Adelie", "Chinstrap", "Gentoo"}
    likely = cross_val_predict(pipeline, penguins, penguins["species"], cv=3, method="predict_proba")
    assert likely.shape == (344, 3)


def test_other_processes_get_copies(pipeline: Pipeline, penguins: Any) -> None:
    fitted = pipeline.fit(penguins, "species")
    for one in (
        copy.deepcopy(fitted),
        pickle.loads(pickle.dumps(fitted)),
        pickle.loads(pickle.dumps(loads(fitted.dumps()))),
    ):
        assert (one.predict_proba(penguins) == fitted.predict_proba(penguins)).all()
        assert one.predict_one({"island": "Dream"}) == fitted.predict_one({"island": "Dream"})
        assert one.learned("model")["estimator"].classes_.tolist() == fitted.classes_.tolist()
    scores = cross_val_score(pipeline, penguins, penguins["species"], cv=2, n_jobs=2)
    assert scores.min() > 0.9


def test_importance_by_scikit_learn_agrees_with_its_own(pipeline: Pipeline, penguins: Any) -> None:
    rows = penguins[list(pipeline.columns)]
    fitted = pipeline.fit(rows, penguins["species"])
    theirs = permutation_importance(fitted, rows, penguins["species"], n_repeats=5, random_state=0)
    own = fitted.importance(rows, penguins["species"])
    for column, mean in zip(rows.columns, theirs.importances_mean, strict=True):
        assert own[column] == pytest.approx(mean, abs=0.05)


def test_names_of_what_goes_in_and_comes_out(pipeline: Pipeline, penguins: Any) -> None:
    for name in ("feature_names_in_", "n_features_in_", "classes_"):
        assert not hasattr(pipeline, name)
    fitted = pipeline.fit(penguins, "species")
    check_is_fitted(fitted)
    assert fitted.feature_names_in_.tolist() == ["bill_length_mm", "body_mass_g", "island", "sex"]
    assert fitted.n_features_in_ == 4
    assert fitted.get_feature_names_out().tolist() == list(fitted.transform(penguins))
    assert fitted.__sklearn_tags__().input_tags.string


def test_only_what_can_be_answered_is_there(pipeline: Pipeline) -> None:
    assert hasattr(pipeline, "predict_proba")
    numbers = Pipeline(x=branch("x"), model=estimate(LinearRegression()))
    assert hasattr(numbers, "predict")
    assert not hasattr(numbers, "predict_proba")
    nothing = Pipeline(x=branch("x").scale())
    assert not hasattr(nothing, "predict")
    with pytest.raises(UnsupportedPredictionError, match="No step predicts"):
        nothing.predict({"x": [1.0]})
    with pytest.raises(NotFittedError, match=r"call fit\(X, y\) first"):
        pipeline.predict_proba({"x": [1.0]})


def test_its_columns_are_a_matrix_for_scikit_learn(penguins: Any) -> None:
    before = Pipeline(numbers=branch("bill_length_mm", "body_mass_g").impute().scale())
    made = make_pipeline(before, PCA(1), LogisticRegression()).fit(penguins, penguins["species"])
    assert made.predict(penguins).shape == (344,)
    columns = before.fit(penguins).transform(penguins)
    assert columns.shape == (344, 2)
    assert columns.dtype == np.float64
    assert (np.asarray(columns)[:, 1] == columns["body_mass_g"]).all()
    assert np.asarray(Pipeline(w=branch("island")).fit(penguins).transform(penguins)).dtype == object
    with pytest.raises(ValueError, match="a matrix of them is a copy"):
        np.asarray(columns, copy=False)


def test_an_array_of_another_width_is_refused() -> None:
    fitted = Pipeline(x=branch(every()).scale()).fit(np.eye(3))
    with pytest.raises(ValueError, match="X has 2 features, but Pipeline is expecting 3 features"):
        fitted.transform(np.eye(2))
    assert fitted.transform([[1.0, 0.0, 0.0]]).shape == (1, 3)
