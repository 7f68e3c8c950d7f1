"""A loaded pipeline as a replica uses it: rows or columns in, plain JSON values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redspot.pipeline import Pipeline, Schema, load
from redspot.serving.errors import ParityFailedError

PREDICTION = "prediction"
PROBABILITIES = "probabilities"


@dataclass(frozen=True, slots=True)
class Predictions:
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

    values: list[Any]
    classes: tuple[str, ...]
    probabilities: list[list[float]] | None
    extras: Mapping[str, list[Any]] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """Return one object per row, shaped as `Pipeline.predict_one` shapes it."""
        rows: list[dict[str, Any]] = [{PREDICTION: value} for value in self.values]
        for row, likely in zip(rows, self.probabilities or (), strict=self.probabilities is not None):
            row[PROBABILITIES] = dict(zip(self.classes, likely, strict=True))
        for name, values in self.extras.items():
            for row, value in zip(rows, values, strict=True):
                row[name] = value
        return rows


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Return the answers for consecutive rows as one; `parts` are not empty."""
    values = [value for part in parts for value in part.values]
    likely = None if parts[0].probabilities is None else [row for part in parts for row in part.probabilities or ()]
    extras = {name: [value for part in parts for value in part.extras[name]] for name in parts[0].extras}
    return Predictions(values, parts[0].classes, likely, extras)


class Predictor:
    """A pipeline that answers.

    Parameters
    ----------
    pipeline
        Fitted, with an estimator at its end.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.schema: Schema = pipeline.schema_
        outputs = {output.name: output for output in self.schema.outputs}
        self._has_probabilities = PROBABILITIES in outputs
        self.classes: tuple[str, ...] = outputs[PROBABILITIES].categories or () if self._has_probabilities else ()
        self.has_extras = any(name not in (PREDICTION, PROBABILITIES) for name in outputs)
        self._extras = tuple(name for name in outputs if name not in (PREDICTION, PROBABILITIES))

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
        return cls(pipeline)

    def predict_one(self, row: Mapping[str, object]) -> dict[str, Any]:
        """Answer for one row; an absent key means missing."""
        return self._pipeline.predict_one(row)

    def predict(self, data: Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]]) -> Predictions:
        """Answer for a dict of columns, or a list of rows where an absent key means missing."""
        if self._extras:
            return self._with_extras(self._pipeline.answers(data))
        values = self._pipeline.predict(data).tolist()
        likely = self._pipeline.predict_proba(data).tolist() if self._has_probabilities else None
        return Predictions(values, self.classes, likely)

    def _with_extras(self, answers: Sequence[Mapping[str, Any]]) -> Predictions:
        likely = [list(each[PROBABILITIES].values()) for each in answers] if self._has_probabilities else None
        extras = {name: [each[name] for each in answers] for name in self._extras}
        return Predictions([each[PREDICTION] for each in answers], self.classes, likely, extras)
