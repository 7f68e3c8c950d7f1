"""The picture of a scikit-learn model that MLflow stored by skops."""

from __future__ import annotations

from typing import Any


def describe_skops(data: bytes) -> dict[str, Any]:
    """Return the description of the pipeline in skops bytes, read with our own list of trusted types.

    Raises
    ------
    RedspotError
        When they name a type that is not on the list, are damaged, or hold what has no graph.
    """
    from redspot.pipeline import Pipeline
    from redspot.pipeline.estimator_file import load_estimator

    return dict(Pipeline.from_sklearn(load_estimator(data, "model")).describe())
