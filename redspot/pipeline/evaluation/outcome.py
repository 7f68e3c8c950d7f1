"""What was true beside what a pipeline said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Task = Literal["binary", "multiclass", "regression", "ranking"]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Rows with the truth and the answer.

    Attributes
    ----------
    task
        What kind of answer it is.
    truth, predicted
        Labels, or float64 for regression and ranking.
    probabilities
        float64, shape (rows, classes), where the pipeline gives them.
    classes
        Labels in the order of `probabilities`, for a classifier.
    groups
        Number of the query that each row belongs to, for ranking.
    """

    task: Task
    truth: NDArray[np.generic]
    predicted: NDArray[np.generic]
    probabilities: NDArray[np.float64] | None = None
    classes: NDArray[np.generic] | None = None
    groups: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.truth)

    def take(self, rows: NDArray[np.intp]) -> Outcome:
        """Return some of the rows."""
        return replace(
            self,
            truth=self.truth[rows],
            predicted=self.predicted[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    @property
    def is_known(self) -> bool:
        """Whether every true label is one that the pipeline can say."""
        return self.classes is not None and bool(np.isin(self.truth, self.classes).all())

    @property
    def is_positive(self) -> NDArray[np.bool_]:
        """Whether the true label of each row is the second of two classes."""
        return np.asarray(self.truth == self.positive)

    @property
    def positive(self) -> np.generic:
        """The second of two classes."""
        if self.classes is None or len(self.classes) != 2:
            raise ValueError("only an outcome with two classes has a positive one")
        return self.classes[1]  # type: ignore[no-any-return]
