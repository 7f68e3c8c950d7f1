"""Evaluating a pipeline on rows whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.errors import InvalidTargetError, UnsupportedPredictionError
from redspot.pipeline.evaluation.bootstrap import intervals
from redspot.pipeline.evaluation.calibration import calibrate
from redspot.pipeline.evaluation.curves import confusion, predicted_actual, residuals, roc
from redspot.pipeline.evaluation.metrics import metrics
from redspot.pipeline.evaluation.outcome import Outcome
from redspot.pipeline.evaluation.report import Evaluation
from redspot.pipeline.evaluation.slicing import Slice, plan_slices
from redspot.pipeline.frame import Frame
from redspot.pipeline.rows import read_column, read_groups, read_labels, readable

if TYPE_CHECKING:
    from redspot.pipeline.pipeline import Pipeline


def evaluate(
    pipeline: Pipeline,
    X: object,  # noqa: N803  scikit-learn's name
    y: object = None,
    *,
    slices: Sequence[str] = (),
    bootstrap: int = 0,
    seed: int = 0,
    groups: object = None,
) -> Evaluation:
    """Return how good the predictions of a fitted pipeline are.

    Parameters
    ----------
    pipeline
        A fitted classifier or regressor.
    X
        Rows: a pandas or polars frame, a dict of columns or a list of dicts.
    y
        Their true values: a series, an array, a list, or the name of a column of `X`; not needed by a pipeline that has
        a `target` branch.
    slices
        Columns of `X` by whose values the metrics are told too, also such that the pipeline does not read: text, truth
        and few whole numbers by value, other numbers and times by quartile. See
        `redspot.pipeline.evaluation.slicing.plan_slices`.
    bootstrap
        How many times to draw the rows again for 95 % intervals; 0 means no intervals. See
        `redspot.pipeline.evaluation.bootstrap.intervals`.
    seed
        Of the drawing; the same seed gives the same intervals.
    groups
        Which query each row belongs to, as the name of a column or one value for each row. A regressor is then judged
        by how it ranks the rows of each query.

    Raises
    ------
    InvalidTargetError
        When there are no rows, the truth does not fit them, or holds other labels than the classes.
    UnsupportedPredictionError
        When the pipeline neither classifies nor predicts numbers, or groups are given for a classifier.
    NotFittedError, MissingColumnError
        When the pipeline is not fitted, or the data lacks a column.
    """
    frame, truth = pipeline.rows_and_truth(X, y)
    outcome = judge(pipeline, frame, truth, groups=groups)
    return Evaluation(
        task=outcome.task,
        rows=len(outcome),
        metrics=metrics(outcome),
        intervals=intervals(outcome, bootstrap, seed) if bootstrap else {},
        slices=tuple(
            Slice(name, value, len(rows), metrics(outcome.take(rows)))
            for name in slices
            for value, rows in plan_slices(*read_column(frame, name))
        ),
        confusion=confusion(outcome),
        calibration=calibrate(outcome),
        roc=roc(outcome),
        residuals=residuals(outcome),
        predicted_actual=predicted_actual(outcome),
    )


def read_truth(frame: Frame, y: object) -> NDArray[np.generic]:
    """Return the true values of rows.

    Raises
    ------
    InvalidTargetError
        When there are no rows, or no true value for each.
    """
    if y is None or not frame.rows:
        raise InvalidTargetError("Judging a pipeline needs rows and their true values.")
    return read_labels(frame.column(y) if isinstance(y, str) else y, frame.rows)


def judge(pipeline: Pipeline, data: object, truth: NDArray[np.generic], *, groups: object = None) -> Outcome:
    """Return the truth beside what the pipeline says; `data` may have columns that it does not read."""
    schema = pipeline.schema_
    if schema.task == "other":
        raise UnsupportedPredictionError("Only a classifier or a regressor can be compared with true values.")
    rows = readable(data, pipeline.columns)
    if schema.task == "regression":
        if truth.dtype.kind == "U":
            raise InvalidTargetError("The pipeline predicts numbers, and the target holds text.")
        queries = None if groups is None else read_groups(data, groups)
        return Outcome(
            "regression" if queries is None else "ranking",
            truth.astype(np.float64),
            pipeline.predict(rows).astype(np.float64),
            groups=queries,
        )
    if groups is not None:
        raise UnsupportedPredictionError("A classifier gives no scores to rank rows by; leave groups out.")
    classes = np.asarray(pipeline.classes_)
    if truth.dtype.kind != classes.dtype.kind:
        raise InvalidTargetError(f"The target holds other labels than the classes {classes.tolist()}.")
    is_binary = len(classes) == 2 and bool(np.isin(truth, classes).all())
    return Outcome(
        "binary" if is_binary else "multiclass",
        truth,
        pipeline.predict(rows),
        pipeline.predict_proba(rows) if schema.has_probabilities else None,
        classes,
    )
