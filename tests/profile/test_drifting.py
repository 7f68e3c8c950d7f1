"""Drift against brute force and against scipy."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

import redspot.profile
from redspot.profile import Coded, Drift, Profile, drift, profile_table
from redspot.profile.drifting import population_stability, verdict

VALUES = st.lists(st.one_of(st.floats(-100, 100), st.integers(-3, 3).map(float)), min_size=1, max_size=80)


def moved(reference: Any, current: Any, dtype: Any = "float") -> Drift:
    """Return the drift of one column between two arrays."""
    then = profile_table({"x": (dtype, reference)})
    found = drift(then, {"x": (dtype, current)})["x"].drift
    assert found is not None
    return found


@given(VALUES)
def test_nothing_drifts_from_itself(values: list[float]) -> None:
    found = moved(np.array(values), np.array(values))
    assert found.psi == pytest.approx(0.0, abs=1e-12)
    assert found.ks == pytest.approx(0.0, abs=1e-12)
    assert found.verdict == "none"


@given(VALUES, VALUES)
@settings(max_examples=200)
def test_ks_is_never_more_than_the_exact_one(reference: list[float], current: list[float]) -> None:
    found = moved(np.array(reference), np.array(current))
    points = np.array([*reference, *current])
    exact = max(abs(np.mean(np.array(reference) <= x) - np.mean(np.array(current) <= x)) for x in points)
    assert found.ks is not None
    assert 0 <= found.ks <= exact + 1e-9
    assert found.psi >= 0


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5, 2.0])
def test_ks_is_close_to_that_of_scipy_on_smooth_data(shift: float) -> None:
    generator = np.random.default_rng(0)
    reference, current = generator.normal(size=5_000), generator.normal(shift, size=5_000)
    assert moved(reference, current).ks == pytest.approx(ks_2samp(reference, current).statistic, abs=0.04)


def test_the_index_is_its_definition() -> None:
    found = moved(np.repeat([1.0, 2.0], 50), np.repeat([1.0, 2.0], [25, 75]), "int")
    assert found.psi == pytest.approx((0.25 - 0.5) * np.log(0.25 / 0.5) + (0.75 - 0.5) * np.log(0.75 / 0.5))
    assert found.ks == pytest.approx(0.25)
    assert found.verdict == "strong"


@given(st.lists(st.integers(0, 50), min_size=2, max_size=10), st.lists(st.integers(0, 50), min_size=10, max_size=10))
def test_the_index_of_shares_is_written_out(reference: list[int], current: list[int]) -> None:
    r, c = np.array(reference, dtype=float), np.array(current[: len(reference)], dtype=float)
    r, c = r / max(r.sum(), 1), c / max(c.sum(), 1)
    brute = sum((max(b, 1e-4) - max(a, 1e-4)) * np.log(max(b, 1e-4) / max(a, 1e-4)) for a, b in zip(r, c, strict=True))
    assert population_stability(r, c) == pytest.approx(brute)


def test_verdicts_change_at_the_customary_thresholds() -> None:
    assert [verdict(psi) for psi in (0.0, 0.0999, 0.1, 0.2499, 0.25, 9.0)] == [
        *("none", "none", "some", "some", "strong", "strong")
    ]


def test_values_that_go_missing_are_drift() -> None:
    reference = np.arange(100.0)
    current = np.where(np.arange(100) < 40, np.nan, reference[::-1])
    assert moved(reference, current).verdict == "strong"
    gone = moved(reference, np.full(100, np.nan))
    assert (gone.verdict, gone.ks) == ("strong", None)
    assert moved(np.full(100, np.nan), reference).verdict == "strong"
    assert moved(np.full(100, np.nan), np.full(9, np.nan)).verdict == "none"


def test_an_outlier_in_the_reference_hides_no_drift() -> None:
    generator = np.random.default_rng(0)
    reference = np.append(generator.lognormal(size=5_000), 1e9)
    found = moved(reference, 3 * generator.lognormal(size=5_000))
    assert found.verdict == "strong"
    assert found.ks is not None
    assert found.ks > 0.3


def test_labels_drift_by_their_shares() -> None:
    reference, same = Coded.of(["a", "b"] * 50), Coded.of(["b", "a"] * 10)
    assert moved(reference, same, "text") == Drift(0.0, None, "none")
    assert moved(reference, Coded.of(["a", "b", "new", "new"] * 5), "text").verdict == "strong"
    assert moved(np.array([1.0, 0.0] * 50), np.array([1.0] * 9 + [0.0]), "bool").verdict == "strong"


def test_two_profiles_are_compared_too() -> None:
    generator = np.random.default_rng(0)
    then: Any = {"x": ("float", generator.normal(size=3_000)), "t": ("text", Coded.of(["a", "b", "b"] * 1_000))}
    now: Any = {"x": ("float", generator.normal(1.0, size=3_000)), "t": ("text", Coded.of(["a", "b"] * 1_500))}
    reference = Profile.of_json(json.loads(json.dumps(profile_table(then).to_json())))
    by_values, by_profile = drift(reference, now), drift(reference, profile_table(now))
    assert by_values["t"].drift == by_profile["t"].drift
    exact, close = by_values["x"].drift, by_profile["x"].drift
    assert exact is not None
    assert close is not None
    assert close.psi == pytest.approx(exact.psi, rel=0.1)
    assert close.ks == pytest.approx(exact.ks, abs=0.03)
    assert by_profile.to_json()["columns"][0]["drift"] == {"psi": close.psi, "ks": close.ks, "verdict": "strong"}


def test_what_cannot_be_compared_has_no_drift() -> None:
    reference = profile_table({"x": ("float", np.arange(9.0)), "none": ("float", np.zeros(9))})
    current: Any = {"x": ("text", Coded.of(["a"] * 4)), "new": ("float", np.zeros(4))}
    assert [column.drift for column in drift(reference, current).columns] == [None, None]
    assert drift(reference, {"x": ("float", np.empty(0))})["x"].drift is None


def test_the_examples_in_the_docstrings_run() -> None:
    names = [f"redspot.profile.{module.name}" for module in iter_modules(redspot.profile.__path__)]
    results = [doctest.testmod(import_module(name)) for name in names]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) >= 10


def test_importing_profiles_imports_numpy_only() -> None:
    program = "import redspot.profile, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"numpy", "sklearn", "pandas", "polars", "narwhals", "scipy"}
    assert heavy & set(done.stdout.split()) == {"numpy"}
