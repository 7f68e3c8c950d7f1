"""Profiles against brute force."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from palmerpenguins import load_penguins

from redspot.profile import (
    Coded,
    ColumnProfile,
    InvalidProfileError,
    Profile,
    drift,
    profile_lists,
    profile_table,
    profile_values,
)
from redspot.profile.values import spread

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=60)


def text_array(values: list[str | None]) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@given(st.lists(st.one_of(st.just(math.nan), FINITE), max_size=60))
def test_every_float_is_counted_once_and_all_of_it_is_json(values: list[float]) -> None:
    profile = profile_values("x", "float", np.array(values, dtype=np.float64))
    known = [value for value in values if not math.isnan(value)]
    assert (profile.rows, profile.missing) == (len(values), len(values) - len(known))
    assert profile.distinct == len(set(known))
    assert profile.distinct_exact
    json.dumps(profile.to_json(), allow_nan=False)
    if not known:
        assert profile.histogram is profile.quantiles is profile.mean is None
        return
    assert profile.histogram is not None
    assert profile.quantiles is not None
    edges, counts = profile.histogram.edges, profile.histogram.counts
    assert len(edges) == len(counts) + 1 <= 21
    assert all(left < right for left, right in pairwise(edges))
    last = len(counts) - 1
    brute = [
        sum(edges[i] <= value and (value < edges[i + 1] or (i == last and value == edges[-1])) for value in known)
        for i in range(len(counts))
    ]
    assert list(counts) == brute
    assert sum(counts) == len(known)
    assert (profile.quantiles["0"], profile.quantiles["1"]) == (min(known), max(known))
    ordered = list(profile.quantiles.values())
    assert ordered == sorted(ordered)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_moments_and_quantiles_are_those_of_the_textbook(values: list[float]) -> None:
    profile = profile_values("x", "float", np.array(values))
    assert profile.quantiles is not None
    assert profile.mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert profile.std == pytest.approx(statistics.pstdev(values), abs=1e-6)
    for name, value in profile.quantiles.items():
        assert value == pytest.approx(np.quantile(values, float(name)), rel=1e-12, abs=1e-9)


@given(TEXTS)
def test_text_is_counted_in_both_forms_alike(values: list[str | None]) -> None:
    array = text_array(values)
    profile = profile_values("x", "text", array)
    counted = Counter(value for value in values if value is not None)
    assert profile == profile_values("x", "text", Coded.of(array))
    assert (profile.rows, profile.missing) == (len(values), values.count(None))
    assert profile.distinct == len(counted)
    expected = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:20]
    assert profile.top == tuple(expected)


@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=30, max_size=200))
def test_of_many_values_the_most_frequent_are_kept(values: list[str]) -> None:
    profile = profile_values("x", "text", text_array([*values]))
    assert profile.top == tuple(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))[:20])


@given(st.lists(st.one_of(st.none(), st.integers(-(2**60), 2**60), st.integers(-5, 5)), max_size=60))
def test_few_whole_numbers_are_counted_by_value(values: list[int | None]) -> None:
    floats = [math.nan if value is None else float(value) for value in values]
    profile = profile_values("x", "int", np.array(floats, dtype=np.float64))
    counted = Counter(str(int(value)) for value in floats if not math.isnan(value))
    assert profile.distinct == len(counted)
    if counted and len(counted) <= 20:
        assert profile.top == tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))
    else:
        assert profile.top is None
    if profile.histogram is not None:
        assert sum(profile.histogram.counts) == sum(counted.values())


def test_each_of_few_possible_whole_numbers_has_a_bin_round_it() -> None:
    profile = profile_values("beds", "int", np.array([1.0, 1.0, 4.0, np.nan]))
    assert profile.histogram is not None
    assert profile.histogram.edges == (0.5, 1.5, 2.5, 3.5, 4.5)
    assert profile.histogram.counts == (2, 0, 0, 1)


def test_truth_has_a_share() -> None:
    profile = profile_values("paid", "bool", np.array([1.0, 0.0, 1.0, np.nan, 1.0]))
    assert profile.top == (("true", 3), ("false", 1))
    assert (profile.mean, profile.missing, profile.distinct) == (0.75, 1, 2)
    assert profile.std == pytest.approx(statistics.pstdev([1, 0, 1, 1]))
    assert profile.histogram is None


def test_times_are_microseconds_since_the_epoch() -> None:
    times = np.array(["2026-01-01", "2026-01-03", "NaT"], dtype="datetime64[us]")
    profile = profile_values("seen", "datetime", times)
    assert profile.quantiles is not None
    assert profile.histogram is not None
    day_us = 86_400_000_000
    assert profile.quantiles["0"] == 1_767_225_600_000_000
    assert profile.quantiles["0.5"] - profile.quantiles["0"] == day_us
    assert (profile.missing, profile.mean, profile.std) == (1, None, None)
    assert sum(profile.histogram.counts) == 2


def test_an_infinite_value_is_neither_missing_nor_in_a_statistic() -> None:
    profile = profile_values("x", "float", np.array([1.0, np.inf, 3.0]))
    assert (profile.missing, profile.mean, profile.distinct) == (0, 2.0, 2)
    alone = profile_values("x", "float", np.array([np.inf]))
    assert (alone.histogram, alone.missing, alone.distinct_exact) == (None, 0, False)
    json.dumps([profile.to_json(), alone.to_json()], allow_nan=False)


def test_a_long_tail_does_not_flatten_the_rest() -> None:
    values = np.append(np.random.default_rng(0).normal(size=5_000), 1e6)
    histogram = profile_values("x", "float", values).histogram
    assert histogram is not None
    assert max(histogram.counts) < 1_000
    assert histogram.edges[-1] == 1e6
    assert sum(histogram.counts) == 5_001


def test_a_large_column_is_sampled_where_the_docstring_says_so() -> None:
    values = np.random.default_rng(0).normal(size=250_000)
    profile = profile_values("x", "float", values)
    assert profile.quantiles is not None
    assert profile.histogram is not None
    assert (profile.quantiles["0"], profile.quantiles["1"]) == (values.min(), values.max())
    assert profile.mean == pytest.approx(values.mean(), rel=1e-12)
    assert not profile.distinct_exact
    assert profile.distinct == sum(profile.histogram.counts) == 100_000
    assert profile.quantiles["0.5"] == pytest.approx(np.median(values), abs=0.01)
    assert profile == profile_values("x", "float", values.copy())
    few = profile_values("n", "int", np.floor(values).clip(-3, 3))
    assert (few.distinct, few.distinct_exact) == (7, True)
    assert few.top is not None
    assert sum(count for _, count in few.top) == 250_000


@given(st.integers(1, 500), st.integers(1, 100))
def test_a_sample_is_spread_over_all_rows(rows: int, limit: int) -> None:
    chosen = spread(rows, limit)
    assert len(chosen) == min(rows, limit)
    assert chosen[0] == 0
    gaps = np.diff(np.append(chosen, rows))
    assert gaps.min() >= 1
    assert gaps.max() - gaps.min() <= 1


def test_the_profile_of_real_penguins() -> None:
    penguins = load_penguins()
    table = {
        "mass": ("float", penguins["body_mass_g"].to_numpy(dtype=np.float64)),
        "island": ("text", penguins["island"].to_numpy(dtype=object)),
        "sex": ("text", penguins["sex"].to_numpy(dtype=object)),
    }
    profile = profile_table(table, target=("text", penguins["species"].to_numpy(dtype=object)))  # type: ignore[arg-type]
    assert profile.rows == 344
    assert profile["island"].top == (("Biscoe", 168), ("Dream", 124), ("Torgersen", 52))
    assert (profile["sex"].missing, profile["sex"].distinct) == (11, 2)
    assert profile["mass"].mean == pytest.approx(4201.75, abs=0.01)
    assert profile["mass"].target is not None
    assert profile["mass"].target.kind == "eta"
    assert 0.8 < profile["mass"].target.value < 0.85
    assert profile["island"].target is not None
    assert profile["island"].target.kind == "cramers_v"
    again = Profile.of_json(json.loads(json.dumps(profile.to_json(), allow_nan=False)))
    assert again == profile
    assert set(profile.to_json()["columns"][0]) == {
        *("name", "dtype", "rows", "missing", "distinct", "distinct_exact", "histogram", "top"),
        *("quantiles", "mean", "std", "target", "drift"),
    }


def test_a_table_is_of_one_length_and_holds_its_target() -> None:
    two, three = ("float", np.zeros(2)), ("float", np.zeros(3))
    with pytest.raises(InvalidProfileError, match="different lengths: 2, 3"):
        profile_table({"a": two, "b": three})  # type: ignore[dict-item]
    with pytest.raises(InvalidProfileError, match="different lengths"):
        profile_table({"a": two}, target=three)  # type: ignore[dict-item, arg-type]
    with pytest.raises(InvalidProfileError, match="No column 'y' to be the target; there are 'a'"):
        profile_table({"a": two}, target="y")  # type: ignore[dict-item]
    with pytest.raises(InvalidProfileError, match="No column 'b'"):
        profile_table({"a": two})["b"]  # type: ignore[dict-item]
    assert profile_table({}).rows == 0


def test_labels_that_are_there_twice_are_one() -> None:
    coded = Coded(np.array([0, 1, 2, -1], dtype=np.int32), ("a", "b", "a"))
    assert profile_values("x", "text", coded).top == (("a", 2), ("b", 1))


def test_a_million_rows_are_profiled_in_seconds() -> None:
    generator = np.random.default_rng(0)
    rows = 1_000_000
    codes = generator.integers(-1, 50, rows).astype(np.int32)
    table: dict[str, Any] = {f"x{i}": ("float", generator.normal(size=rows)) for i in range(10)}
    table |= {f"t{i}": ("text", Coded(codes, tuple(map(str, range(50))))) for i in range(5)}
    began_s = time.process_time()
    profile_table(table, target="x0")
    # Measured 0.2 s; the bound leaves room for machines that are slow or busy.
    assert time.process_time() - began_s < 1.5


def test_lists_are_counted_by_item_and_beyond_a_sample_estimated() -> None:
    lists = [["Wifi", "Wifi", "Pool"], None, [], ["Wifi", 3]]
    profile = profile_lists("amenities", lists)
    assert (profile.dtype, profile.rows, profile.missing) == ("list", 4, 1)
    assert (profile.distinct, profile.distinct_exact) == (3, True)
    assert profile.top == (("Wifi", 2), ("3", 1), ("Pool", 1))
    assert ColumnProfile.of_json(profile.to_json()) == profile
    many = profile_lists("amenities", [["Wifi"], ["Wifi", "Pool"]] * 15_000)
    assert dict(many.top or ()) == {"Wifi": 30_000, "Pool": pytest.approx(15_000, rel=0.05)}
    assert not many.distinct_exact
    assert profile_lists("amenities", []).top == ()


def test_lists_have_no_drift() -> None:
    then = Profile(2, (profile_lists("amenities", [["Wifi"], ["Pool"]]),))
    assert drift(then, then)["amenities"].drift is None
