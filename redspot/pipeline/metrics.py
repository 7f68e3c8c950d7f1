"""How good predictions are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def classification_metrics(
    truth: NDArray[np.generic],
    predicted: NDArray[np.generic],
    probabilities: NDArray[np.float64] | None,
    classes: NDArray[np.generic],
) -> dict[str, float]:
    """Return accuracy, macro F1 and, where every true label has a probability, the log loss."""
    from sklearn.metrics import accuracy_score, f1_score, log_loss

    metrics = {
        "accuracy": float(accuracy_score(truth, predicted)),
        "f1_macro": float(f1_score(truth, predicted, average="macro", zero_division=0.0)),
    }
    if probabilities is not None and np.isin(truth, classes).all():
        metrics["log_loss"] = float(log_loss(truth, probabilities, labels=classes))
    return metrics


def regression_metrics(truth: NDArray[np.float64], predicted: NDArray[np.float64]) -> dict[str, float]:
    """Return mean absolute error, root mean squared error and, from two rows on, R²."""
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    metrics = {
        "mae": float(mean_absolute_error(truth, predicted)),
        "rmse": float(root_mean_squared_error(truth, predicted)),
    }
    if len(truth) > 1:
        metrics["r2"] = float(r2_score(truth, predicted))
    return metrics
