"""What the pipeline answers, beside what it answered before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from redspot.pipeline.schema import Schema
from redspot.profile.drifting import drift
from redspot.profile.profiling import profile_table
from redspot.profile.table import Profile
from redspot.profile.values import Dtype, Values
from redspot.registry.figures import LabelScores, NumberScores, Scores, stability
from redspot.serving.monitors.inputs import FREE_BINS
from redspot.serving.monitors.signal import Signal, Span
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


def watch_counts(
    now: Mapping[str, Scores], answers: Sequence[Mapping[str, Any]], schema: Schema, span: Span, thresholds: Thresholds
) -> tuple[Signal, ...]:
    """Return ``score-drift`` by what replicas count of their answers, where no events are kept.

    Parameters
    ----------
    now
        By name of the output, as `redspot.serving.scores` counts them.
    answers
        What is right to compare with, such as those of a parity set.
    """
    signals = []
    for name, before in counted(answers, schema, now).items():
        moved = stability(before, now[name])
        if moved is not None and moved.rows >= min(thresholds.min_rows, len(answers)):
            limit = thresholds.score_psi.raised(moved.by_chance)
            signals.append(judged("score-drift", moved.psi, limit, span, subject=name))
    return tuple(signals)


def counted(answers: Sequence[Mapping[str, Any]], schema: Schema, like: Mapping[str, Scores]) -> dict[str, Scores]:
    """Return how answers are distributed, counted at the same edges as others."""
    counts: dict[str, Scores] = {}
    for name, (_, values) in _columns(answers, schema).items() if answers else ():
        known, given = like.get(name), [value for value in np.asarray(values).tolist() if value is not None]
        if isinstance(known, LabelScores):
            labels = [str(value) for value in given]
            counts[name] = LabelScores({label: float(labels.count(label)) for label in set(labels)})
        elif isinstance(known, NumberScores):
            places = [bisect_right(known.edges, value) for value in given if not np.isnan(value)]
            each = np.bincount(np.array(places, dtype=np.int64), minlength=len(known.counts))
            counts[name] = NumberScores(known.edges, tuple(map(float, each)))
    return counts


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
