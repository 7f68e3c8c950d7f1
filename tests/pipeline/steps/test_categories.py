"""Steps on categories."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import OrdinalEncoder, TargetEncoder

from redspot.pipeline import (
    Pipeline,
    branch,
    count_encode,
    estimate,
    hash_category,
    one_hot,
    ordinal,
    select,
    target_encode,
)
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError, InvalidTargetError
from redspot.pipeline.steps.hashing import bucket_of
from tests.pipeline.steps.agreement import FEW, assert_agrees, fitted, outcome

words = st.one_of(st.none(), st.text(max_size=3), st.sampled_from(["a", "b", "ü", "日本", "x=y", "'"]))
numbers = st.one_of(st.none(), st.floats(-3, 3), st.sampled_from([0.0, -0.0, 2.0, 10.0]))
rows = st.lists(st.tuples(words, numbers, st.one_of(st.none(), st.booleans())), min_size=1, max_size=10)

TRAINING = {
    "word": ["a", "b", None, "b", "ü", "日本"],
    "number": [2.0, 10.0, 2.0, None, 0.0, 9.0],
    "truth": [True, False, None, True, True, True],
}
CLASSES = ["no", "yes", "perhaps", "yes", "no", "yes"]
GENERATOR = np.random.default_rng(1)

STEPS: list[Any] = [
    one_hot(min_support=2),
    one_hot(max_categories=1),
    ordinal(),
    ordinal("frequency", max_categories=2),
    ordinal("given", categories=["b", "True", "2", "a"]),
    count_encode(),
    count_encode("share"),
    target_encode(),
    target_encode(smooth=1.5),
    hash_category(3),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.kind}-{list(step.params().values())}")
@pytest.mark.parametrize("target", [CLASSES, [True, False, True, True, False, False], [1.0, 2.5, -3.0, 4.0, 0.0, 9.0]])
@FEW
@given(later=rows)
def test_one_row_is_as_many_rows(step: Any, target: Any, later: list[tuple[Any, ...]]) -> None:
    columns = dict(zip(TRAINING, map(list, zip(*later, strict=True)), strict=True))
    assert_agrees(step, TRAINING, columns, target)


@pytest.mark.parametrize("step", [ordinal(), count_encode(), hash_category(3)])
def test_names_are_known_before_fitting(step: Any) -> None:
    assert step.names(tuple(TRAINING)) == tuple(outcome(step, TRAINING))


def test_places_are_those_of_scikit_learn() -> None:
    letters = GENERATOR.choice(list("abcdefg"), 200)
    counts = GENERATOR.integers(0, 12, 200).astype(np.float64)
    reference = OrdinalEncoder().fit_transform(np.stack([letters.astype(object), counts], axis=1))
    made = outcome(ordinal(), {"letter": letters, "count": counts})
    assert np.stack(list(made.values()), axis=1).tolist() == reference.tolist()


def test_places_have_buckets_for_other_and_missing() -> None:
    data = {"x": ["c", "a", "a", "b", "b", "b", None]}
    later = {"x": ["a", "b", "c", "zebra", None]}
    assert outcome(ordinal(), data, later)["x"] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert outcome(ordinal("frequency"), data, later)["x"] == [1.0, 0.0, 2.0, 3.0, 4.0]
    assert outcome(ordinal(min_support=2), data, later)["x"] == [0.0, 1.0, 2.0, 2.0, 3.0]
    assert outcome(ordinal(max_categories=1), data, later)["x"] == [1.0, 0.0, 1.0, 1.0, 2.0]


def test_counts_are_of_training_rows() -> None:
    data = {"x": ["a", "a", None, "b"]}
    assert outcome(count_encode(), data, {"x": ["a", "b", "z", None]})["x"] == [2.0, 1.0, 0.0, 1.0]
    assert outcome(count_encode("share"), data, {"x": ["a", "z"]})["x"] == [0.5, 0.0]


@pytest.mark.parametrize("smooth", ["auto", 0.0, 3.5])
@pytest.mark.parametrize("kind", ["continuous", "binary", "multiclass"])
def test_target_means_are_those_of_scikit_learn(smooth: Any, kind: Any) -> None:
    data = {"x": GENERATOR.choice(list("abcdefgh"), 300), "y": GENERATOR.choice(list("pqr"), 300)}
    effect = np.char.equal(data["x"], "a") + GENERATOR.normal(size=300)
    labels = np.digitize(effect, {"binary": [0.5], "multiclass": [0.0, 0.9]}.get(kind, [0.0]))
    target = effect if kind == "continuous" else np.array(["no", "perhaps", "yes"])[labels]
    matrix = np.stack(list(data.values()), axis=1).astype(object)
    reference = TargetEncoder(smooth=smooth, target_type=kind, random_state=0).fit(matrix, target)
    later = np.vstack([matrix[:50], [["zebra", "p"], ["a", "zebra"]]])
    made = outcome(target_encode(smooth=smooth), data, {"x": later[:, 0], "y": later[:, 1]}, target)
    assert np.stack(list(made.values()), axis=1) == pytest.approx(reference.transform(later), rel=1e-9)


def test_a_training_row_is_not_encoded_by_its_own_target() -> None:
    # A key that is different in every row says nothing, though its mean would be the target itself.
    keys, target = [f"k{index}" for index in range(60)], [float(index % 7) for index in range(60)]
    step = target_encode(smooth=0)
    pipeline = Pipeline(x=branch("key").then(step).then(select("key"), name="seen"))
    pipeline.fit({"key": keys}, target)
    state, table = step.fit_apply(*_inputs(keys, target))
    own = table["key"].floats()
    assert np.abs(own - np.mean(target)).max() < 0.5
    assert pipeline.transform({"key": keys})["key"].tolist() == target
    again = step.fit_apply(*_inputs(keys, target))[1]["key"].floats()
    other = step.with_params({"seed": 1}).fit_apply(*_inputs(keys, target))[1]["key"].floats()
    assert own.tolist() == again.tolist() != other.tolist()
    assert state["priors"].tolist() == [np.mean(target)]


def test_a_model_behind_it_learns_nothing_from_a_key() -> None:
    keys, target = [f"k{index}" for index in range(60)], [float(index % 7) for index in range(60)]
    model = estimate(LinearRegression())
    pipeline = Pipeline(x=branch("key").then(target_encode(smooth=0)), model=model).fit({"key": keys}, target)
    # With means of all rows it would be the target itself, every time.
    assert np.abs(pipeline.predict({"key": keys}) - target).mean() > 1.0


def _inputs(keys: list[str], target: list[float]) -> Any:
    from redspot.pipeline.frame import Frame
    from redspot.pipeline.node import Target

    return Frame.of({"key": keys}).table({"key": "text"}), Target(np.array(target))


def test_target_means_of_few_rows() -> None:
    assert outcome(target_encode(), {"x": ["a"]}, {"x": ["a", None]}, [3.0])["x"] == [3.0, 3.0]
    assert outcome(target_encode(), {"x": [None, None]}, {"x": [5.0, None]}, [1.0, 3.0])["x"] == [2.0, 2.0]
    assert outcome(target_encode(), {"x": ["a", "b"]}, target=["same", "same"])["x"] == [1.0, 1.0]
    with pytest.raises(InvalidTargetError, match="target_encode needs a target"):
        fitted(target_encode(), {"x": ["a"]})
    with pytest.raises(InvalidTargetError, match="task 'regression' needs numbers"):
        fitted(target_encode(task="regression"), {"x": ["a"]}, ["a"])


def test_a_hash_is_the_same_in_every_process() -> None:
    program = "from redspot.pipeline.steps.hashing import bucket_of; print(bucket_of('Zoë', 1000))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) == bucket_of("Zoë", 1000) == 378


def test_a_model_reads_all_of_them() -> None:
    data = {"word": ["a", "b", "c", "a", None, "b"] * 5}
    target = ["no", "yes", "yes", "no", "no", "yes"] * 5
    for step in STEPS:
        if step.kind == "target_encode" or step.params().get("order") != "given":
            pipeline = Pipeline(x=branch("word").then(step), model=estimate(LogisticRegression())).fit(data, target)
            likely = pipeline.predict_proba(data)
            for index, word in enumerate(data["word"][:6]):
                answer = pipeline.predict_one({"word": word})
                assert list(answer["probabilities"].values()) == pytest.approx(likely[index].tolist(), rel=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ordinal("size"), "order is one of 'sorted', 'frequency', 'given', not 'size'"),
        (lambda: ordinal("given"), "categories go with order 'given'"),
        (lambda: ordinal(categories=["a"]), "categories go with order 'given'"),
        (lambda: ordinal("given", categories=["a", "a"]), "each once"),
        (lambda: ordinal("given", categories=["a"], min_support=2), "do not go with order 'given'"),
        (lambda: ordinal(min_support=0), "min_support is a whole number, 1 or more"),
        (lambda: ordinal(max_categories=1.5), "max_categories is a whole number, 1 or more"),
        (lambda: count_encode("log"), "measure is one of"),
        (lambda: target_encode(smooth="much"), "smooth is 'auto' or a number"),
        (lambda: target_encode(smooth=-1), "smooth is a number, 0 or more"),
        (lambda: target_encode(folds=1), "folds is a whole number, 2 or more"),
        (lambda: target_encode(task="ranking"), "task is one of"),
        (lambda: hash_category(1), "buckets is a whole number from 2 to 262144"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        make()


@pytest.mark.parametrize("step", STEPS)
def test_times_are_no_categories(step: Any) -> None:
    with pytest.raises(ColumnTypeError, match="cannot read column 'x', which holds datetime"):
        fitted(step, {"x": np.array(["2026-01-01"], dtype="datetime64[us]")}, [1.0])
