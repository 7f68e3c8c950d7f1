"""Folds, cross-validation and search, against scikit-learn and on real penguins."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

from redspot.errors import MissingExtraError
from redspot.pipeline import Pipeline, branch, estimate, impute, scale
from redspot.pipeline.errors import (
    InvalidSearchError,
    InvalidStepError,
    InvalidTargetError,
    SearchFailedError,
    StepNotFoundError,
    UnknownMetricError,
)
from redspot.pipeline.folds import plan_folds
from redspot.pipeline.rows import take
from redspot.pipeline.searching import Trial, search
from redspot.pipeline.space import choice, integers, log_uniform, uniform
from redspot.pipeline.validating import cross_validate


class Kept:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.trials: list[Mapping[str, Any]] = []

    def record(self, trial: Mapping[str, Any]) -> None:
        json.dumps(trial, allow_nan=False)
        self.trials.append(trial)


# -- rows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pandas", "polars", "dict", "rows"])
def test_rows_are_taken_in_order_and_kind(penguins: Any, kind: str) -> None:
    columns = {name: penguins[name].astype(object).where(penguins[name].notna(), None).tolist() for name in penguins}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    data: Any = {"pandas": penguins, "polars": pl.DataFrame(columns), "dict": columns, "rows": rows}[kind]
    taken = take(data, np.array([5, 0, 5]))
    assert type(taken) is type(data)
    years = [row["year"] for row in taken] if kind == "rows" else list(taken["year"])
    islands = [row["bill_length_mm"] for row in taken] if kind == "rows" else list(taken["bill_length_mm"])
    assert years == [2007] * 3
    assert islands == [39.3, 39.1, 39.3]
    if kind != "rows":
        assert len(take(data["species"], np.array([], dtype=np.intp))) == 0


# -- folds --------------------------------------------------------------------------------------------


@given(st.integers(2, 6), st.lists(st.integers(0, 3), min_size=6, max_size=60), st.integers(0, 9))
def test_folds_part_the_rows_evenly_and_so_their_labels(folds: int, labels: list[int], seed: int) -> None:
    strata = np.array(labels)
    planned = plan_folds(len(labels), folds, seed, strata=strata)
    assert sorted(np.concatenate(planned).tolist()) == list(range(len(labels)))
    sizes = [len(fold) for fold in planned]
    assert max(sizes) - min(sizes) <= 1
    for label in set(labels):
        counts = [int((strata[fold] == label).sum()) for fold in planned]
        assert max(counts) - min(counts) <= 1
    again = plan_folds(len(labels), folds, seed, strata=strata)
    assert all(np.array_equal(one, other) for one, other in zip(planned, again, strict=True))


@given(st.integers(2, 4), st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=60))
def test_groups_stay_together(folds: int, rows: list[tuple[int, bool]]) -> None:
    groups, labels = np.array([group for group, _ in rows]), np.array([label for _, label in rows])
    if len(set(groups.tolist())) < folds:
        with pytest.raises(InvalidSearchError, match=f"{folds} folds of {len(set(groups.tolist()))} groups"):
            plan_folds(len(rows), folds, 0, groups=groups)
        return
    planned = plan_folds(len(rows), folds, 0, groups=groups, strata=labels)
    assert sorted(np.concatenate(planned).tolist()) == list(range(len(rows)))
    assert all(len(fold) for fold in planned)
    owners = Counter(group for fold in planned for group in set(groups[fold].tolist()))
    assert set(owners.values()) == {1}


def test_folds_of_groups_have_about_the_same_labels() -> None:
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 10)
    labels = generator.random(600) < np.repeat(generator.random(60), 10)
    planned = plan_folds(600, 5, 0, groups=groups, strata=labels)
    shares = [labels[fold].mean() for fold in planned]
    # Dealt blindly, the shares of five folds of twelve groups would differ by about 0.2.
    assert max(shares) - min(shares) < 0.1
    assert max(map(len, planned)) - min(map(len, planned)) <= 20


@pytest.mark.parametrize("folds", [0, 1, 6])
def test_folds_that_cannot_be_made(folds: int) -> None:
    with pytest.raises(InvalidSearchError, match=f"{folds} folds of 5 rows cannot be made; give 2 to 5"):
        plan_folds(5, folds, 0)


# -- cross-validation ---------------------------------------------------------------------------------


def test_each_fold_is_what_scikit_learn_gets_on_it(classifier: Pipeline, penguins: Any) -> None:
    kept = Kept()
    result = cross_validate(classifier, penguins, "species", folds=4, seed=3, recorder=kept)
    species = penguins["species"].to_numpy()
    parts = plan_folds(344, 4, 3, strata=species)
    splits = [(np.setdiff1d(np.arange(344), test), test) for test in parts]
    scores = cross_val_score(clone(classifier), penguins, species, cv=splits)
    assert [fold["accuracy"] for fold in result.folds] == pytest.approx(scores.tolist())
    assert result["accuracy"] == pytest.approx(scores.mean())
    assert result.std["accuracy"] == pytest.approx(scores.std())
    assert not classifier.is_fitted
    assert [trial["number"] for trial in kept.trials] == [0, 1, 2, 3]
    assert kept.trials[0]["metrics"] == dict(result.folds[0])
    assert kept.trials[0]["kind"] == "fold"
    assert json.loads(json.dumps(result.to_json()))["mean"] == result.mean
    assert repr(result).startswith("CrossValidation(4 folds: accuracy 0.9")
    assert "fold 4" in result._repr_html_()


@pytest.mark.parametrize("kind", ["polars", "dict", "rows"])
def test_every_kind_of_data_is_parted_alike(classifier: Pipeline, penguins: Any, kind: str) -> None:
    columns = {name: penguins[name].astype(object).where(penguins[name].notna(), None).tolist() for name in penguins}
    target = columns.pop("species")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    rows = [{name: row[name] for name in classifier.columns} for row in rows]
    data: Any = {"polars": pl.DataFrame(columns), "dict": columns, "rows": rows}[kind]
    expected = cross_validate(classifier, penguins, "species", folds=3)
    assert cross_validate(classifier, data, target, folds=3).mean == pytest.approx(expected.mean)


def test_a_metric_that_a_fold_lacks_has_no_mean(penguins: Any) -> None:
    known = penguins.dropna().sort_values("species").reset_index(drop=True)
    pipeline = Pipeline(x=branch("bill_length_mm", "bill_depth_mm").then(scale()), model=estimate(LogisticRegression()))
    # Each island is a fold, and on some islands only some species live.
    result = cross_validate(pipeline, known, "species", folds=3, groups="island")
    assert "accuracy" in result
    assert "roc_auc_ovr" not in result
    assert [fold.rows for fold in result.folds] == sorted(
        [int((known["island"] == island).sum()) for island in set(known["island"])],
        key=lambda rows: [fold.rows for fold in result.folds].index(rows),
    )


def test_numbers_are_not_stratified_and_can_be_ranked(penguins: Any) -> None:
    known = penguins.dropna().reset_index(drop=True)
    pipeline = Pipeline(x=branch("flipper_length_mm").then(scale()), model=estimate(LinearRegression()))
    assert cross_validate(pipeline, known, "body_mass_g", folds=3)["r2"] > 0.7
    ranked = cross_validate(pipeline, known, "body_mass_g", folds=3, groups="year", ranking=True)
    assert set(ranked) == {"ndcg@10", "map", "mrr"}


# -- spaces -------------------------------------------------------------------------------------------


@given(st.integers(0, 1000))
def test_what_is_drawn_lies_within_bounds(seed: int) -> None:
    generator = np.random.default_rng(seed)
    assert 1e-3 <= log_uniform(1e-3, 1e3).draw(generator) <= 1e3  # type: ignore[operator]
    assert -2 <= uniform(-2, 5).draw(generator) <= 5  # type: ignore[operator]
    assert integers(1, 3).draw(generator) in (1, 2, 3)
    assert choice("a", None).value(choice("a", None).draw(generator)) in ("a", None)


def test_each_power_of_ten_is_equally_likely() -> None:
    generator = np.random.default_rng(0)
    drawn = np.array([log_uniform(1e-3, 1e3).draw(generator) for _ in range(6_000)])
    counts, _ = np.histogram(np.log10(drawn.astype(float)), bins=6, range=(-3, 3))
    assert counts.min() > 850


@pytest.mark.parametrize(
    "make",
    [
        lambda: uniform(1, 1),
        lambda: uniform(0, float("inf")),
        lambda: log_uniform(0, 1),
        lambda: integers(3, 2),
        lambda: choice(),
    ],
)
def test_a_space_without_room_is_refused(make: Any) -> None:
    with pytest.raises(InvalidSearchError):
        make()


# -- search -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["random", "optuna"])
def test_a_search_finds_what_trying_out_would(classifier: Pipeline, penguins: Any, engine: Any) -> None:
    kept, seen = Kept(), list[Trial]()
    space = {"model__C": log_uniform(1e-4, 1e3), "numbers_impute__strategy": choice("mean", "median")}
    found = search(
        classifier, space, penguins, "species", trials=6, metric="log_loss", engine=engine, recorder=kept,
        progress=seen.append,
    )  # fmt: skip
    assert len(found.trials) == 6
    assert found.best_value == min(trial.value for trial in found.trials if trial.value is not None)
    again = cross_validate(classifier.clone().set_params(**found.best_params), penguins, "species", folds=3)
    assert found.best_value == pytest.approx(again["log_loss"])
    assert found.best_pipeline.is_fitted
    assert found.best_pipeline.get_params()["model__C"] == found.best_params["model__C"]
    assert found.best_pipeline.evaluate(penguins, "species")["accuracy"] > 0.9
    assert not classifier.is_fitted
    assert tuple(seen) == found.trials
    assert [trial["params"] for trial in kept.trials] == [dict(trial.params) for trial in found.trials]
    second = search(classifier, space, penguins, "species", trials=6, metric="log_loss", engine=engine)
    assert [trial.params for trial in second.trials] == [trial.params for trial in found.trials]
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["best"] == found.best.number
    assert repr(found).startswith("Search(6 trials: best log_loss 0.")
    assert "6 trials, the best first" in found._repr_html_()


def test_optuna_learns_from_its_trials() -> None:
    generator = np.random.default_rng(0)
    data = {"x": generator.normal(size=200)}
    target = data["x"] + generator.normal(size=200)
    pipeline = Pipeline(x=branch("x").then(scale()), model=estimate(Ridge()))
    space = {"model__alpha": log_uniform(1e-2, 1e6)}
    found = search(pipeline, space, data, target, trials=40, engine="optuna")
    late = [trial.params["model__alpha"] for trial in found.trials[20:]]
    # Drawn blindly, half of the numbers would lie above a hundred, where the fit is bad.
    assert sum(alpha < 1_000 for alpha in late) > 14


def test_a_small_space_is_tried_out_once_each(penguins: Any) -> None:
    pipeline = Pipeline(x=branch("body_mass_g").then(impute()), model=estimate(DecisionTreeClassifier(random_state=0)))
    space = {"model__max_depth": integers(1, 3), "impute__strategy": choice("mean", "median")}
    found = search(pipeline, space, penguins, "species", trials=50)
    assert len(found.trials) == 6
    assert len({tuple(trial.params.items()) for trial in found.trials}) == 6
    assert found.metric == "accuracy"


def test_steps_and_estimators_can_be_chosen(penguins: Any) -> None:
    pipeline = Pipeline(x=branch("body_mass_g").then(impute()), model=estimate(LogisticRegression()))
    models = choice(estimate(LogisticRegression()), estimate(DecisionTreeClassifier(random_state=0)))
    kept = Kept()
    found = search(pipeline, {"model": models}, penguins, "species", trials=4, engine="optuna", recorder=kept)
    names = {type(trial.params["model"].estimator).__name__ for trial in found.trials}
    assert names <= {"LogisticRegression", "DecisionTreeClassifier"}
    assert isinstance(kept.trials[0]["params"]["model"], str)


@pytest.mark.parametrize("engine", ["random", "optuna"])
def test_a_trial_that_fails_is_kept_and_the_search_goes_on(penguins: Any, engine: Any) -> None:
    pipeline = Pipeline(x=branch("body_mass_g").then(impute()), model=estimate(LogisticRegression()))
    found = search(pipeline, {"model__C": choice(-1.0, 1.0)}, penguins, "species", trials=8, engine=engine)
    failed = [trial for trial in found.trials if trial.state == "failed"]
    assert failed
    assert all("could not learn" in str(trial.error) for trial in failed)
    assert found.best_params == {"model__C": 1.0}
    assert "failed" in found._repr_html_()
    with pytest.raises(SearchFailedError, match="All 1 trials failed, the last one so: LogisticRegression could not"):
        search(pipeline, {"model__C": choice(-1.0)}, penguins, "species")


def test_what_cannot_be_searched_says_why(classifier: Pipeline, penguins: Any) -> None:
    space = {"model__C": uniform(0.1, 1.0)}
    with pytest.raises(InvalidSearchError, match="a space of one parameter or more"):
        search(classifier, {}, penguins, "species")
    with pytest.raises(InvalidSearchError, match="model__C is searched in uniform"):
        search(classifier, {"model__C": [1, 2]}, penguins, "species")  # type: ignore[dict-item]
    with pytest.raises(StepNotFoundError, match="No step 'modle'"):
        search(classifier, {"modle__C": uniform(0.1, 1.0)}, penguins, "species")
    with pytest.raises(InvalidStepError, match="gamma"):
        search(classifier, {"model__gamma": uniform(0.1, 1.0)}, penguins, "species")
    with pytest.raises(InvalidSearchError, match="No engine 'grid'"):
        search(classifier, space, penguins, "species", engine="grid")  # type: ignore[arg-type]
    with pytest.raises(UnknownMetricError, match="No metric 'r2'"):
        search(classifier, space, penguins, "species", metric="r2")
    with pytest.raises(InvalidTargetError, match="11 missing"):
        search(classifier, space, penguins, "sex")
    with pytest.raises(InvalidSearchError, match="1 folds of 344 rows"):
        search(classifier, space, penguins, "species", folds=1)


def test_without_optuna_the_extra_is_named(
    classifier: Pipeline, penguins: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"install redspot\[search\]") as caught:
        search(classifier, {"model__C": uniform(0.1, 1.0)}, penguins, "species", engine="optuna")
    assert caught.value.facts == {"extra": "search"}
