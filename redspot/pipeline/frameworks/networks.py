"""What estimators around a network share, whichever library computes it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from redspot.pipeline.compiled import links
from redspot.pipeline.errors import InvalidTargetError


class Network:
    """Reads float32, tells classes by their numbers, and learns numbers with mean 0 and deviation 1.

    Attributes
    ----------
    classes_
        Of a classifier: labels in the order of the probabilities.
    target_mean_, target_scale_
        Of a regressor: mean and deviation of the target.
    """

    classes_: NDArray[np.generic]
    target_mean_: float
    target_scale_: float

    def _read(self, X: Any, *y: Any, **options: Any) -> Any:  # noqa: N803  scikit-learn's name
        """Return the inputs as float32, to learn from with a target, and to answer without."""
        # Numbers at the end of float32 overflow in the sum by which scikit-learn looks for what is not finite.
        found = validate_data(
            self, X, *y, dtype=np.float32, order="C", reset=bool(y), ensure_all_finite=False, **options
        )
        if not np.isfinite(found[0] if y else found).all():
            raise ValueError(f"Input X of {type(self).__name__} contains NaN or infinity.")
        return found

    def _codes(self, y: Any) -> NDArray[np.intp]:
        """Learn the classes, and return the number of each row's."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise InvalidTargetError("A classifier learns to tell classes apart, and the target has one only.")
        return codes

    def _labels(self, likely: NDArray[np.float64]) -> NDArray[np.generic]:
        """Return the label of the highest probability of each row."""
        return self.classes_[links.first_of_top(likely)]

    def _scaled(self, y: Any) -> NDArray[np.float32]:
        """Learn where numbers lie and how far they spread, and return them scaled: float32, shape (rows, 1)."""
        numbers = np.asarray(y, dtype=np.float64)
        self.target_mean_, self.target_scale_ = float(numbers.mean()), float(numbers.std()) or 1.0
        return ((numbers - self.target_mean_) / self.target_scale_).astype(np.float32)[:, np.newaxis]

    def _unscaled(self, answers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return answers of shape (rows, 1) in the target's own unit: float64, shape (rows,)."""
        return answers[:, 0] * self.target_scale_ + self.target_mean_
