"""Steps on lists."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MultiLabelBinarizer

from redspot.pipeline import Pipeline, branch, estimate, list_contains, list_count, loads, multi_hot, parse_list
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError
from tests.pipeline.steps.agreement import FEW, assert_agrees, fitted, outcome

items = st.one_of(st.sampled_from(["Wifi", "Kitchen", "ü", ""]), st.integers(-2, 2), st.floats(-2, 2), st.booleans())
lists = st.lists(st.one_of(st.none(), st.lists(items, max_size=5)), min_size=1, max_size=10)
texts = st.one_of(
    st.none(),
    st.lists(items, max_size=4).map(json.dumps),
    st.sampled_from(["", "[", "[1, [2]]", "[null]", "{}", "[NaN]", "[1e999]", '"a"', "[" * 20_000, "['a']"]),
)
TRAINING: dict[str, Any] = {"a": [["Wifi", "Kitchen"], None, [], ["Wifi", 2, 2.0, "Wifi"], [True]]}

STEPS: list[Any] = [
    multi_hot(),
    multi_hot(max_categories=2, other=False),
    multi_hot(min_support=2),
    list_count(),
    list_contains("Wifi", "2", "True"),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.kind}-{list(step.params().values())}")
@FEW
@given(later=lists)
def test_one_row_is_as_many_rows(step: Any, later: list[list[Any] | None]) -> None:
    assert_agrees(step, TRAINING, {"a": later})


@FEW
@given(later=st.lists(texts, min_size=1, max_size=10))
def test_one_text_is_as_many_texts(later: list[str | None]) -> None:
    assert_agrees(parse_list(), {"a": ['["Wifi"]', None]}, {"a": later})


def test_lists_are_read_from_json() -> None:
    read = outcome(parse_list(), {"x": ['["a", 1, 1.5, true]', "[null]", "[[1]]", "no", "[]", None]})["x"]
    assert read == [["a", 1, 1.5, True], None, None, None, [], None]
    assert outcome(parse_list(), {"x": [["a"], None]})["x"] == [["a"], None]
    with pytest.raises(ColumnTypeError, match="Row 1: Column 'x' has 'no', which is no JSON list") as raised:
        outcome(parse_list(invalid="error"), {"x": ["[]", "no"]})
    assert raised.value.facts == {"column": "x", "row": 1}


def test_items_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    drawn = [list(generator.choice(list("abcdefg"), size)) for size in generator.integers(0, 6, 100)]
    reference = MultiLabelBinarizer()
    expected = reference.fit_transform(drawn)
    made = outcome(multi_hot(), {"x": drawn})
    assert list(made) == [*(f"x={each}" for each in reference.classes_), "x is other", "x is missing"]
    assert np.stack(list(made.values()), axis=1).tolist() == np.pad(expected, ((0, 0), (0, 2))).tolist()


def test_items_may_be_other_and_lists_missing() -> None:
    made = outcome(multi_hot(min_support=2), TRAINING, {"a": [["Wifi", "Sauna"], [], None]})
    assert made == {"a=Wifi": [1.0, 0.0, 0.0], "a is other": [1.0, 0.0, 0.0], "a is missing": [0.0, 0.0, 1.0]}
    assert list(outcome(multi_hot(max_categories=1, other=False), TRAINING)) == ["a=Wifi", "a is missing"]


def test_a_model_reads_amenities() -> None:
    data = {"amenities": ['["Wifi", "Kitchen"]', '["Wifi"]', "[]", None, '["Kitchen", "Sauna"]'] * 6}
    target = [True, True, False, False, True] * 6
    pipeline = Pipeline(
        has=branch("amenities").then(parse_list()).then(multi_hot()), model=estimate(LogisticRegression())
    ).fit(data, target)
    likely = pipeline.predict_proba(data)
    for each in (pipeline, loads(pipeline.dumps())):
        for index, text in enumerate(data["amenities"][:5]):
            answer = each.predict_one({"amenities": text})
            assert list(answer["probabilities"].values()) == pytest.approx(likely[index].tolist(), rel=1e-12)


@pytest.mark.parametrize("step", [list_count(), list_contains("a"), parse_list()])
def test_names_are_known_before_fitting(step: Any) -> None:
    assert step.names(("x", "y")) == tuple(outcome(step, {"x": [["a"]], "y": [[]]}))


@pytest.mark.parametrize("step", STEPS)
def test_text_is_no_list(step: Any) -> None:
    with pytest.raises(ColumnTypeError, match=f"{step.kind} cannot read column 'x', which holds text; it reads list"):
        fitted(step, {"x": ["[]"]})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: parse_list(invalid="skip"), "invalid is one of"),
        (lambda: multi_hot(min_support=0), "min_support is a whole number, 1 or more"),
        (lambda: multi_hot(max_categories=0), "max_categories is a whole number, 1 or more"),
        (lambda: list_contains(), "items are one or more texts"),
        (lambda: list_contains("a", "a"), "each once"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        make()
