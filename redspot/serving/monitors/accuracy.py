"""How good predictions turn out to be, in the pipeline's own metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from redspot.pipeline.column import Dtype
from redspot.pipeline.evaluation.metrics import HEADLINES, gain, metrics
from redspot.pipeline.evaluation.outcome import Outcome, Task
from redspot.pipeline.schema import Schema
from redspot.serving.monitors.signal import Signal
from redspot.serving.monitors.thresholds import Thresholds, judged
from redspot.serving.monitors.window import Window


def watch_accuracy(
    window: Window, schema: Schema, before: Mapping[str, float], thresholds: Thresholds
) -> tuple[Signal, ...]:
    """Return ``labels``, ``unusable-labels`` and, with enough labels, ``live-metric`` of each metric that is defined.

    Only the headline metric is judged: against the one that the pipeline was evaluated with, where there is one.
    """
    outcome, unusable = outcome_of(window, schema)
    rows = 0 if outcome is None else len(outcome)
    counts = (
        judged("labels", rows, None, window.span),
        judged("unusable-labels", unusable, None, window.span),
    )
    if outcome is None or rows < thresholds.min_labels:
        return counts
    headline = HEADLINES[outcome.task]
    signals = []
    for name, value in metrics(outcome).items():
        is_judged = name == headline and name in before
        drop = gain(name, value, before[name]) if is_judged else None
        limit = thresholds.metric_drop if is_judged else None
        signals.append(judged("live-metric", value, limit, window.span, subject=name, by=drop))
    return (*counts, *signals)


def outcome_of(window: Window, schema: Schema) -> tuple[Outcome | None, int]:
    """Return truth beside predictions of the rows that have a label, and how many labels cannot be used."""
    known = [(label, answer) for label, answer in zip(window.labels, window.outputs, strict=True) if label is not None]
    dtype = schema.outputs[0].dtype
    if schema.task == "regression":
        pairs = [(label, answer) for label, answer in known if _is_number(label) and _is_number(answer["prediction"])]
        truth = np.array([label for label, _ in pairs], dtype=np.float64)
        predicted = np.array([answer["prediction"] for _, answer in pairs], dtype=np.float64)
        return Outcome("regression", truth, predicted) if pairs else None, len(known) - len(pairs)
    if schema.task != "classification":
        return None, len(known)
    usable = [(label, answer) for label, answer in known if answer["prediction"] is not None]
    if not usable:
        return None, len(known)
    labels = np.array([_class(label, dtype) for label, _ in usable])
    said = np.array([_class(answer["prediction"], dtype) for _, answer in usable])
    classes = np.array(schema.outputs[0].categories or sorted({*labels.tolist(), *said.tolist()}))
    task: Task = "binary" if len(classes) == 2 and bool(np.isin(labels, classes).all()) else "multiclass"
    likely = _probabilities([answer for _, answer in usable], classes.tolist()) if schema.has_probabilities else None
    return Outcome(task, labels, said, likely, classes), len(known) - len(usable)


def _probabilities(answers: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> Any:
    rows = [answer.get("probabilities") for answer in answers]
    if not all(isinstance(row, Mapping) and all(_is_number(row.get(name)) for name in classes) for row in rows):
        return None
    return np.array([[row[name] for name in classes] for row in rows if row is not None], dtype=np.float64)


def _class(value: Any, dtype: Dtype) -> str:
    """Return a class as the schema writes it: 1.0 and 1 are the same whole number."""
    if dtype == "int" and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
