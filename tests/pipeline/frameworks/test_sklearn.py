"""scikit-learn's transformers in the middle of a pipeline, and what comes from where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.preprocessing import Normalizer, PowerTransformer, QuantileTransformer

from redspot.pipeline import Pipeline, branch, estimate, loads

RANDOM = np.random.default_rng(0)
COLUMNS: dict[str, Any] = {"a": RANDOM.normal(size=60), "b": RANDOM.normal(size=60), "c": np.ones(60)}


def origins_of(transformer: Any) -> dict[str, tuple[str, ...]]:
    pipeline = Pipeline(x=branch("a", "b", "c"), between=estimate(transformer), model=estimate(Ridge()))
    pipeline.fit(COLUMNS, COLUMNS["a"])
    found = {feature.name: feature.columns for feature in pipeline.features("between")}
    again = loads(pipeline.dumps())
    assert {feature.name: feature.columns for feature in again.features("between")} == found
    return found


@pytest.mark.parametrize(
    "transformer",
    [SimpleImputer(), PowerTransformer(), QuantileTransformer(n_quantiles=10)],
    ids=lambda e: type(e).__name__,
)
def test_a_column_wise_transformer_keeps_the_origin_of_each_column(transformer: Any) -> None:
    assert origins_of(transformer) == {"a": ("a",), "b": ("b",), "c": ("c",)}


def test_a_selection_keeps_the_origin_of_what_is_left() -> None:
    assert origins_of(VarianceThreshold()) == {"a": ("a",), "b": ("b",)}


@pytest.mark.parametrize("transformer", [PCA(2), Normalizer()], ids=lambda e: type(e).__name__)
def test_a_transformer_that_mixes_columns_comes_from_all(transformer: Any) -> None:
    assert set(origins_of(transformer).values()) == {("a", "b", "c")}
