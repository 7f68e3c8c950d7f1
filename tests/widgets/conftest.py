"""Graphs to draw."""

from __future__ import annotations

from typing import Any

import pytest
from palmerpenguins import load_penguins
from sklearn.linear_model import LogisticRegression

from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, scale


@pytest.fixture(scope="session")
def fitted() -> Pipeline:
    """A fitted classifier of penguins, with metrics."""
    penguins: Any = load_penguins()
    pipeline = Pipeline(
        numbers=branch("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
        .then(impute("median"))
        .then(scale()),
        words=branch("island", "sex").then(one_hot()),
        model=estimate(LogisticRegression(max_iter=500)),
    ).fit(penguins, "species")
    pipeline.evaluate(penguins, "species")
    return pipeline
