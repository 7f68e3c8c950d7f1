"""Steps on times."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from redspot.pipeline import Pipeline, age, branch, estimate, impute, time_cycles, time_parts
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError, MissingValueError, UnknownColumnError
from redspot.pipeline.steps.calendar import PARTS, PHASES, offsets
from tests.pipeline.steps.agreement import FEW, assert_agrees, fitted, outcome

moments = st.one_of(
    st.none(),
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),
    st.datetimes(datetime(1960, 1, 1), datetime(2040, 1, 1)),
    st.sampled_from([datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 0, 59, 59, 999999), datetime(2024, 12, 30)]),
)
rows = st.lists(st.tuples(moments, moments), min_size=1, max_size=10)
TIMES = {"a": [datetime(2024, 2, 29, 12, 30), None, datetime(1969, 7, 20)], "b": [datetime(2000, 1, 1)] * 3}

STEPS: list[Any] = [
    time_parts(list(PARTS)),
    time_parts(list(PARTS), zone="America/St_Johns"),
    time_cycles(list(PHASES)),
    time_cycles(list(PHASES), zone="Europe/Berlin"),
    age(),
    age("years", until="2026-01-31T12:00:00+01:00"),
    age("hours", until_column="a"),
    age("seconds", until_column="b"),
    *(impute(strategy, indicator=True) for strategy in ("mean", "median", "most_frequent")),
    impute("constant", "2026-01-31T12:00:00+01:00"),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.kind}-{list(step.params().values())}")
@FEW
@given(later=rows)
def test_one_row_is_as_many_rows(step: Any, later: list[tuple[Any, Any]]) -> None:
    assert_agrees(step, TIMES, {"a": typed([a for a, _ in later]), "b": typed([b for _, b in later])})
    assert step.names(("a", "b")) == tuple(outcome(step, TIMES))


def typed(times: list[datetime | None]) -> Any:
    """Times that are times even when all are missing."""
    return np.array([np.datetime64("NaT") if each is None else each for each in times], dtype="datetime64[us]")


@pytest.mark.parametrize("step", STEPS[:6])
def test_times_that_python_has_no_date_for(step: Any) -> None:
    far = np.array(["0001-01-01", "-5000-02-28T23:59:59", "12000-02-29", "9999-12-31T23:59:59.999999"], "M8[us]")
    assert_agrees(step, {"a": far}, {"a": far})


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/New_York"])
def test_parts_are_those_of_pandas(zone: str | None) -> None:
    generator = np.random.default_rng(0)
    micros = generator.integers(-(10**15), 4 * 10**15, 2000)
    times = micros.astype("datetime64[us]")
    local = pd.Series(times).dt.tz_localize("UTC").dt.tz_convert(zone or "UTC").dt
    expected = {
        "year": local.year,
        "quarter": local.quarter,
        "month": local.month,
        "day": local.day,
        "weekday": local.day_of_week,
        "hour": local.hour,
        "minute": local.minute,
        "day_of_year": local.day_of_year,
        "week": local.isocalendar().week,
        "is_weekend": local.day_of_week >= 5,
    }
    made = outcome(time_parts(list(PARTS), zone=zone), {"t": times})
    assert {name: values.astype(float).tolist() for name, values in expected.items()} == {
        name.removeprefix("t "): values for name, values in made.items()
    }


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "Pacific/Apia"])
def test_clocks_are_those_of_python_around_each_change(zone: str) -> None:
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=h) for year in (1942, 2011, 2026) for h in range(8784)]
    micros = np.array([int(each.timestamp()) for each in hours], dtype=np.int64) * 1_000_000
    info = ZoneInfo(zone)
    expected = [each.astimezone(info).utcoffset() // timedelta(microseconds=1) for each in hours]  # type: ignore[operator]
    assert offsets(micros, zone).tolist() == expected


def test_cycles_have_exact_periods() -> None:
    made = outcome(time_cycles(["hour", "month"]), {"t": typed([datetime(2026, 4, 1), datetime(2026, 1, 1, 6)])})
    assert made["t hour sin"] == [0.0, 1.0]
    assert made["t hour cos"][0] == made["t month sin"][0] == made["t month cos"][1] == 1.0
    turn = outcome(time_cycles(["day_of_year"]), {"t": typed([datetime(2024, 7, 2), datetime(2025, 7, 2, 12)])})
    assert turn["t day_of_year cos"] == [-1.0, -1.0]


def test_ages_are_counted_until_a_moment() -> None:
    data = {"t": [datetime(2026, 1, 1), datetime(2026, 1, 3), None]}
    later = {"t": [datetime(2026, 1, 2), datetime(2026, 1, 4), None]}
    ages = outcome(age(), data, later)["t"]
    assert ages[:2] == [1.0, -1.0]
    assert math.isnan(ages[2])
    for until in ("2026-01-05", date(2026, 1, 5), datetime(2026, 1, 5, tzinfo=UTC), np.datetime64("2026-01-05")):
        assert outcome(age("hours", until=until), data)["t"][0] == 96.0
    assert outcome(age("years", until="2426-01-01"), data)["t"][0] == 400.0
    both = {"from": [datetime(2026, 1, 1), None], "to": [datetime(2026, 1, 2), datetime(2026, 1, 2)]}
    assert outcome(age("days", until_column="to"), both)["from"][0] == 1.0
    pipeline = Pipeline(x=branch("from", "to").then(age("days", until_column="to"))).fit(both)
    assert pipeline.features("x_age")[0].columns == ("from", "to")


def test_gaps_between_times_are_filled() -> None:
    data = {"t": typed([datetime(2026, 1, 1), None, datetime(2026, 1, 1), datetime(2026, 1, 4), datetime(2026, 1, 8)])}
    for strategy, day in (("mean", "2026-01-03T12"), ("median", "2026-01-02T12"), ("most_frequent", "2026-01-01")):
        filled = fitted(impute(strategy), data).transform(data)["t"]  # type: ignore[arg-type]
        assert filled[1] == np.datetime64(day, "us")
    with pytest.raises(InvalidStepError, match="impute: value is a time such as"):
        fitted(impute("constant", 3), data)


def test_a_model_reads_times_of_a_request() -> None:
    data = {"t": typed([datetime(2026, 1, 1) + timedelta(hours=7 * hour) for hour in range(50)])}
    pipeline = Pipeline(
        parts=branch("t").then(time_parts(zone="Europe/Berlin")),
        cycles=branch("t").then(time_cycles(zone="Europe/Berlin")),
        age=branch("t").then(age()),
        model=estimate(LinearRegression()),
    ).fit(data, np.arange(50.0))
    many = pipeline.predict(data)
    assert pipeline.predict_one({"t": "2026-01-01T00:00:00Z"})["prediction"] == pytest.approx(many[0], abs=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: time_parts(["century"]), "parts is one of 'year'"),
        (lambda: time_parts("year"), "parts is a list, such as"),
        (lambda: time_parts([]), "parts are one or more texts"),
        (lambda: time_parts(zone="Berlin"), "zone is the IANA name of a time zone"),
        (lambda: time_parts(zone="../etc"), "zone is the IANA name of a time zone"),
        (lambda: time_cycles(["minute"]), "parts is one of 'hour'"),
        (lambda: age("weeks"), "unit is one of"),
        (lambda: age(until="tomorrow"), "until is a time such as"),
        (lambda: age(until="2026-01-01", until_column="x"), "give until or until_column"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        make()


def test_columns_that_hold_no_times_or_do_not_exist_are_refused() -> None:
    for step in (*STEPS[:6], age(until_column="y")):
        with pytest.raises(ColumnTypeError, match=f"{step.kind} cannot read column 'x', which holds text"):
            fitted(step, {"x": ["2026-01-01"], "y": ["a"]})
    with pytest.raises(UnknownColumnError, match="age: no column 'z'; there are 'a', 'b'"):
        fitted(age(until_column="z"), TIMES)
    with pytest.raises(InvalidStepError, match="age needs a column besides 'a'"):
        age(until_column="a").names(("a",))
    with pytest.raises(MissingValueError, match="Column 'x' has no time to learn"):
        fitted(age(), {"x": typed([None])})
