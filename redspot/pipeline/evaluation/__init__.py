"""How good a fitted pipeline is: metrics with intervals, by slice, and what pictures of them need."""

from __future__ import annotations

from redspot.pipeline.evaluation.evaluating import evaluate
from redspot.pipeline.evaluation.report import Evaluation

__all__ = ["Evaluation", "evaluate"]
