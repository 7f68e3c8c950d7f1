"""How good a pipeline is on rows that its fitting has not seen, over several folds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from redspot.pipeline.evaluation.evaluating import evaluate
from redspot.pipeline.evaluation.page import number, table
from redspot.pipeline.evaluation.report import Evaluation
from redspot.pipeline.folds import plan_folds
from redspot.pipeline.recording import Recorder
from redspot.pipeline.rows import read_groups, take

if TYPE_CHECKING:
    from redspot.pipeline.pipeline import Pipeline


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidation(Mapping[str, float]):
    """How good a pipeline is over folds; a mapping of the mean of each metric that every fold has.

    Attributes
    ----------
    folds
        The report of each fold.
    mean, std
        By metric, over the folds; the standard deviation is that of the population.
    """

    folds: tuple[Evaluation, ...]

    @property
    def mean(self) -> dict[str, float]:
        """Mean of each metric over the folds."""
        return {name: float(np.mean([fold[name] for fold in self.folds])) for name in self._names}

    @property
    def std(self) -> dict[str, float]:
        """Standard deviation of each metric over the folds."""
        return {name: float(np.std([fold[name] for fold in self.folds])) for name in self._names}

    @property
    def _names(self) -> list[str]:
        return [name for name in self.folds[0] if all(name in fold for fold in self.folds)]

    def __getitem__(self, name: str) -> float:
        return self.mean[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        std = self.std
        shown = ", ".join(f"{name} {value:.4g} ± {std[name]:.2g}" for name, value in self.mean.items())
        return f"CrossValidation({len(self.folds)} folds: {shown})"

    def to_json(self) -> dict[str, Any]:
        """Return means, deviations and the metrics of each fold as JSON."""
        return {
            "task": self.folds[0].task,
            "mean": self.mean,
            "std": self.std,
            "folds": [{"rows": fold.rows, "metrics": dict(fold)} for fold in self.folds],
        }

    def _repr_html_(self) -> str:
        mean, std = self.mean, self.std
        heads = ["metric", "mean", "std", *(f"fold {index + 1}" for index in range(len(self.folds)))]
        rows = [
            [name, number(mean[name]), number(std[name]), *(number(fold[name]) for fold in self.folds)] for name in self
        ]
        page = table(f"{self.folds[0].task}, {len(self.folds)} folds", heads, rows)
        return f'<div class="rsp-evaluation" style="overflow-x:auto">{page}</div>'


def cross_validate(
    pipeline: Pipeline,
    X: object,  # noqa: N803  scikit-learn's name
    y: object = None,
    *,
    folds: int = 5,
    seed: int = 0,
    stratify: bool = True,
    groups: object = None,
    ranking: bool = False,
    recorder: Recorder | None = None,
) -> CrossValidation:
    """Return how good a pipeline is on rows that it was not fitted on; the pipeline itself is left as it is.

    Each fold is judged by a clone that was fitted on all other rows, so nothing that steps learn leaks into the test.

    Parameters
    ----------
    pipeline
        A pipeline that predicts, fitted or not.
    X, y
        Rows and their true values; `y` may name a column of `X`.
    folds, seed
        How many folds, and the seed of the shuffling.
    stratify
        Whether a classifier's folds have about the same share of each label.
    groups
        Name of a column of `X`, or one value for each row: rows of one group stay in one fold.
    ranking
        Whether a regressor is judged by how it ranks the rows of each group.
    recorder
        Is told of each fold.

    Raises
    ------
    InvalidSearchError
        When so many folds cannot be made.
    InvalidTargetError
        When the truth or the groups do not fit the rows.
    """
    from sklearn.base import is_classifier

    frame, truth = pipeline.rows_and_truth(X, y)
    if pipeline.graph.target is not None:
        # The rows that can be judged, with what the target is made of among them.
        X, y = frame, None  # noqa: N806
    codes = None if groups is None else read_groups(frame, groups)
    strata = truth if stratify and is_classifier(pipeline) else None
    reports = []
    for index, test in enumerate(plan_folds(frame.rows, folds, seed, strata=strata, groups=codes)):
        began_s = time.perf_counter()
        train = np.setdiff1d(np.arange(frame.rows), test, assume_unique=True)
        is_inside = y is None or isinstance(y, str)
        fitted = pipeline.clone().fit(take(X, train), y if is_inside else take(y, train))
        report = evaluate(
            fitted,
            take(X, test),
            y if is_inside else take(y, test),
            groups=codes[test] if ranking and codes is not None else None,
        )
        reports.append(report)
        if recorder is not None:
            recorder.record(
                {
                    "kind": "fold",
                    "number": index,
                    "params": {},
                    "metrics": dict(report),
                    "rows": report.rows,
                    "seconds": time.perf_counter() - began_s,
                }
            )
    return CrossValidation(tuple(reports))
