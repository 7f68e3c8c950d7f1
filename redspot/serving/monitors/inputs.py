"""What callers send, beside what training saw."""

from __future__ import annotations

from collections.abc import Iterator

from redspot.pipeline.frame import Frame
from redspot.pipeline.profiling import profile_of
from redspot.pipeline.schema import Schema
from redspot.profile.column import ColumnProfile
from redspot.profile.drifting import drift
from redspot.profile.table import Profile
from redspot.serving.monitors.signal import Signal
from redspot.serving.monitors.thresholds import Thresholds, judged
from redspot.serving.monitors.window import Window

# Numbers have at most ten bins of their own and one for missing ones; see `redspot.profile.drift`.
FREE_BINS = 10


def watch_inputs(window: Window, schema: Schema, training: Profile, thresholds: Thresholds) -> tuple[Signal, ...]:
    """Return ``missing-share``, ``unseen-share`` and ``input-drift`` of each column.

    Of columns that are redacted, or that have no profile, nothing is told; of none when there are too few rows.
    """
    dtypes = {
        name: dtype for name, dtype in schema.dtypes.items() if name in training.names and name not in window.redacted
    }
    if len(window.inputs) < thresholds.min_rows or not dtypes:
        return ()
    rows = [{name: row.get(name) for name in dtypes} for row in window.inputs]
    now = drift(training, profile_of(Frame.of(rows).table(dtypes)))
    seen = {column.name: column.categories for column in schema.inputs}
    signals: list[Signal] = []
    for column in now.columns:
        before = training[column.name]
        categories = seen[column.name] or _all_of(before)
        texts = [row[column.name] for row in rows if row[column.name] is not None]
        signals += _of_column(window, column, before, thresholds)
        if column.dtype == "text" and categories is not None and texts:
            unseen = sum(text not in categories for text in texts) / len(texts)
            limit = thresholds.unseen_share
            signals.append(judged("unseen-share", unseen, limit, window.span, subject=column.name))
    return tuple(signals)


def _of_column(
    window: Window, column: ColumnProfile, before: ColumnProfile, thresholds: Thresholds
) -> Iterator[Signal]:
    missing = column.missing / column.rows
    usual = before.missing / before.rows if before.rows else 0.0
    limit = thresholds.missing_rise.raised(usual)
    yield judged("missing-share", missing, limit, window.span, subject=column.name)
    if column.drift is not None:
        chance = FREE_BINS * (1 / column.rows + 1 / before.rows)
        limit = thresholds.input_psi.raised(chance)
        yield judged("input-drift", column.drift.psi, limit, window.span, subject=column.name)


def _all_of(column: ColumnProfile) -> tuple[str, ...] | None:
    """Return every text that training saw, when the profile kept them all."""
    top = column.top
    is_all = top is not None and column.distinct_exact and column.distinct == len(top)
    return tuple(text for text, _ in top) if is_all and top is not None else None
