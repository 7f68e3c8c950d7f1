"""Models as plain arrays: what is left of a fitted estimator when only answers are wanted."""

from __future__ import annotations

from redspot.pipeline.compiled.linear import LinearModel
from redspot.pipeline.compiled.model import Model, model_of_document
from redspot.pipeline.compiled.trees import TreeModel

__all__ = ["LinearModel", "Model", "TreeModel", "model_of_document"]
