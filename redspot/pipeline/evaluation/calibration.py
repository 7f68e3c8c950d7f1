"""Whether probabilities mean what they say."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from redspot.pipeline.evaluation.outcome import Outcome

BINS = 10


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows with about the same probability: its mean, and the share of them that are the label."""

    mean_predicted: float
    fraction: float
    rows: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predicted probability against what came true, for the second of two classes.

    Attributes
    ----------
    label
        The class.
    bins
        Ten of equal width between 0 and 1, without the empty ones.
    brier
        Mean squared difference between the probability and what came true.
    ece
        Expected calibration error: the mean distance of `mean_predicted` from `fraction`, by rows.
    """

    label: str
    bins: tuple[CalibrationBin, ...]
    brier: float
    ece: float

    def to_json(self) -> dict[str, Any]:
        """Return the calibration as JSON."""
        data = asdict(self)
        data["bins"] = list(data["bins"])
        return data


def calibrate(outcome: Outcome) -> Calibration | None:
    """Return the calibration of a classifier of two classes that gives probabilities."""
    if outcome.task != "binary" or outcome.probabilities is None or not outcome.is_known:
        return None
    given, truth = outcome.probabilities[:, 1], outcome.is_positive.astype(np.float64)
    codes = np.minimum((given * BINS).astype(np.int64), BINS - 1)
    rows = np.bincount(codes, minlength=BINS)
    used = np.flatnonzero(rows)
    said = np.bincount(codes, weights=given, minlength=BINS)[used] / rows[used]
    true = np.bincount(codes, weights=truth, minlength=BINS)[used] / rows[used]
    bins = tuple(
        CalibrationBin(*values) for values in zip(said.tolist(), true.tolist(), rows[used].tolist(), strict=True)
    )
    ece = float((np.abs(said - true) * rows[used]).sum() / len(truth))
    return Calibration(str(outcome.positive), bins, float(((given - truth) ** 2).mean()), ece)
