"""Metrics by name, and which way is better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from redspot.pipeline.column import listed
from redspot.pipeline.errors import UnknownMetricError
from redspot.pipeline.evaluation.classification import classification_scorer
from redspot.pipeline.evaluation.outcome import Outcome, Task
from redspot.pipeline.evaluation.ranking import ranking_scorer
from redspot.pipeline.evaluation.regression import regression_scorer
from redspot.pipeline.evaluation.scoring import Scorer

# A bias is best at zero, so it is neither.
_LOSSES = frozenset({"log_loss", "brier", "mae", "rmse", "medae", "mape"})
_NEITHER = frozenset({"bias"})

# What stands for all metrics where one number has to.
HEADLINES: Mapping[Task, str] = {
    "binary": "accuracy",
    "multiclass": "accuracy",
    "regression": "r2",
    "ranking": "ndcg@10",
}


def scorer(outcome: Outcome) -> Scorer:
    """Return the metrics that suit the task."""
    if outcome.task == "ranking":
        return ranking_scorer(outcome)
    return regression_scorer(outcome) if outcome.task == "regression" else classification_scorer(outcome)


def metrics(outcome: Outcome) -> dict[str, float]:
    """Return each metric that is defined on the rows."""
    prepared = scorer(outcome)
    scores = prepared.compute(np.ones((1, prepared.units)))
    return {name: float(values[0]) for name, values in scores.items() if np.isfinite(values[0])}


def gain(name: str, before: float, after: float) -> float:
    """Return how much better `after` is than `before`; negative when it is worse.

    Examples
    --------
    >>> gain("accuracy", 0.5, 0.75), gain("mae", 1.0, 3.0)
    (0.25, -2.0)
    """
    if name in _NEITHER:
        return abs(before) - abs(after)
    return before - after if name in _LOSSES else after - before


def require_metric(name: str, known: Iterable[str]) -> str:
    """Return the name of a metric that exists.

    Raises
    ------
    UnknownMetricError
        When there is none by that name on these data; the message lists those that are.
    """
    names = list(known)
    if name not in names:
        raise UnknownMetricError(f"No metric {name!r} on these data; there are {listed(names)}.", metric=name)
    return name
