"""The report of an evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from redspot.pipeline.evaluation.calibration import Calibration
from redspot.pipeline.evaluation.curves import Confusion, PredictedActual, Roc
from redspot.pipeline.evaluation.outcome import Task
from redspot.pipeline.evaluation.slicing import Slice
from redspot.pipeline.showing import bundle
from redspot.profile.column import Histogram


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Mapping[str, float]):
    """How good predictions are; a mapping of the metrics of all rows.

    Attributes
    ----------
    task
        ``binary``, ``multiclass``, ``regression`` or ``ranking``.
    rows
        How many were judged.
    metrics
        The numbers by name; one that is not defined on the data is not there.
    intervals
        95 % bootstrap intervals, when they were asked for.
    slices
        The metrics of parts of the rows.
    confusion
        Of a classifier.
    calibration, roc
        Of a classifier of two classes with probabilities.
    residuals, predicted_actual
        Of a regressor; residuals are true minus predicted.
    """

    task: Task
    rows: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    slices: tuple[Slice, ...] = ()
    confusion: Confusion | None = None
    calibration: Calibration | None = None
    roc: Roc | None = None
    residuals: Histogram | None = None
    predicted_actual: PredictedActual | None = None

    def __getitem__(self, name: str) -> float:
        return self.metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {value:.4g}" for name, value in self.metrics.items())
        return f"Evaluation({self.task}, {self.rows} rows: {shown})"

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        residuals = self.residuals
        return {
            "task": self.task,
            "rows": self.rows,
            "metrics": dict(self.metrics),
            "intervals": {name: list(bounds) for name, bounds in self.intervals.items()},
            "slices": [each.to_json() for each in self.slices],
            "confusion": self.confusion and self.confusion.to_json(),
            "calibration": self.calibration and self.calibration.to_json(),
            "roc": self.roc and self.roc.to_json(),
            "residuals": residuals and {"edges": list(residuals.edges), "counts": list(residuals.counts)},
            "predicted_actual": self.predicted_actual and self.predicted_actual.to_json(),
        }

    def _repr_html_(self) -> str:
        from redspot.pipeline.pictures import evaluation_html

        return evaluation_html(self.to_json())

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        return bundle("evaluation", self, {"text/plain": repr(self), "text/html": self._repr_html_()}, exclude)
