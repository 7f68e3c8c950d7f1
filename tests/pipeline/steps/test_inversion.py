"""Undoing what a step did to a single column."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.pipeline import clip, impute, log, one_hot, power, scale
from redspot.pipeline.rowcode import RowCode
from tests.pipeline.steps.agreement import FEW, fitted, same

TRAINING = np.random.default_rng(0).lognormal(1.0, 0.7, 200)

STEPS: list[Any] = [
    scale(),
    scale(spread=False),
    scale("min_max"),
    scale("robust", center=False),
    log(),
    log(signed=True),
    power(),
    power("box_cox"),
]


def undone_in_a_row(step: Any, state: Any, number: float) -> float:
    code = RowCode(names={"nan": math.nan, "inf": math.inf})
    expression = step.invert_row(code, "x - 0.0", state)
    found: float = eval(f"(lambda x: {expression})({number!r})", code.names)
    return found


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.kind}-{list(step.params().values())}")
@FEW
@given(numbers=st.lists(st.floats(0.1, 100.0), min_size=1, max_size=10))
def test_what_was_done_is_undone(step: Any, numbers: list[float]) -> None:
    pipeline = fitted(step, {"x": TRAINING})
    state = pipeline.learned("step")
    done = pipeline.transform({"x": numbers})["x"]
    undone = step.invert(done, state)
    assert undone == pytest.approx(numbers, rel=1e-9)
    for value, expected in zip(done.tolist(), undone.tolist(), strict=True):
        assert same(undone_in_a_row(step, state, value), expected)
    assert np.isnan(step.invert(np.array([np.nan]), state)).all()


@pytest.mark.parametrize("step", [log(signed=True), power(), scale()])
def test_numbers_below_zero_are_undone_too(step: Any) -> None:
    numbers = np.linspace(-3.0, 4.0, 15)
    pipeline = fitted(step, {"x": np.concatenate([-TRAINING / 4, TRAINING])})
    done = pipeline.transform({"x": numbers})["x"]
    assert step.invert(done, pipeline.learned("step")) == pytest.approx(numbers, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("exponent", [-2.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("method", ["yeo_johnson", "box_cox"])
def test_every_power_is_undone(method: Any, exponent: float) -> None:
    step, state = power(method), {"lambdas": np.array([exponent])}
    numbers = np.array([0.25, 1.0, 3.0] if method == "box_cox" else [-2.5, -0.25, 0.0, 0.25, 1.0, 3.0])
    from redspot.pipeline.column import Column, Table

    done = step.apply(Table((Column("x", "float", numbers, ("x",)),), len(numbers)), state)["x"].floats()
    assert step.invert(done, state) == pytest.approx(numbers, rel=1e-9, abs=1e-12)


def test_what_no_number_leads_to_is_missing_and_what_is_too_large_infinite() -> None:
    state = {"lambdas": np.array([-1.0])}
    assert np.isnan(power("box_cox").invert(np.array([1.5]), state)).all()
    assert math.isnan(undone_in_a_row(power("box_cox"), state, 1.5))
    assert log().invert(np.array([1e4]), {}).tolist() == [math.inf]
    assert undone_in_a_row(log(), {}, 1e4) == math.inf
    assert undone_in_a_row(log(signed=True), {}, -1e4) == -math.inf


@pytest.mark.parametrize("step", [scale("quantile"), clip(0), impute(), one_hot()])
def test_what_cannot_be_undone_says_so(step: Any) -> None:
    state = fitted(step, {"x": [1.0, 2.0]}).learned("step")
    assert step.invert(np.array([0.5]), state) is None
    assert step.invert_row(RowCode(), "x", state) is None
