"""Steps that keep, rename and convert columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.pipeline import (
    Pipeline,
    bin,
    branch,
    cast,
    clip,
    drop,
    impute,
    interact,
    log,
    one_hot,
    parse_number,
    polynomial,
    power,
    rename,
    scale,
    select,
)
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError, UnknownColumnError
from tests.pipeline.steps.agreement import FEW, assert_agrees, fitted, outcome

texts = st.one_of(
    st.none(),
    st.text(max_size=4),
    st.floats(allow_nan=False).map(repr),
    st.integers().map(str),
    st.sampled_from(["1_0", "nan", "inf", "1e999", " 2.50 ", "-.5", "١", "Yes", "F", "TRUE", "2026-01-31", "1" * 400]),
    st.sampled_from(["2026-01-31T12:00:00+05:30", "0001-01-01T00:00+23:00", "2026-W05-1"]),
)
numbers = st.one_of(
    st.none(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, -0.0, 1.0, 9e12, 0.1])
)
truths = st.one_of(st.none(), st.booleans())
times = st.one_of(st.none(), st.datetimes().map(lambda time: np.datetime64(time, "us")))
rows = st.lists(st.tuples(texts, numbers, truths, times), min_size=1, max_size=10)
TRAINING: dict[str, Any] = {
    "text": ["1", None],
    "number": [1.5, None],
    "truth": [True, None],
    "time": np.array(["2026-01-01", "NaT"], dtype="datetime64[us]"),
}


@pytest.mark.parametrize("to", ["float", "int", "bool", "text", "datetime"])
@FEW
@given(later=rows)
def test_a_cast_row_is_as_many_rows(to: Any, later: list[tuple[Any, ...]]) -> None:
    columns: dict[str, Any] = dict(zip(TRAINING, map(list, zip(*later, strict=True)), strict=True))
    columns["time"] = np.array(["NaT" if each is None else each for each in columns["time"]], dtype="datetime64[us]")
    assert_agrees(cast(to), TRAINING, columns)


def test_values_become_another_type() -> None:
    written = ["1", " -2.50", "1e3", "1_000", "nan", "yes", "No", "2026-01-31T01:00:00+01:00", None]
    assert [None if math.isnan(x) else x for x in outcome(cast("float"), {"x": written})["x"]] == [
        *(1.0, -2.5, 1000.0),
        *[None] * 6,
    ]
    assert [None if math.isnan(x) else x for x in outcome(cast("bool"), {"x": written})["x"]] == [
        *(1.0, None, None, None, None, 1.0, 0.0),
        *(None, None),
    ]
    times = fitted(cast("datetime"), {"x": written}).transform({"x": written})["x"]
    assert times[-2] == np.datetime64("2026-01-31T00:00:00", "us")
    assert np.isnat(times[1:-2]).all()
    assert outcome(cast("text"), {"x": [1.0, 0.1, -0.0, 1e300, None]})["x"] == ["1", "0.1", "0", "1e+300", None]
    assert outcome(cast("text"), {"x": [True, None]})["x"] == ["True", None]
    assert outcome(cast("float"), {"x": np.array(["1970-01-02"], "M8[us]")})["x"] == [86400.0]
    assert [str(each) for each in fitted(cast("datetime"), {"x": [1]}).transform({"x": [1.5]})["x"]] == [
        "1970-01-01T00:00:01.500000"
    ]
    made = outcome(cast("int"), {"x": [1.0, 2.5, None]})["x"]
    assert made[0] == 1.0
    assert [math.isnan(each) for each in made] == [False, True, True]


def test_a_cast_may_be_an_error() -> None:
    with pytest.raises(ColumnTypeError, match="Row 1: Column 'x' has 'many', which is no float") as raised:
        outcome(cast("float", invalid="error"), {"x": ["1", "many"]})
    assert raised.value.facts == {"column": "x", "row": 1}
    with pytest.raises(ColumnTypeError, match="Row 2: Column 'x' has 2.5, which is no int"):
        outcome(cast("int", invalid="error"), {"x": [1.0, None, 2.5]})
    with pytest.raises(ColumnTypeError, match="cast cannot read column 'x', which holds list"):
        outcome(cast("text"), {"x": [["a"]]})


@pytest.mark.parametrize("step", [drop("b", "c"), rename({"a": "z", "c": "a"}), select("d", "a")])
@FEW
@given(later=st.lists(st.tuples(*[numbers] * 4), min_size=1, max_size=5))
def test_columns_of_one_row_are_as_of_many(step: Any, later: list[tuple[Any, ...]]) -> None:
    data = {name: [1.0] for name in "abcd"}
    columns = dict(zip("abcd", map(list, zip(*later, strict=True)), strict=True))
    made = assert_agrees(step, data, columns)
    assert tuple(made) == step.names(tuple("abcd"))
    old = {"drop": "ad", "rename": "abcd", "select": "da"}[step.kind]
    for name, kept in zip(made, old, strict=True):
        assert [None if math.isnan(each) else each for each in made[name]] == columns[kept]


def test_blocks_stay_blocks_under_other_names() -> None:
    data = {"word": ["a", "b", None]}
    step = rename({"word=a": "first"})
    pipeline = Pipeline(x=branch("word").then(one_hot()).then(step).then(drop("word is missing"))).fit(data)
    assert list(pipeline.transform(data)) == ["first", "word=b", "word is other"]
    assert pipeline.transform(data)["first"].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("step", [drop("z"), rename({"z": "y"}), select("z"), interact(("a", "z"))])
def test_a_column_that_does_not_exist_is_refused_before_and_while_fitting(step: Any) -> None:
    with pytest.raises(UnknownColumnError, match=f"{step.kind}: no column 'z'; there are 'a', 'b'"):
        step.names(("a", "b"))
    with pytest.raises(UnknownColumnError, match=f"{step.kind}: no column 'z'; there are 'a', 'b'"):
        fitted(step, {"a": [1.0], "b": [1.0]})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: drop(), "drop: name one or more columns"),
        (lambda: drop("a", "a"), "each once"),
        (lambda: drop("a").names(("a",)), "drop would leave no column of 'a'"),
        (lambda: rename({}), "give new names by old ones"),
        (lambda: rename({"a": 1}), "give new names by old ones"),  # type: ignore[dict-item]
        (lambda: rename({"a": "b"}).names(("a", "b")), "rename would give several columns the name 'b'"),
        (lambda: cast("number"), "to is one of 'float', 'int', 'bool', 'text', 'datetime', not 'number'"),  # type: ignore[arg-type]
        (lambda: cast("int", invalid="round"), "invalid is one of"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_parameter_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        make()


@pytest.mark.parametrize(
    "step",
    [
        impute(),
        impute(indicator=True),
        scale(),
        scale("quantile"),
        clip(0),
        log(),
        power(),
        parse_number(),
        bin(output="text"),
        bin("edges", edges=[1, 2]),
        polynomial(3),
        interact(),
    ],
    ids=lambda step: f"{step.kind}-{list(step.params().values())}",
)
def test_names_are_known_before_fitting(step: Any) -> None:
    data = {"a": [1.0, 2.0], "b": [2.0, 0.5], "a is missing": [1.0, 3.0]}
    assert step.names(tuple(data)) == tuple(outcome(step, data))


def test_names_that_depend_on_the_data_are_not_known() -> None:
    assert one_hot().names(("a",)) is None
    assert bin().names(("a",)) is None
