"""What pictures of an outcome are drawn from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.evaluation.outcome import Outcome
from redspot.profile.column import Histogram
from redspot.profile.distribution import histogram
from redspot.profile.values import spread

MAX_CURVE = 101
MAX_POINTS = 500
MAX_LABELS = 50
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each true label (rows) got each predicted one (columns).

    With more than 50 labels the rarer ones are the last, ``other``.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {"labels": list(self.labels), "counts": [list(row) for row in self.counts]}


@dataclass(frozen=True, slots=True)
class Roc:
    """False and true positive rates from the highest threshold to the lowest, at most 101 points."""

    fpr: tuple[float, ...]
    tpr: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the curve as JSON."""
        return {"fpr": list(self.fpr), "tpr": list(self.tpr)}


@dataclass(frozen=True, slots=True)
class PredictedActual:
    """Predicted and true numbers of at most 500 rows at even distances."""

    predicted: tuple[float, ...]
    actual: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the points as JSON."""
        return {name: list(values) for name, values in asdict(self).items()}


def confusion(outcome: Outcome) -> Confusion | None:
    """Return the confusion of a classifier."""
    if outcome.classes is None:
        return None
    labels, codes = np.unique(np.concatenate([outcome.classes, outcome.truth, outcome.predicted]), return_inverse=True)
    codes, rows = codes[len(outcome.classes) :], len(outcome)
    names = [str(label) for label in labels.tolist()]
    if len(names) > MAX_LABELS:
        frequent = np.argsort(-np.bincount(codes[:rows], minlength=len(names)), kind="stable")[: MAX_LABELS - 1]
        kept = np.sort(frequent)
        moved = np.full(len(names), len(kept))
        moved[kept] = np.arange(len(kept))
        codes, names = moved[codes], [*(names[code] for code in kept.tolist()), OTHER]
    cells = np.bincount(codes[:rows] * len(names) + codes[rows:], minlength=len(names) ** 2)
    table = cells.reshape(len(names), len(names)).tolist()
    return Confusion(tuple(names), tuple(tuple(row) for row in table))


def roc(outcome: Outcome) -> Roc | None:
    """Return the ROC curve of a classifier of two classes, where both occur."""
    if outcome.task != "binary" or outcome.probabilities is None or not outcome.is_known:
        return None
    positive = outcome.is_positive
    if positive.all() or not positive.any():
        return None
    order = np.argsort(-outcome.probabilities[:, 1], kind="stable")
    scores = outcome.probabilities[order, 1]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    hits = np.concatenate([[0], np.cumsum(positive[order])[last]])
    alarms = np.concatenate([[0], last + 1]) - hits
    points = _corners(alarms, hits)
    fpr, tpr = alarms[points] / alarms[-1], hits[points] / hits[-1]
    if len(points) > MAX_CURVE:
        # At even distances along the curve, so that neither steep nor flat parts lose their shape.
        walked = fpr + tpr
        near = np.searchsorted(walked, np.linspace(0.0, walked[-1], MAX_CURVE))
        chosen = np.unique(np.clip(near, 0, len(points) - 1))
        fpr, tpr = fpr[chosen], tpr[chosen]
    return Roc(tuple(fpr.tolist()), tuple(tpr.tolist()))


def residuals(outcome: Outcome) -> Histogram | None:
    """Return the distribution of true minus predicted numbers."""
    if outcome.task != "regression":
        return None
    errors = np.sort(outcome.truth.astype(np.float64) - outcome.predicted.astype(np.float64))
    return histogram(errors, float(errors[0]), float(errors[-1]))


def predicted_actual(outcome: Outcome) -> PredictedActual | None:
    """Return some predicted numbers with the true ones."""
    if outcome.task != "regression":
        return None
    rows = spread(len(outcome), MAX_POINTS)
    return PredictedActual(_floats(outcome.predicted[rows]), _floats(outcome.truth[rows]))


def _corners(x: NDArray[np.intp], y: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the points that are not on the straight line between their neighbours."""
    dx, dy = np.diff(x), np.diff(y)
    is_corner = dx[1:] * dy[:-1] != dx[:-1] * dy[1:]
    return np.concatenate([[0], np.flatnonzero(is_corner) + 1, [len(x) - 1]])


def _floats(values: NDArray[np.generic]) -> tuple[float, ...]:
    return tuple(values.astype(np.float64).tolist())
