"""Steps on numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from redspot.pipeline import (
    Pipeline,
    bin,
    branch,
    clip,
    impute,
    interact,
    log,
    one_hot,
    parse_number,
    polynomial,
    power,
    scale,
)
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError, MissingValueError, UnknownColumnError
from tests.pipeline.steps.agreement import FEW, assert_agrees, outcome

numbers = st.one_of(
    st.none(),
    st.floats(-1e4, 1e4),
    st.integers(-5, 5).map(float),
    st.sampled_from([0.0, -0.0, 1e300, -1e300, 1e-300, 5e-324, -1.0, 0.5]),
)
columns = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12)

GENERATOR = np.random.default_rng(0)
SKEWED = np.round(GENERATOR.lognormal(3.0, 1.0, 400), 1)
TIED = GENERATOR.integers(0, 6, 400).astype(np.float64)

STEPS: list[Any] = [
    impute("median", indicator=True),
    impute("constant", 3.5, indicator=True),
    scale(),
    scale("min_max"),
    scale("robust"),
    scale("robust", center=False),
    scale("quantile", quantiles=5),
    scale("quantile"),
    log(signed=True),
    log(),
    power(),
    clip(-3.0, 7.0),
    clip(upper=2),
    clip(quantiles=(0.1, 0.9)),
    bin(),
    bin("uniform", count=3, output="text"),
    bin("edges", edges=[-1.0, 0.0, 2.5], output="number"),
    bin("edges", edges=[0.0]),
    polynomial(3),
    polynomial(2, interaction_only=True),
    interact(),
    interact(("b", "a"), ("a", "a")),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.kind}-{list(step.params().values())}")
@FEW
@given(later=columns)
def test_one_row_is_as_many_rows(step: Any, later: list[tuple[float | None, float | None]]) -> None:
    data = {"a": [1.0, 2.0, None, 2.0, 8.5, 0.1], "b": [0.0, 3.0, 3.0, -0.5, None, 1e3]}
    assert_agrees(step, data, {"a": [a for a, _ in later], "b": [b for _, b in later]})


@FEW
@given(later=st.lists(numbers, min_size=1, max_size=12))
def test_box_cox_of_one_row_is_as_of_many(later: list[float | None]) -> None:
    assert_agrees(power("box_cox"), {"a": SKEWED}, {"a": later})


@FEW
@given(data=columns)
def test_any_column_can_be_learned_from(data: list[tuple[float | None, float | None]]) -> None:
    known = [(a, b) for a, b in data if abs(a or 0.0) < 1e6 and abs(b or 0.0) < 1e6]
    table = {"a": [1.0, *(a for a, _ in known)], "b": [-0.5, *(b for _, b in known)]}
    for step in (scale("min_max"), scale("robust"), scale("quantile"), power(), bin(), clip(quantiles=(0.2, 0.8))):
        assert_agrees(step, table)


@pytest.mark.parametrize(
    ("step", "reference"),
    [
        (scale(), StandardScaler()),
        (scale("min_max"), MinMaxScaler()),
        (scale("robust"), RobustScaler()),
        (scale("robust", spread=False), RobustScaler(with_scaling=False)),
        (scale("quantile", quantiles=50), QuantileTransformer(n_quantiles=50)),
        (scale("quantile"), QuantileTransformer(n_quantiles=400)),
        (polynomial(3), PolynomialFeatures(3, include_bias=False)),
        (polynomial(2, interaction_only=True), PolynomialFeatures(2, interaction_only=True, include_bias=False)),
        (bin("uniform", output="number"), KBinsDiscretizer(5, strategy="uniform", encode="ordinal")),
        (
            bin("quantile", count=4, output="number"),
            KBinsDiscretizer(4, strategy="quantile", encode="ordinal", quantile_method="linear"),
        ),
    ],
)
def test_it_is_what_scikit_learn_gives(step: Any, reference: Any) -> None:
    # Equal numbers that a rounding error pulls apart are not tied in scikit-learn's quantiles.
    smooth = np.sort(GENERATOR.lognormal(size=400))
    data = {"a": smooth if step == scale("quantile") else SKEWED, "b": smooth if step.kind == "bin" else TIED}
    matrix = np.stack(list(data.values()), axis=1)
    later = np.concatenate([matrix, [[-5.0, 7.5], [1e6, 2.5], [30.03, 0.0]]])
    expected = reference.fit(matrix).transform(later)
    ours = outcome(step, data, {"a": later[:, 0], "b": later[:, 1]})
    assert np.stack(list(ours.values()), axis=1) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("method", ["box_cox", "yeo_johnson"])
@pytest.mark.parametrize("values", [SKEWED, SKEWED**2, np.sqrt(SKEWED), 100.0 - SKEWED.clip(0, 99)])
def test_the_power_is_the_one_of_scikit_learn(method: Any, values: Any) -> None:
    reference = PowerTransformer(method.replace("_", "-"), standardize=False).fit(values[:, np.newaxis])
    pipeline = Pipeline(x=branch("x").then(power(method))).fit({"x": values})
    assert pipeline.learned("power")["lambdas"][0] == pytest.approx(reference.lambdas_[0], abs=1e-4)
    expected = reference.transform(values[:, np.newaxis])[:, 0]
    assert pipeline.transform({"x": values})["x"] == pytest.approx(expected, rel=1e-3)


def test_powers_of_nothing_or_of_equal_numbers_change_nothing() -> None:
    assert outcome(power(), {"x": [3.0, 3.0, None]})["x"][:2] == [3.0, 3.0]
    assert math.isnan(outcome(power(), {"x": [None, None]})["x"][0])


def test_a_logarithm_needs_more_than_minus_one() -> None:
    with pytest.raises(ColumnTypeError, match=r"Column 'x' has numbers of -1 or less.*use log\(signed=True\)"):
        outcome(log(), {"x": [0.0, -1.0]})
    with pytest.raises(ColumnTypeError, match=r"numbers of 0 or less.*use power\('yeo_johnson'\)"):
        outcome(power("box_cox"), {"x": [0.0, 1.0]})
    assert [math.isnan(x) for x in outcome(log(), {"x": [1.0]}, {"x": [-1.0, None, 0.0]})["x"]] == [True, True, False]
    signed = outcome(log(signed=True), {"x": [-9.0, 9.0]})["x"]
    assert signed == pytest.approx([-math.log(10), math.log(10)])


def test_an_indicator_says_what_was_filled_and_keeps_names_apart() -> None:
    data = {"x": ["a", None], "y": [1.0, 2.0], "x is missing": [None, 5.0]}
    filled = assert_agrees(impute("most_frequent", indicator=True), data)
    assert filled == {
        "x": ["a", "a"],
        "y": [1.0, 2.0],
        "x is missing": [5.0, 5.0],
        "x is missing #2": [0.0, 1.0],
        "y is missing": [0.0, 0.0],
        "x is missing is missing": [1.0, 0.0],
    }


def test_quantiles_clip_as_numpy_says() -> None:
    low, high = np.quantile(SKEWED, (0.05, 0.9))
    assert outcome(clip(quantiles=(0.05, 0.9)), {"x": SKEWED})["x"] == np.clip(SKEWED, low, high).tolist()


def test_ranges_have_names() -> None:
    made = outcome(bin("edges", edges=[0, 10]), {"x": [0.0]}, {"x": [-1.0, 0.0, 9.9, 10.0, None]})
    assert made == {
        "x=below 0": [1.0, 0.0, 0.0, 0.0, 0.0],
        "x=0 to 10": [0.0, 1.0, 1.0, 0.0, 0.0],
        "x=10 or more": [0.0, 0.0, 0.0, 1.0, 0.0],
        "x is missing": [0.0, 0.0, 0.0, 0.0, 1.0],
    }
    assert outcome(bin(output="text"), {"x": [2.0, 2.0]})["x"] == ["any", "any"]
    near = outcome(bin("edges", edges=[1.0, 1.0 + 1e-12], output="text"), {"x": [1.0, 2.0]})["x"]
    assert near == ["1.0 to 1.000000000001", "1.000000000001 or more"]


def test_products_are_named_and_missing_when_a_factor_is() -> None:
    made = outcome(interact(("b", "a")), {"a": [2.0, None], "b": [3.0, 1.0], "c": [1.0, 1.0]})
    assert list(made) == ["b*a"]
    assert made["b*a"][0] == 6.0
    assert math.isnan(made["b*a"][1])
    assert list(outcome(polynomial(3), {"a": [2.0], "b": [1.0]}))[-3:] == ["a^2*b", "a*b^2", "b^3"]


def test_products_of_one_hot_bits_are_of_the_bits() -> None:
    data = {"word": ["a", "b", None, "a"], "x": [1.0, 2.0, 3.0, 4.0]}
    pipeline = Pipeline(words=branch("word").then(one_hot()), x=branch("x"), both=interact()).fit(data)
    made = pipeline.transform(data)
    assert made["word=a*x"].tolist() == [1.0, 0.0, 0.0, 4.0]


@pytest.mark.parametrize("step", [scale("min_max"), log(), power(), clip(0), bin(), polynomial(), interact()])
def test_text_is_refused_with_advice(step: Any) -> None:
    with pytest.raises(ColumnTypeError, match=r"Column 'x' holds text.*use one_hot\(\) or parse_number\(\) first"):
        outcome(step, {"x": ["a"], "y": ["b"]})


@pytest.mark.parametrize("step", [bin(), clip(quantiles=(0.0, 0.5))])
def test_nothing_cannot_be_learned_from(step: Any) -> None:
    with pytest.raises(MissingValueError, match="Column 'x' has no value to learn"):
        outcome(step, {"x": [None, None]})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: scale("half"), "method is one of 'standard', 'min_max', 'robust', 'quantile', not 'half'"),
        (lambda: scale("min_max", center=False), "center and spread go with"),
        (lambda: scale("quantile", quantiles=1), "quantiles is a whole number, 2 or more"),
        (lambda: power("cube"), "method is one of"),
        (lambda: clip(), "give lower or upper"),
        (lambda: clip(1, quantiles=(0.1, 0.2)), "give lower or upper"),
        (lambda: clip(2, 1), "lower is not above upper"),
        (lambda: clip(float("nan")), "lower is a number"),
        (lambda: clip(quantiles=(0.5, 0.1)), "the lower one first"),
        (lambda: clip(quantiles=(0.5, 2)), "quantiles is a number from 0 to 1"),
        (lambda: bin(count=1), "count is a whole number, 2 or more, not 1"),
        (lambda: bin("edges"), "edges go with strategy 'edges'"),
        (lambda: bin(edges=[1]), "edges go with strategy 'edges'"),
        (lambda: bin("edges", edges=[2, 1]), "each above the last"),
        (lambda: bin(output="code"), "output is one of"),
        (lambda: polynomial(1), "degree is a whole number from 2 to 10"),
        (lambda: polynomial(True), "degree is a whole number from 2 to 10"),
        (lambda: interact("ab", ("a",)), "give pairs of column names"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        make()


def test_columns_that_do_not_exist_or_are_too_many_are_refused() -> None:
    with pytest.raises(UnknownColumnError, match="interact: no column 'z'; there are 'a'"):
        outcome(interact(("a", "z")), {"a": [1.0]})
    with pytest.raises(InvalidStepError, match="interact needs two columns"):
        outcome(interact(), {"a": [1.0]})
    with pytest.raises(InvalidStepError, match="would give 23425 columns from 50"):
        outcome(polynomial(3), {f"c{i}": [1.0] for i in range(50)})


def test_prices_of_real_listings(listings_file: Any) -> None:
    prices = pd.read_csv(listings_file, usecols=["price", "minimum_nights"])
    pipeline = Pipeline(
        price=branch("price").then(parse_number()).then(log()).then(clip(quantiles=(0.01, 0.99))).then(scale("robust")),
        nights=branch("minimum_nights").then(bin("edges", edges=[2, 7, 30])),
    ).fit(prices)
    made = pipeline.transform(prices)
    logs = np.log1p(prices["price"].str.replace("[$,]", "", regex=True).astype(float))
    cut = logs.clip(*logs.quantile([0.01, 0.99]))
    quartiles = cut.quantile([0.25, 0.75])
    expected = (cut - cut.median()) / (quartiles[0.75] - quartiles[0.25])
    assert made["price"] == pytest.approx(expected.to_numpy(), nan_ok=True)
    counts = pd.cut(prices["minimum_nights"], [-np.inf, 2, 7, 30, np.inf], right=False).value_counts(sort=False)
    assert [values.sum() for name, values in made.items() if name != "price"] == [*counts, 0]
