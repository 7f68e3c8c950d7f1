"""A loaded pipeline as a replica uses it: rows or columns in, plain JSON values out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from redspot.errors import RedspotError
from redspot.pipeline import Pipeline, Schema, load
from redspot.serving.batching import WORTHWHILE_GAIN, WORTHWHILE_ROW_S
from redspot.serving.errors import ParityFailedError

PREDICTION = "prediction"
PROBABILITIES = "probabilities"
# Some ten milliseconds of work: what comes in meanwhile waits no longer than that for its turn.
SLICE_ROWS = 1024
# As many rows as come together in a busy server.
TOGETHER = 16
_LOOK_S = 0.1


class Predictions(Protocol):
    """Answers for some rows.

    Attributes
    ----------
    values
        One per row: labels or numbers.
    classes
        Classes in the order of the columns of `probabilities`.
    probabilities
        Shape (rows, classes); None where the pipeline gives none.
    extras
        The other outputs by name, one value or object per row.
    """

    @property
    def values(self) -> list[Any]: ...  # noqa: D102  told above
    @property
    def classes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def probabilities(self) -> list[list[float]] | None: ...  # noqa: D102
    @property
    def extras(self) -> Mapping[str, list[Any]]: ...  # noqa: D102

    def rows(self) -> list[dict[str, Any]]:
        """Return one object per row, shaped as `Pipeline.predict_one` shapes it."""
        ...


@dataclass(frozen=True, slots=True)
class ColumnPredictions:
    """Answers as columns."""

    values: list[Any]
    classes: tuple[str, ...]
    probabilities: list[list[float]] | None
    extras: Mapping[str, list[Any]] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """Return one object per row."""
        rows: list[dict[str, Any]] = [{PREDICTION: value} for value in self.values]
        for row, likely in zip(rows, self.probabilities or (), strict=self.probabilities is not None):
            row[PROBABILITIES] = dict(zip(self.classes, likely, strict=True))
        for name, values in self.extras.items():
            for row, value in zip(rows, values, strict=True):
                row[name] = value
        return rows


@dataclass(frozen=True, slots=True)
class RowPredictions:
    """Answers as objects, one per row and at least one; columns are made of them when they are asked for."""

    answers: list[dict[str, Any]]
    classes: tuple[str, ...]

    @property
    def values(self) -> list[Any]:
        """Labels or numbers."""
        return [answer[PREDICTION] for answer in self.answers]

    @property
    def probabilities(self) -> list[list[float]] | None:
        """Shape (rows, classes)."""
        if PROBABILITIES not in self.answers[0]:
            return None
        return [list(answer[PROBABILITIES].values()) for answer in self.answers]

    @property
    def extras(self) -> Mapping[str, list[Any]]:
        """The other outputs."""
        names = [name for name in self.answers[0] if name not in (PREDICTION, PROBABILITIES)]
        return {name: [answer[name] for answer in self.answers] for name in names}

    def rows(self) -> list[dict[str, Any]]:
        """Return the objects."""
        return self.answers


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Return the answers for consecutive rows as one; `parts` are not empty."""
    by_row = [part for part in parts if isinstance(part, RowPredictions)]
    if len(by_row) == len(parts):
        return RowPredictions([answer for part in by_row for answer in part.answers], by_row[0].classes)
    values = [value for part in parts for value in part.values]
    likely = None if parts[0].probabilities is None else [row for part in parts for row in part.probabilities or ()]
    extras = {name: [value for part in parts for value in part.extras[name]] for name in parts[0].extras}
    return ColumnPredictions(values, parts[0].classes, likely, extras)


