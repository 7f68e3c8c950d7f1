"""Each step on its own: what it learns, what it gives, what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, parse_number, scale, select, step
from redspot.pipeline.errors import (
    ColumnTypeError,
    InvalidPipelineError,
    InvalidStepError,
    MissingValueError,
    UnknownColumnError,
)
from redspot.pipeline.node import Step
from redspot.pipeline.steps.parsing import parse_written


def outcome(
    made: Step, data: dict[str, list[object]], later: dict[str, list[object]] | None = None
) -> dict[str, list[object]]:
    """Fit one step and return its columns for other data, or for the same."""
    pipeline = Pipeline(part=branch(*data).then(made)).fit(data)
    return {name: values.tolist() for name, values in pipeline.transform(later or data).items()}


@pytest.mark.parametrize(("strategy", "expected"), [("mean", 4.0), ("median", 2.0), ("most_frequent", 1.0)])
def test_impute_fills_numbers(strategy: str, expected: float) -> None:
    data: dict[str, list[object]] = {"x": [1.0, 1.0, None, 2.0, 13.0 - 1.0, float("nan"), 4.0]}
    filled = outcome(impute(strategy), data)["x"]  # type: ignore[arg-type]
    assert filled[2] == filled[5] == expected
    assert filled[:2] == [1.0, 1.0]


def test_impute_fills_text_and_ties_go_to_the_smaller() -> None:
    assert outcome(impute("most_frequent"), {"x": ["b", "a", None, "b", "a"]})["x"][2] == "a"
    assert outcome(impute("constant", "?"), {"x": ["b", None]})["x"] == ["b", "?"]
    assert outcome(impute("constant", 7), {"x": [1, None]})["x"] == [1.0, 7.0]


def test_impute_says_which_column_it_cannot_learn_from() -> None:
    with pytest.raises(MissingValueError, match="Column 'x' has no value to learn a median from"):
        outcome(impute(), {"x": [None, None]})
    with pytest.raises(ColumnTypeError, match="Column 'x' holds text, and a number is needed"):
        outcome(impute("mean"), {"x": ["a", None]})
    with pytest.raises(ColumnTypeError, match="Column 'x' is text; fill it with text"):
        outcome(impute("constant", 1.0), {"x": ["a", None]})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: impute("mode"), r"strategy is one of 'mean', 'median', 'most_frequent', 'constant', not 'mode'"),
        (lambda: impute("constant"), "needs a value"),
        (lambda: impute("mean", 3.0), "a value goes with strategy 'constant'"),
        (lambda: one_hot(max_categories=0), "max_categories is 1 or more"),
        (lambda: one_hot(min_support=0), "min_support is 1 or more"),
        (lambda: parse_number(percent="half"), "percent is one of"),  # type: ignore[arg-type]
        (lambda: select(), "name one or more columns"),
        (lambda: select("a", "a"), "each once"),
        (lambda: estimate(PCA), r"give an instance, PCA\(\)"),
        (lambda: estimate("x"), "no scikit-learn estimator"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidStepError, match=message):
        make()


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=2, max_size=30))
def test_scale_gives_mean_zero_and_spread_one_and_keeps_gaps(values: list[float | None]) -> None:
    scaled = np.array(outcome(scale(), {"x": list(values)})["x"])
    gaps = np.array([value is None for value in values])
    assert np.array_equal(np.isnan(scaled), gaps)
    known = scaled[~gaps]
    if len(known):
        assert abs(known.mean()) < 1e-6
        assert known.std() == pytest.approx(1.0, abs=1e-6) or np.ptp(known) < 1e-6


def test_scale_leaves_a_constant_column_at_zero() -> None:
    assert outcome(scale(), {"x": [0.1] * 10})["x"] == pytest.approx([0.0] * 10)


def test_one_hot_has_buckets_for_other_and_missing() -> None:
    encoded = outcome(one_hot(), {"x": ["b", "a", "b"]}, {"x": ["a", "zebra", None, "b"]})
    assert encoded == {
        "x=a": [1.0, 0.0, 0.0, 0.0],
        "x=b": [0.0, 0.0, 0.0, 1.0],
        "x is other": [0.0, 1.0, 0.0, 0.0],
        "x is missing": [0.0, 0.0, 1.0, 0.0],
    }


def test_one_hot_reads_truth_and_whole_numbers() -> None:
    assert list(outcome(one_hot(), {"x": [True, False, None]})) == ["x=False", "x=True", "x is other", "x is missing"]
    assert list(outcome(one_hot(), {"x": [3, 10, 3]}))[:2] == ["x=10", "x=3"]


def test_one_hot_keeps_the_most_frequent() -> None:
    data: dict[str, list[object]] = {"x": ["a", "b", "b", "c", "c", "d"]}
    assert next(iter(outcome(one_hot(max_categories=1), data))) == "x=b"
    assert [name for name in outcome(one_hot(min_support=2), data) if "=" in name] == ["x=b", "x=c"]


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=1, max_size=20))
def test_each_row_has_exactly_one_bucket(values: list[str | None]) -> None:
    encoded = outcome(one_hot(), {"x": list(values)})
    assert np.sum(list(encoded.values()), axis=0).tolist() == [1.0] * len(values)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,234.00", 1234.0),
        ("95%", 0.95),
        (" 7 ", 7.0),
        ("-3.5", -3.5),
        ("−3.5", -3.5),
        ("-$5", -5.0),
        ("$-5", -5.0),
        ("(1,000)", -1000.0),
        ("€ 12", 12.0),
        ("12 €", 12.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("5.", 5.0),
        ("1,234,567", 1234567.0),
    ],
)
def test_numbers_written_for_people(text: str, number: float) -> None:
    assert parse_written(text) == pytest.approx(number)


@pytest.mark.parametrize(
    "text", ["", "abc", "1,2", "1.2.3", "--1", "-$-1", "1 bath", "1e9999x", "$", "%", "1,23,456", "٣"]
)
def test_other_text_is_no_number(text: str) -> None:
    assert parse_written(text) is None


@given(st.floats(-1e12, 1e12).map(lambda value: round(value, 2)))
def test_a_formatted_number_is_read_back(number: float) -> None:
    assert parse_written(f"{number:,.2f}") == pytest.approx(number, abs=1e-9)
    assert parse_written(f"{number:.2f}%", percent="number") == pytest.approx(number, abs=1e-9)


def test_parse_number_makes_invalid_text_missing_or_an_error() -> None:
    parsed = outcome(parse_number(), {"x": ["$5.00", "none", None], "y": [1, 2, 3]})
    assert parsed["x"][0] == 5.0
    assert [math.isnan(value) for value in parsed["x"]] == [False, True, True]  # type: ignore[arg-type]
    assert parsed["y"] == [1.0, 2.0, 3.0]
    with pytest.raises(ColumnTypeError, match="Column 'x' has 'none', which is no number"):
        outcome(parse_number(invalid="error"), {"x": ["$5.00", "none"]})


def test_a_number_beyond_a_float_is_infinite_and_refused_by_an_estimator() -> None:
    pipeline = Pipeline(x=branch("x").then(parse_number()), pca=estimate(PCA(1)))
    with pytest.raises(MissingValueError, match="missing or infinite"):
        pipeline.fit({"x": ["1e999", "1", "2"]})


def test_select_keeps_the_named_columns_in_that_order() -> None:
    assert list(outcome(select("b", "a"), {"a": [1], "b": [2], "c": [3]})) == ["b", "a"]
    with pytest.raises(UnknownColumnError, match="no column 'z'; there are 'a'"):
        outcome(select("z"), {"a": [1]})


@step
def ratio(top, bottom, *, least=1.0):  # type: ignore[no-untyped-def]
    return top / np.maximum(bottom, least)


@step
def parts(text, *more):  # type: ignore[no-untyped-def]
    return {"length": [len(t or "") for t in text], "upper": np.array([None if t is None else t.upper() for t in text])}


@step
def spoil(x):  # type: ignore[no-untyped-def]
    x[:] = 0.0
    return x


def test_a_function_of_columns_is_a_step() -> None:
    assert outcome(ratio(least=2.0), {"a": [6.0, 6.0], "b": [3.0, 0.0]}) == {"ratio": [2.0, 3.0]}
    assert outcome(parts(), {"t": ["ab", None]}) == {"length": [2.0, 0.0], "upper": ["AB", None]}


def test_a_function_cannot_change_what_others_read() -> None:
    pipeline = Pipeline(raw=branch("x"), zero=branch("x").then(spoil)).fit({"x": [5.0]})
    assert {name: values.tolist() for name, values in pipeline.transform({"x": [5.0]}).items()} == {
        "x": [5.0],
        "spoil": [0.0],
    }


def test_a_function_is_checked_for_columns_options_and_shape() -> None:
    with pytest.raises(InvalidStepError, match=r"ratio takes 2 columns \('top', 'bottom'\), and is given 1"):
        outcome(ratio(), {"a": [1.0]})
    with pytest.raises(InvalidStepError, match="ratio has no option 'most'; it has 'least'"):
        ratio(most=1)

    @step
    def short(x):  # type: ignore[no-untyped-def]
        return x[:1]

    with pytest.raises(ColumnTypeError, match=r"short returned shape \(1,\)"):
        outcome(short(), {"a": [1.0, 2.0]})
    with pytest.raises(InvalidStepError, match="takes no column"):
        step(lambda: 1)


def test_a_transformer_in_the_middle_names_its_columns() -> None:
    pipeline = Pipeline(x=branch("a", "b").then(estimate(PCA(2)), name="pca"))
    pipeline.fit({"a": [1.0, 2.0, 4.0], "b": [0.0, 1.0, 0.0]})
    assert [feature.name for feature in pipeline.features("pca")] == ["pca0", "pca1"]
    assert pipeline.features("pca")[0].columns == ("a", "b")


def test_a_step_is_not_an_estimator_class() -> None:
    with pytest.raises(InvalidPipelineError, match="write estimate"):
        branch("a").then(PCA())  # type: ignore[arg-type]
