"""Evaluation against scikit-learn's numbers, on real penguins and on drawn ones."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.tree import DecisionTreeRegressor

import redspot.pipeline.evaluation
from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, scale
from redspot.pipeline.errors import (
    InvalidTargetError,
    MissingColumnError,
    NotFittedError,
    UnknownMetricError,
    UnsupportedPredictionError,
)
from redspot.pipeline.evaluation import evaluate
from redspot.pipeline.evaluation.bootstrap import intervals
from redspot.pipeline.evaluation.curves import confusion, roc
from redspot.pipeline.evaluation.metrics import gain, metrics, require_metric, scorer
from redspot.pipeline.evaluation.outcome import Outcome
from redspot.pipeline.evaluation.slicing import plan_slices
from redspot.profile import Coded


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def judged(truth: Any, probabilities: Any, classes: Any) -> Outcome:
    """Return the outcome of a classifier."""
    truth, classes = np.array(truth), np.array(classes)
    likely = np.array(probabilities, dtype=float)
    task: Any = "binary" if len(classes) == 2 else "multiclass"
    return Outcome(task, truth, classes[likely.argmax(axis=1)], likely, classes)


def numbered(truth: Any, predicted: Any) -> Outcome:
    """Return the outcome of a regressor."""
    return Outcome("regression", np.array(truth, dtype=float), np.array(predicted, dtype=float))


# -- metrics ------------------------------------------------------------------------------------------

BINARY = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=40)


@given(BINARY)
def test_two_classes_are_judged_as_scikit_learn_does(rows: list[tuple[bool, int]]) -> None:
    truth = np.array([label for label, _ in rows])
    likely = np.array([score / 8 for _, score in rows])
    outcome = judged(truth, np.column_stack([1 - likely, likely]), [False, True])
    found, predicted = metrics(outcome), outcome.predicted
    expected = {
        "accuracy": sk.accuracy_score(truth, predicted),
        "f1_macro": sk.f1_score(truth, predicted, average="macro", zero_division=0.0),
        "log_loss": sk.log_loss(truth, outcome.probabilities, labels=[False, True]),
        "balanced_accuracy": sk.recall_score(truth, predicted, average="macro", labels=np.unique(truth)),
        "brier": np.mean((likely - truth) ** 2),
    }
    if predicted.any():
        expected["precision"] = sk.precision_score(truth, predicted)
    if truth.any():
        expected["recall"] = sk.recall_score(truth, predicted)
        expected["pr_auc"] = sk.average_precision_score(truth, likely)
    if truth.any() or predicted.any():
        expected["f1"] = sk.f1_score(truth, predicted)
    if 0 < truth.sum() < len(truth):
        expected["roc_auc"] = sk.roc_auc_score(truth, likely)
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name] == close(value), name


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(1, 9), min_size=4, max_size=4)), min_size=1))
def test_many_classes_are_judged_as_scikit_learn_does(rows: list[tuple[int, list[int]]]) -> None:
    classes = np.array(["a", "b", "c", "d"])
    truth = classes[[label for label, _ in rows]]
    likely = np.array([scores for _, scores in rows], dtype=float)
    likely /= likely.sum(axis=1, keepdims=True)
    found = metrics(judged(truth, likely, classes))
    predicted = classes[likely.argmax(axis=1)]
    assert found["accuracy"] == close(sk.accuracy_score(truth, predicted))
    assert found["f1_macro"] == close(sk.f1_score(truth, predicted, average="macro", zero_division=0.0))
    assert found["log_loss"] == close(sk.log_loss(truth, likely, labels=classes))
    top = np.array([sorted(range(4), key=lambda code: (-row[code], code))[:3] for row in likely])
    assert found["top_3_accuracy"] == close(np.mean([label in classes[row] for label, row in zip(truth, top)]))  # noqa: B905
    if len(set(truth)) == 4:
        assert found["roc_auc_ovr"] == close(sk.roc_auc_score(truth, likely, multi_class="ovr", labels=classes))
    else:
        assert "roc_auc_ovr" not in found


@given(st.lists(st.tuples(st.integers(-5, 5), st.floats(-10, 10)), min_size=1, max_size=40))
def test_numbers_are_judged_as_scikit_learn_does(rows: list[tuple[int, float]]) -> None:
    truth, predicted = np.array(rows, dtype=float).T
    found = metrics(numbered(truth, predicted))
    assert found["mae"] == close(sk.mean_absolute_error(truth, predicted))
    assert found["rmse"] == close(sk.root_mean_squared_error(truth, predicted))
    assert found["medae"] == close(sk.median_absolute_error(truth, predicted))
    assert found["bias"] == close(np.mean(predicted - truth))
    kept = truth != 0
    if kept.any():
        assert found["mape"] == close(sk.mean_absolute_percentage_error(truth[kept], predicted[kept]))
    else:
        assert "mape" not in found
    if len(set(truth)) > 1:
        assert found["r2"] == pytest.approx(sk.r2_score(truth, predicted), rel=1e-7, abs=1e-9)
        expected = sk.explained_variance_score(truth, predicted)
        assert found["explained_variance"] == pytest.approx(expected, rel=1e-7, abs=1e-9)
    else:
        assert {"r2", "explained_variance"}.isdisjoint(found)


RANKED = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 6)), min_size=1, max_size=60)


@given(RANKED)
def test_rankings_are_judged_as_scikit_learn_does(rows: list[tuple[int, int, int]]) -> None:
    groups, relevance, score = np.array(rows, dtype=float).T
    found = metrics(Outcome("ranking", relevance, score, groups=groups.astype(np.int64)))
    gains, reciprocals = [], []
    for query in np.unique(groups):
        of, said = relevance[groups == query], score[groups == query]
        if not (of > 0).any():
            continue
        gains.append(sk.ndcg_score([of], [said], k=10) if len(of) > 1 else 1.0)
        worst = sorted(zip(-said, of > 0, strict=True))
        reciprocals.append(1 / (1 + [hit for _, hit in worst].index(True)))
    if not gains:
        assert found == {}
        return
    assert found["ndcg@10"] == pytest.approx(np.mean(gains))
    assert found["mrr"] == pytest.approx(np.mean(reciprocals))


def test_the_mean_average_precision_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    groups, relevance = generator.integers(0, 30, 600), generator.integers(0, 2, 600).astype(float)
    score = generator.normal(size=600)
    found = metrics(Outcome("ranking", relevance, score, groups=groups))
    each = [sk.average_precision_score(relevance[groups == q], score[groups == q]) for q in np.unique(groups)]
    assert found["map"] == pytest.approx(np.mean(each))
    flat = metrics(Outcome("ranking", np.array([1.0, 0, 0, 0]), np.zeros(4), groups=np.zeros(4, dtype=np.int64)))
    assert flat["mrr"] == flat["map"] == 0.25


@given(BINARY, st.integers(0, 100))
def test_a_weight_counts_like_a_row_that_comes_again(rows: list[tuple[bool, int]], seed: int) -> None:
    truth, score = np.array([label for label, _ in rows]), np.array([score / 8 for _, score in rows])
    weights = np.random.default_rng(seed).integers(0, 4, len(rows))
    if not weights.sum():
        return
    again = np.repeat(np.arange(len(rows)), weights)
    for outcome in (
        judged(truth, np.column_stack([1 - score, score]), [False, True]),
        numbered(truth, score),
    ):
        weighted = scorer(outcome).compute(weights[np.newaxis].astype(float))
        repeated = metrics(outcome.take(again))
        assert {name for name, values in weighted.items() if np.isfinite(values[0])} == set(repeated)
        for name, value in repeated.items():
            assert weighted[name][0] == pytest.approx(value, rel=1e-7, abs=1e-9), name


def test_better_is_less_of_a_loss() -> None:
    assert gain("rmse", 2.0, 1.0) == gain("accuracy", 1.0, 2.0) == 1.0
    assert gain("bias", -2.0, 1.0) == 1.0
    with pytest.raises(UnknownMetricError, match="No metric 'auc' on these data; there are 'accuracy'"):
        require_metric("auc", ["accuracy"])


# -- intervals ----------------------------------------------------------------------------------------


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(100):
        truth = generator.normal(size=200)
        low, high = intervals(numbered(truth, truth + generator.normal(size=200)), 200, 0)["rmse"]
        held += low <= 1.0 <= high
    assert 88 <= held <= 99


def test_intervals_of_a_mean_are_those_of_its_normal_law() -> None:
    generator = np.random.default_rng(0)
    truth = np.zeros(400)
    predicted = generator.normal(size=400)
    low, high = intervals(numbered(truth, predicted), 4_000, 0)["bias"]
    deviation = predicted.std() / 20
    assert (low, high) == pytest.approx(
        (predicted.mean() - 1.96 * deviation, predicted.mean() + 1.96 * deviation), abs=0.12 * deviation
    )


def test_intervals_of_many_rows_come_from_a_part_and_are_as_narrow() -> None:
    generator = np.random.default_rng(0)
    predicted = generator.normal(size=400_000)
    low, high = intervals(numbered(np.zeros(400_000), predicted), 300, 0)["bias"]
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(400_000), rel=0.2)
    assert low < predicted.mean() < high


def test_intervals_of_rankings_draw_whole_queries() -> None:
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(50), 6)
    outcome = Outcome("ranking", generator.integers(0, 3, 300).astype(float), generator.normal(size=300), groups=groups)
    found = intervals(outcome, 200, 3)
    assert set(found) == {"ndcg@10", "map", "mrr"}
    assert all(low < metrics(outcome)[name] < high for name, (low, high) in found.items())
    assert found == intervals(outcome, 200, 3) != intervals(outcome, 200, 4)


def test_a_metric_that_is_seldom_defined_has_no_interval() -> None:
    truth, likely = [True, *[False] * 9], np.linspace(0.9, 0.1, 10)
    found = intervals(judged(truth, np.column_stack([1 - likely, likely]), [False, True]), 200, 0)
    assert "accuracy" in found
    one = judged([False] * 10, np.column_stack([1 - likely, likely]), [False, True])
    assert "roc_auc" not in intervals(one, 200, 0)


# -- pictures -----------------------------------------------------------------------------------------


@given(BINARY)
def test_the_area_under_the_curve_is_the_metric(rows: list[tuple[bool, int]]) -> None:
    truth, score = np.array([label for label, _ in rows]), np.array([score / 8 for _, score in rows])
    outcome = judged(truth, np.column_stack([1 - score, score]), [False, True])
    curve = roc(outcome)
    if curve is None:
        assert truth.all() or not truth.any()
        return
    assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1], curve.tpr[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve.tpr, curve.fpr) == close(metrics(outcome)["roc_auc"])


def test_a_long_curve_keeps_its_shape_in_101_points() -> None:
    generator = np.random.default_rng(0)
    truth = generator.random(20_000) < 0.3
    score = 1 / (1 + np.exp(-generator.normal(size=20_000) - truth))
    outcome = judged(truth, np.column_stack([1 - score, score]), [False, True])
    curve = roc(outcome)
    assert curve is not None
    assert 50 < len(curve.fpr) <= 101
    assert np.trapezoid(curve.tpr, curve.fpr) == pytest.approx(metrics(outcome)["roc_auc"], abs=0.001)


def test_of_very_many_labels_the_rare_ones_are_one() -> None:
    truth = np.repeat(np.arange(80), np.arange(80) + 1)
    outcome = Outcome("multiclass", truth, truth, None, np.arange(80))
    table = confusion(outcome)
    assert table is not None
    assert table.labels[:2] == ("31", "32")
    assert (table.labels[-1], len(table.labels)) == ("other", 50)
    assert table.counts[-1][-1] == sum(range(1, 32))
    assert np.sum(table.counts) == len(truth)


# -- slices -------------------------------------------------------------------------------------------


def test_slices_part_the_rows() -> None:
    generator = np.random.default_rng(0)
    numbers = np.where(np.arange(100) % 10 == 0, np.nan, generator.normal(size=100))
    for dtype, values in (
        ("float", numbers),
        ("int", np.round(numbers * 100)),
        ("int", np.round(numbers)),
        ("float", np.zeros(100)),
        ("float", np.full(100, np.nan)),
        ("text", Coded.of(["a", None, "b", "c"] * 25)),
        ("datetime", np.datetime64("2026-01-01", "us") + np.arange(100)),
    ):
        rows = np.concatenate([rows for _, rows in plan_slices(dtype, values)])  # type: ignore[arg-type]
        assert sorted(rows.tolist()) == list(range(100)), dtype


def test_numbers_are_sliced_at_their_quartiles() -> None:
    found = plan_slices("float", np.append(np.arange(8.0), np.nan))
    assert [value for value, _ in found] == ["0 – <1.75", "1.75 – <3.5", "3.5 – <5.25", "5.25 – 7", "missing"]
    assert [len(rows) for _, rows in found] == [2, 2, 2, 2, 1]


def test_of_many_texts_the_twenty_most_frequent_are_slices() -> None:
    texts = [f"t{number:02}" for number in range(30) for _ in range(number + 1)]
    found = plan_slices("text", Coded.of([*texts, None]))
    assert [value for value, _ in found] == [*(f"t{number:02}" for number in range(29, 9, -1)), "missing"]


# -- whole pipelines ----------------------------------------------------------------------------------


def test_penguins_by_island_and_year(classifier: Pipeline, penguins: Any) -> None:
    train, test = penguins.iloc[::2], penguins.iloc[1::2]
    classifier.fit(train, "species")
    report = evaluate(classifier, test, "species", slices=["island", "year", "sex", "body_mass_g"], bootstrap=200)
    assert (report.task, report.rows) == ("multiclass", 172)
    assert list(report)[:3] == ["accuracy", "f1_macro", "log_loss"]
    predicted, truth = classifier.predict(test), test["species"].to_numpy()
    assert report["accuracy"] == close(sk.accuracy_score(truth, predicted))
    assert report["roc_auc_ovr"] == close(sk.roc_auc_score(truth, classifier.predict_proba(test), multi_class="ovr"))
    # The year is no column that the pipeline reads.
    assert "year" not in classifier.columns
    assert {each.value for each in report.slices if each.column == "year"} == {"2007", "2008", "2009"}
    for island in ("Biscoe", "Dream", "Torgersen"):
        (found,) = [each for each in report.slices if each.value == island]
        rows = (test["island"] == island).to_numpy()
        assert found.rows == rows.sum()
        assert found.metrics["accuracy"] == close((predicted == truth)[rows].mean())
        # Of three species one or two live there, so no area is defined.
        assert "roc_auc_ovr" not in found.metrics
    assert "missing" in {each.value for each in report.slices if each.column == "sex"}
    low, high = report.intervals["accuracy"]
    assert low <= report["accuracy"] <= high
    assert report.confusion is not None
    assert report.confusion.labels == ("Adelie", "Chinstrap", "Gentoo")
    assert np.array_equal(report.confusion.counts, sk.confusion_matrix(truth, predicted))
    assert report.calibration is report.roc is report.residuals is None


def test_two_species_have_calibration_and_a_curve(classifier: Pipeline, penguins: Any) -> None:
    two = penguins[penguins["species"] != "Gentoo"]
    report = evaluate(classifier.fit(two, "species"), two, two["species"])
    likely, truth = classifier.predict_proba(two)[:, 1], two["species"] == "Chinstrap"
    assert report.task == "binary"
    assert report["roc_auc"] == close(sk.roc_auc_score(truth, likely))
    assert report["recall"] == close(sk.recall_score(truth, classifier.predict(two) == "Chinstrap"))
    assert report.calibration is not None
    assert report.calibration.label == "Chinstrap"
    assert report.calibration.brier == close(sk.brier_score_loss(truth, likely))
    assert sum(each.rows for each in report.calibration.bins) == len(two)
    weighted = sum(abs(each.mean_predicted - each.fraction) * each.rows for each in report.calibration.bins)
    assert report.calibration.ece == close(weighted / len(two))
    assert report.roc is not None


@pytest.fixture
def regressor(penguins: Any) -> tuple[Pipeline, Any]:
    known = penguins[penguins["body_mass_g"].notna()].reset_index(drop=True)
    pipeline = Pipeline(
        numbers=branch("flipper_length_mm", "bill_length_mm").then(impute()).then(scale()),
        words=branch("species").then(one_hot()),
        model=estimate(LinearRegression()),
    )
    return pipeline.fit(known, "body_mass_g"), known


def test_the_mass_of_penguins_is_judged(regressor: tuple[Pipeline, Any]) -> None:
    pipeline, known = regressor
    report = evaluate(pipeline, known, "body_mass_g", slices=["sex"])
    predicted, truth = pipeline.predict(known).astype(float), known["body_mass_g"].to_numpy()
    assert report.task == "regression"
    assert report["r2"] == pytest.approx(sk.r2_score(truth, predicted))
    assert report["mape"] == pytest.approx(sk.mean_absolute_percentage_error(truth, predicted))
    assert report.residuals is not None
    assert sum(report.residuals.counts) == len(known)
    assert report.residuals.edges[0] == pytest.approx((truth - predicted).min())
    assert report.predicted_actual is not None
    assert len(report.predicted_actual.actual) == len(known)
    assert report.confusion is report.calibration is None
    assert len(report.slices) == 3


def test_rows_are_ranked_within_groups(regressor: tuple[Pipeline, Any]) -> None:
    pipeline, known = regressor
    by_name = evaluate(pipeline, known, "body_mass_g", groups="year", bootstrap=20)
    by_values = evaluate(pipeline, known, "body_mass_g", groups=known["year"], bootstrap=20)
    assert by_name.to_json() == by_values.to_json()
    assert (by_name.task, set(by_name)) == ("ranking", {"ndcg@10", "map", "mrr"})
    predicted = pipeline.predict(known).astype(float)
    each = [sk.ndcg_score([part["body_mass_g"]], [predicted[part.index]], k=10) for _, part in known.groupby("year")]
    assert by_name["ndcg@10"] == pytest.approx(np.mean(each))
    with pytest.raises(InvalidTargetError, match="one value for each of 342 rows; there are 2"):
        evaluate(pipeline, known, "body_mass_g", groups=[1, 2])
    with pytest.raises(InvalidTargetError, match="negative"):
        evaluate(pipeline, known, -known["body_mass_g"], groups="year")


def test_the_report_is_a_mapping_and_json(classifier: Pipeline, penguins: Any) -> None:
    report = evaluate(classifier.fit(penguins, "species"), penguins, "species", slices=["island"], bootstrap=50)
    assert dict(report) == report.metrics == report
    assert len(report) == len(list(report))
    data = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert list(data) == [
        *("task", "rows", "metrics", "intervals", "slices"),
        *("confusion", "calibration", "roc", "residuals", "predicted_actual"),
    ]
    assert set(data["slices"][0]) == {"column", "value", "rows", "metrics"}
    assert repr(report).startswith("Evaluation(multiclass, 344 rows: accuracy ")
    assert "accuracy" in report._repr_html_()


def test_a_hostile_label_stays_text() -> None:
    evil = "<script>alert(1)</script>"
    data = {"x": [0.0, 1.0, 2.0, 3.0], evil: [evil, evil, "b", "b"]}
    pipeline = Pipeline(x=branch("x").then(scale()), model=estimate(LogisticRegression()))
    report = evaluate(pipeline.fit(data, evil), data, evil, slices=[evil])
    page = report._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 3


@pytest.mark.parametrize("kind", ["pandas", "polars", "dict", "rows"])
def test_every_kind_of_data_gives_the_same_report(classifier: Pipeline, penguins: Any, kind: str) -> None:
    classifier.fit(penguins, "species")
    expected = evaluate(classifier, penguins, "species", slices=["year", "sex"], bootstrap=10)
    columns = {name: penguins[name].astype(object).where(penguins[name].notna(), None).tolist() for name in penguins}
    data = {
        "pandas": lambda: penguins.sample(frac=1.0, random_state=0).sort_index(),
        "polars": lambda: pl.DataFrame(columns),
        "dict": lambda: columns,
        "rows": lambda: [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    }[kind]()
    assert evaluate(classifier, data, "species", slices=["year", "sex"], bootstrap=10).to_json() == expected.to_json()


def test_labels_that_training_never_saw(classifier: Pipeline, penguins: Any) -> None:
    two = penguins[penguins["species"] != "Gentoo"]
    report = evaluate(classifier.fit(two, "species"), penguins, "species")
    assert (report.task, "log_loss" in report, "roc_auc" in report) == ("multiclass", False, False)
    assert report.confusion is not None
    assert report.confusion.labels == ("Adelie", "Chinstrap", "Gentoo")
    assert report["accuracy"] < 0.7


def test_a_classifier_without_probabilities(penguins: Any) -> None:
    two = penguins[penguins["species"] != "Gentoo"].dropna()
    pipeline = Pipeline(x=branch("bill_length_mm", "bill_depth_mm"), model=estimate(RidgeClassifier()))
    report = evaluate(pipeline.fit(two, "species"), two, "species", bootstrap=10)
    assert set(report) == {"accuracy", "f1_macro", "balanced_accuracy", "precision", "recall", "f1"}
    assert report.roc is report.calibration is None


def test_what_cannot_be_judged_says_why(classifier: Pipeline, penguins: Any) -> None:
    with pytest.raises(NotFittedError):
        evaluate(classifier, penguins, "species")
    classifier.fit(penguins, "species")
    for target in (None, "species"):
        with pytest.raises(InvalidTargetError, match="needs rows and their true values"):
            evaluate(classifier, penguins.iloc[:0] if target else penguins, target)
    with pytest.raises(InvalidTargetError, match="other labels than the classes"):
        evaluate(classifier, penguins, "year")
    with pytest.raises(InvalidTargetError, match="11 missing or infinite values"):
        evaluate(classifier, penguins, "sex")
    with pytest.raises(InvalidTargetError, match="has 3 values for 344 rows"):
        evaluate(classifier, penguins, ["Adelie"] * 3)
    with pytest.raises(InvalidTargetError, match="2 dimensions"):
        evaluate(classifier, penguins, np.zeros((344, 1)))
    with pytest.raises(MissingColumnError, match="'colour' is missing"):
        evaluate(classifier, penguins, "species", slices=["colour"])
    with pytest.raises(MissingColumnError, match="'island' is missing"):
        evaluate(classifier, penguins.drop(columns="island"), "species")
    with pytest.raises(UnsupportedPredictionError, match="leave groups out"):
        evaluate(classifier, penguins, "species", groups="year")
    clusters = Pipeline(x=branch("year"), model=estimate(KMeans(2, random_state=0))).fit(penguins)
    with pytest.raises(UnsupportedPredictionError, match="Only a classifier or a regressor"):
        evaluate(clusters, penguins, "year")
    tree = Pipeline(x=branch("year"), model=estimate(DecisionTreeRegressor())).fit(penguins, [1.5] * 344)
    with pytest.raises(InvalidTargetError, match="predicts numbers, and the target holds text"):
        evaluate(tree, penguins, "species")


def test_times_are_no_target() -> None:
    pipeline = Pipeline(x=branch("x"), model=estimate(LinearRegression())).fit({"x": [1.0, 2.0]}, [1.0, 2.0])
    with pytest.raises(InvalidTargetError, match="holds times"):
        evaluate(pipeline, {"x": [1.0]}, pd.Series(pd.to_datetime(["2026-01-01"])))


def test_the_examples_in_the_docstrings_run() -> None:
    names = [
        f"redspot.pipeline.evaluation.{module.name}" for module in iter_modules(redspot.pipeline.evaluation.__path__)
    ]
    results = [doctest.testmod(import_module(name)) for name in names]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) >= 2


def test_importing_evaluation_imports_numpy_only() -> None:
    program = (
        "import redspot.pipeline.evaluation, redspot.pipeline.importance, redspot.pipeline.validating, sys\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"numpy", "sklearn", "pandas", "polars", "narwhals", "scipy", "optuna"} & set(done.stdout.split()) == {
        "numpy"
    }