class Predictor:
    """A pipeline that answers.

    Parameters
    ----------
    pipeline
        Fitted, with an estimator at its end.

    Attributes
    ----------
    row_function
        Answers for one row.
    by_row_up_to
        Up to how many rows are answered one by one.
    gains_from_batches
        Whether rows of several requests had better be answered together.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.schema: Schema = pipeline.schema_
        outputs = {output.name: output for output in self.schema.outputs}
        self._has_probabilities = PROBABILITIES in outputs
        self.classes: tuple[str, ...] = outputs[PROBABILITIES].categories or () if self._has_probabilities else ()
        self.has_extras = any(name not in (PREDICTION, PROBABILITIES) for name in outputs)
        self.row_function = pipeline.row_function
        self.by_row_up_to = 1
        self.gains_from_batches = False
        self._extras = tuple(name for name in outputs if name not in (PREDICTION, PROBABILITIES))

    @property
    def sample(self) -> Sequence[Mapping[str, Any]]:
        """Answers that were kept with the pipeline when it was fitted; maybe none."""
        parity = self._pipeline.parity_
        return () if parity is None else parity.answers

    @classmethod
    def open(cls, file: Path, trusted_modules: Sequence[str] = ()) -> Predictor:
        """Load a pipeline file and prove that it answers as it did when it was fitted.

        Raises
        ------
        ParityFailedError
            When a row of the parity set gets another answer here.
        """
        pipeline = load(file, trusted_modules=tuple(trusted_modules))
        report = pipeline.check_parity()
        if not report.ok:
            raise ParityFailedError(
                f"The pipeline gives another answer here than when it was fitted for {report.rows - report.matched}"
                f" of {report.rows} rows kept with it (largest difference {report.max_abs_difference:g});"
                " serve it with the versions of the libraries that it was fitted with.",
                rows=report.rows,
                matched=report.matched,
            )
        predictor = cls(pipeline)
        parity = pipeline.parity_
        if parity is not None and parity.rows:
            row_s = _least_s(lambda: predictor.predict_rows(parity.rows[:1]))
            # A look at slow models must not keep them from getting ready.
            sample = parity.rows[: max(TOGETHER, int(_LOOK_S / row_s))]
            predictor.by_row_up_to = worthwhile_rows(predictor, sample)
            predictor.gains_from_batches = gains_from_batches(predictor, sample)
        return predictor

    def predict_one(self, row: Mapping[str, object]) -> dict[str, Any]:
        """Answer for one row; an absent key means missing."""
        return self.row_function(row)

    def predict(self, data: Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]]) -> Predictions:
        """Answer for a dict of columns, or a list of rows where an absent key means missing."""
        rows = len(next(iter(data.values()), ())) if isinstance(data, Mapping) else len(data)
        if 0 < rows <= self.by_row_up_to:
            try:
                return self.predict_rows(_as_rows(data))
            except RedspotError:
                # The batch path refuses the same rows, and its message says which.
                return self.predict_batch(data)
        return self.predict_batch(data)

    def predict_together(self, rows: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """Answer for several rows by the batch path, in one pass, one object each as `predict_one` gives it."""
        return self._pipeline.answers(rows)

    def of_rows(self, answers: list[dict[str, Any]]) -> RowPredictions:
        """Return answers that were made one by one."""
        return RowPredictions(answers, self.classes)

    def predict_rows(self, rows: Iterable[Mapping[str, object]]) -> RowPredictions:
        """Answer one row after the other."""
        return RowPredictions([self.row_function(row) for row in rows], self.classes)

    def predict_batch(self, data: Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]]) -> ColumnPredictions:
        """Answer all rows together."""
        if self._extras:
            return self._with_extras(self._pipeline.answers(data))
        values = self._pipeline.predict(data).tolist()
        likely = self._pipeline.predict_proba(data).tolist() if self._has_probabilities else None
        return ColumnPredictions(values, self.classes, likely)

    def _with_extras(self, answers: Sequence[Mapping[str, Any]]) -> ColumnPredictions:
        likely = [list(each[PROBABILITIES].values()) for each in answers] if self._has_probabilities else None
        extras = {name: [each[name] for each in answers] for name in self._extras}
        return ColumnPredictions([each[PREDICTION] for each in answers], self.classes, likely, extras)


def worthwhile_rows(predictor: Predictor, sample: Sequence[Mapping[str, object]]) -> int:
    """Return up to how many rows it is faster to answer one by one, as a look at a sample shows.

    A batch costs something before its first row, and a row alone costs its own each time; which of them is
    more depends on the pipeline by some orders of magnitude.
    """
    row_s = _least_s(lambda: predictor.predict_rows(sample)) / len(sample)
    first_s = _least_s(lambda: predictor.predict_batch(sample[:1]))
    all_s = _least_s(lambda: predictor.predict_batch(sample))
    each_s = max(0.0, all_s - first_s) / max(1, len(sample) - 1)
    if row_s <= each_s:
        return SLICE_ROWS
    return max(1, min(SLICE_ROWS, int(first_s / (row_s - each_s))))


def gains_from_batches(predictor: Predictor, sample: Sequence[Mapping[str, object]]) -> bool:
    """Tell whether rows of several requests had better be answered together, as a look at a sample shows."""
    together = sample[:TOGETHER]
    alone_s = _least_s(lambda: predictor.predict_rows(together))
    if alone_s < WORTHWHILE_ROW_S * len(together):
        return False
    return alone_s >= WORTHWHILE_GAIN * _least_s(lambda: predictor.predict_together(together))


def _least_s(function: Callable[[], object], times: int = 2) -> float:
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def _as_rows(data: Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]]) -> Iterable[Mapping[str, object]]:
    if not isinstance(data, Mapping):
        return data
    names = tuple(data)
    # Of arrays, plain Python values: compiled code knows nothing else.
    columns = [values.tolist() if isinstance(values, np.ndarray) else values for values in data.values()]
    return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
