"""What the pipeline answers, beside what it answered before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from redspot.pipeline.schema import Schema
from redspot.profile.drifting import drift
from redspot.profile.profiling import profile_table
from redspot.profile.table import Profile
from redspot.profile.values import Dtype, Values
from redspot.serving.monitors.inputs import FREE_BINS
from redspot.serving.monitors.signal import Signal
from redspot.serving.monitors.thresholds import Thresholds, judged
from redspot.serving.monitors.window import Window

PREDICTION, PROBABILITY = "prediction", "probability"


def score_profile(answers: Sequence[Mapping[str, Any]], schema: Schema) -> Profile:
    """Return the profile of answers.

    Its columns are ``prediction`` and, where the pipeline gives probabilities, ``probability``: that of the second of
    two classes, or that of the likeliest of more.
    """
    return profile_table(_columns(answers, schema))


def watch_scores(window: Window, schema: Schema, before: Profile, thresholds: Thresholds) -> tuple[Signal, ...]:
    """Return ``score-drift`` of predictions and of probabilities; nothing when there are too few rows."""
    if len(window.outputs) < thresholds.min_rows or PREDICTION in window.redacted:
        return ()
    now = drift(before, _columns(window.outputs, schema))
    limit = thresholds.score_psi.raised(FREE_BINS * (1 / now.rows + 1 / before.rows))
    return tuple(
        judged("score-drift", column.drift.psi, limit, window.span, subject=column.name)
        for column in now.columns
        if column.drift is not None
    )


def _columns(answers: Sequence[Mapping[str, Any]], schema: Schema) -> dict[str, tuple[Dtype, Values]]:
    predictions = [answer[PREDICTION] for answer in answers]
    if schema.task != "classification":
        return {PREDICTION: ("float", np.array([_number(value) for value in predictions], dtype=np.float64))}
    labels = np.array([None if value is None else str(value) for value in predictions], dtype=object)
    columns: dict[str, tuple[Dtype, Values]] = {PREDICTION: ("text", labels)}
    if schema.has_probabilities:
        likely = [_likely(answer.get("probabilities")) for answer in answers]
        columns[PROBABILITY] = ("float", np.array(likely, dtype=np.float64))
    return columns


def _likely(probabilities: object) -> float:
    if not isinstance(probabilities, Mapping) or not probabilities:
        return np.nan
    values = [_number(value) for value in probabilities.values()]
    return values[1] if len(values) == 2 else max(values)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan
