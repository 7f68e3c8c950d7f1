"""One row and many rows get the same answers, before and after a round trip through a file."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from redspot.pipeline import Pipeline, branch, estimate, impute, loads, one_hot, parse_number, scale

CLASSIFIERS = {
    "logistic": LogisticRegression(max_iter=2000),
    "forest": RandomForestClassifier(4, random_state=0),
    "bayes": GaussianNB(),
    "neighbors": KNeighborsClassifier(2, algorithm="brute"),
    "histogram": HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=1),
    "vectors": SVC(),
}
REGRESSORS = {
    "linear": LinearRegression(),
    "ridge": Ridge(),
    "tree": DecisionTreeRegressor(random_state=0),
    "boosting": GradientBoostingRegressor(n_estimators=3, random_state=0),
}

numbers = st.one_of(st.none(), st.floats(-1e4, 1e4).map(lambda value: round(value, 3)))
words = st.one_of(st.none(), st.text(max_size=3), st.sampled_from(["a", "b", "ü", "日本", "👩‍🚀", "a=b", "\x00", "'"]))
amounts = st.one_of(st.none(), st.sampled_from(["$1,234.00", "95%", "(3)", "n/a", ""]))
truths = st.one_of(st.none(), st.booleans())
rows = st.lists(
    st.fixed_dictionaries({"x": numbers, "ÿ z": numbers, "word": words, "price": amounts, "truth": truths}),
    min_size=6,
    max_size=14,
)
RELAXED = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def pipeline_of(estimator: Any) -> Pipeline:
    return Pipeline(
        numbers=branch("x", "ÿ z").then(impute("constant", 0.0)).then(scale()),
        money=branch("price").then(parse_number()).then(impute("constant", -1)),
        words=branch("word", "truth").then(one_hot(max_categories=5)),
        model=estimate(estimator),
    )


def typed(data: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Columns with at least one value each, so that their types are what they are meant to be."""
    first = {"x": 1.5, "ÿ z": -2.5, "word": "a", "price": "1", "truth": True}
    return {name: [value, *(row[name] for row in data)] for name, value in first.items()}


def as_rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def is_decided(pipeline: Pipeline, columns: dict[str, list[Any]]) -> list[bool]:
    """Whether each row has one answer: the library takes either of two neighbours that are equally far.

    Which one depends on the last bits of a distance, and those on how many rows are asked about together.
    """
    model = pipeline.learned("model")["estimator"]
    if not isinstance(model, KNeighborsClassifier):
        return [True] * len(next(iter(columns.values())))
    distances, _ = model.kneighbors(np.asarray(pipeline.transform(columns)), n_neighbors=3)
    return (distances[:, 2] - distances[:, 1] > 1e-6 * (1.0 + distances[:, 2])).tolist()


def assert_agreement(pipeline: Pipeline, columns: dict[str, list[Any]]) -> None:
    many = pipeline.predict(columns)
    data = as_rows(columns)
    decided = is_decided(pipeline, columns)
    assert pipeline.predict(data).tolist() == pytest.approx(many.tolist()) if many.dtype.kind == "f" else True
    spread = float(np.abs(many).max()) if many.dtype.kind == "f" else 0.0
    for index, row in enumerate(data):
        if not decided[index]:
            continue
        answer = pipeline.predict_one(row)
        present = {name: value for name, value in row.items() if value is not None}
        assert pipeline.predict_one(present) == answer
        alone = pipeline.predict([row])[0]
        if many.dtype.kind == "f":
            # Relative to the size of the terms that were added up, which may cancel to almost nothing.
            assert math.isclose(answer["prediction"], many[index], rel_tol=1e-9, abs_tol=1e-9 * max(1.0, spread))
            assert answer["prediction"] == alone
            continue
        assert answer["prediction"] == many[index] == alone
        if "probabilities" in answer:
            together = pipeline.predict_proba(columns)[index]
            assert list(answer["probabilities"].values()) == pytest.approx(together.tolist(), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", CLASSIFIERS)
@RELAXED
@given(data=rows, labels=st.data())
def test_classes_agree_and_survive_the_file(name: str, data: list[dict[str, Any]], labels: st.DataObject) -> None:
    columns = typed(data)
    target = [
        "no",
        "yes",
        *labels.draw(
            st.lists(st.sampled_from(["no", "yes", "vielleicht"]), min_size=len(data) - 1, max_size=len(data) - 1)
        ),
    ]
    pipeline = pipeline_of(CLASSIFIERS[name]).fit(columns, target)
    assert_agreement(pipeline, columns)
    assert_same_after_file(pipeline, columns)


@pytest.mark.parametrize("name", REGRESSORS)
@RELAXED
@given(data=rows, numbers=st.data())
def test_numbers_agree_and_survive_the_file(name: str, data: list[dict[str, Any]], numbers: st.DataObject) -> None:
    columns = typed(data)
    size = len(data) + 1
    target = numbers.draw(
        st.lists(st.floats(-1e3, 1e3).map(lambda value: round(value, 2)), min_size=size, max_size=size)
    )
    pipeline = pipeline_of(REGRESSORS[name]).fit(columns, target)
    assert_agreement(pipeline, columns)
    assert_same_after_file(pipeline, columns)


def assert_same_after_file(pipeline: Pipeline, columns: dict[str, list[Any]]) -> None:
    data = pipeline.dumps()
    assert pipeline.dumps() == data
    loaded = loads(data)
    assert loaded.dumps() == data
    assert loaded.predict(columns).tolist() == pipeline.predict(columns).tolist()
    assert loaded.schema_ == pipeline.schema_
    assert loaded.parity_ == pipeline.parity_
    assert loaded.describe() == pipeline.describe()
    assert {step: loaded.features(step) for step in loaded.steps} == {
        step: pipeline.features(step) for step in pipeline.steps
    }
    assert loaded.check_parity().ok


def test_a_class_on_the_very_border_is_the_same_alone_and_among_many() -> None:
    # Two equal clouds: probabilities of one half, plus or minus the last bits of a sum.
    generator = np.random.default_rng(0)
    cloud = generator.normal(size=(20, 7))
    data = {f"c{i}": np.concatenate([cloud[:, i], -cloud[:, i], np.zeros(5)]) for i in range(7)}
    target = ["b"] * 20 + ["a"] * 20 + ["a", "b", "a", "b", "a"]
    pipeline = Pipeline(x=branch(*data), model=estimate(LogisticRegression(fit_intercept=False))).fit(data, target)
    border = {name: [0.0] * 3 + [1e-17, -1e-17] for name in data}
    assert set(pipeline.predict(border).tolist()) == {"a"}
    assert {pipeline.predict_one(row)["prediction"] for row in as_rows(border)} == {"a"}


def test_a_network_agrees() -> None:
    generator = np.random.default_rng(1)
    data = {"x": generator.normal(size=50).tolist(), "y": generator.normal(size=50).tolist()}
    model = estimate(MLPRegressor(hidden_layer_sizes=(8,), max_iter=50, tol=1.0, random_state=0))
    pipeline = Pipeline(x=branch("x", "y"), model=model).fit(data, generator.normal(size=50))
    assert_agreement(pipeline, data)
    assert_same_after_file(pipeline, data)
