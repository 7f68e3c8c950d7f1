"""Associations against scipy and against definitions written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, pearsonr

from redspot.profile import Coded, profile_table
from redspot.profile.association import associate, correlation_ratio, cramers_v, pearson

NUMBERS = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=3, max_size=40)
CODES = st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 4)), min_size=2, max_size=60)


@given(NUMBERS)
def test_pearson_is_that_of_scipy(pairs: list[tuple[float, float]]) -> None:
    one, other = np.array(pairs).T
    value = pearson(one, other)
    if min(one.std(), other.std()) < 1e-6:
        return
    assert value == pytest.approx(pearsonr(one, other).statistic, abs=1e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1.0, 1e12, 1e300])
def test_pearson_does_not_depend_on_the_unit(scale: float) -> None:
    one = np.array([1.0, 2.0, 4.0, 3.0])
    assert pearson(one * scale, np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(0.8)


@given(CODES)
def test_cramers_v_is_bergsmas(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, dtype=np.int32).T
    value = cramers_v(one, other)
    known = (one >= 0) & (other >= 0)
    rows = int(known.sum())
    table = np.zeros((4, 5))
    np.add.at(table, (one[known], other[known]), 1)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    r, k = table.shape
    if r < 2 or k < 2:
        assert value is None
        return
    phi2 = chi2_contingency(table, correction=False).statistic / rows
    phi2 = max(0.0, phi2 - (r - 1) * (k - 1) / (rows - 1))
    smaller = min(r - (r - 1) ** 2 / (rows - 1), k - (k - 1) ** 2 / (rows - 1)) - 1
    if smaller <= 1e-12:
        return
    assert value == pytest.approx(min(1.0, np.sqrt(phi2 / smaller)), abs=1e-6)


@given(st.lists(st.tuples(st.integers(-1, 3), st.floats(-1e3, 1e3)), min_size=2, max_size=40))
def test_the_correlation_ratio_is_kelleys(pairs: list[tuple[int, float]]) -> None:
    groups = np.array([group for group, _ in pairs], dtype=np.int32)
    values = np.array([value for _, value in pairs])
    value = correlation_ratio(groups, values)
    kept = values[groups >= 0]
    sets = [values[groups == group] for group in sorted(set(groups.tolist()) - {-1})]
    if len(sets) < 2 or len(sets) == len(kept) or kept.std() < 1e-6:
        return
    within = sum(((each - each.mean()) ** 2).sum() for each in sets) / (len(kept) - len(sets))
    total = ((kept - kept.mean()) ** 2).sum() / (len(kept) - 1)
    assert value == pytest.approx(np.sqrt(max(0.0, 1 - within / total)), abs=1e-6)


def test_a_key_is_no_match() -> None:
    rows = 1_000
    generator = np.random.default_rng(0)
    target: Any = generator.choice(["yes", "no"], rows).astype(object)
    key = Coded(np.arange(rows, dtype=np.int32), tuple(map(str, range(rows))))
    profile = profile_table({"key": ("text", key)}, target=("text", target))
    assert profile["key"].target is None or profile["key"].target.value < 0.1
    assert profile_table({"key": ("text", key)}, target=("float", generator.normal(size=rows)))["key"].target is None


def test_what_does_not_vary_goes_with_nothing() -> None:
    constant, varying = np.full(5, 0.1), np.arange(5.0)
    assert pearson(constant, varying) is None
    assert pearson(np.array([np.nan] * 5), varying) is None
    assert cramers_v(np.zeros(5, dtype=np.int32), np.arange(5, dtype=np.int32)) is None
    assert cramers_v(np.full(5, -1, dtype=np.int32), np.arange(5, dtype=np.int32)) is None
    assert correlation_ratio(np.array([0, 0, 1, 1, 1], dtype=np.int32), constant) is None


def test_the_kind_follows_the_types() -> None:
    text = Coded.of(["a", "b", "a", "b", "a", "b"])
    numbers = np.array([1.0, 5.0, 2.0, 6.0, 1.5, 5.5])
    truth = np.array([1.0, 0.0, 1.0, 0.0, 1.0, np.nan])
    kinds = {
        ("text", "text"): "cramers_v",
        ("text", "float"): "correlation_ratio",
        ("float", "text"): "eta",
        ("text", "bool"): "cramers_v",
        ("bool", "text"): "cramers_v",
        ("bool", "float"): "pearson",
        ("float", "float"): "pearson",
    }
    values: dict[str, Any] = {"text": text, "float": numbers, "bool": truth}
    for (column, target), kind in kinds.items():
        found = associate(values[column], values[target], column_dtype=column, target_dtype=target)  # type: ignore[arg-type]
        assert found is not None
        assert found.kind == kind


def test_the_target_has_no_association_with_itself() -> None:
    table: Any = {"x": ("float", np.arange(4.0)), "y": ("float", -np.arange(4.0))}
    profile = profile_table(table, target="y")
    assert profile["y"].target is None
    assert profile["x"].target is not None
    assert profile["x"].target.value == pytest.approx(-1.0)
