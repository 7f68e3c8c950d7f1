"""Data that several tests of pipelines share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression

from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, scale


@pytest.fixture
def penguins() -> Any:
    """Real measurements of 344 penguins, with some values and some sexes missing."""
    from palmerpenguins import load_penguins

    return load_penguins()


@pytest.fixture
def classifier() -> Pipeline:
    """A pipeline for `penguins`, not fitted."""
    return Pipeline(
        numbers=branch("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
        .then(impute("median"))
        .then(scale()),
        words=branch("island", "sex").then(one_hot()),
        model=estimate(LogisticRegression(max_iter=500)),
    )


@pytest.fixture
def listings_file() -> Path:
    """The Airbnb listings of Washington DC; absent from a plain checkout, required in CI."""
    root = Path(__file__).parents[2]
    folder = Path(os.environ.get("REDSPOT_TEST_DATA", root.parent / "shared" / "data"))
    file = folder / "airbnb-dc-listings.csv.gz"
    if not file.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{file} is absent, and CI needs it")
        pytest.skip(f"{file} is absent; REDSPOT_TEST_DATA names another folder")
    return file
