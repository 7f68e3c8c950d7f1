"""All monitors over one window."""

from __future__ import annotations

from redspot.serving.monitors.accuracy import watch_accuracy
from redspot.serving.monitors.inputs import watch_inputs
from redspot.serving.monitors.reference import Reference
from redspot.serving.monitors.scores import watch_scores
from redspot.serving.monitors.signal import Signal
from redspot.serving.monitors.thresholds import Thresholds
from redspot.serving.monitors.traffic import watch_traffic
from redspot.serving.monitors.window import Window


def watch(window: Window, reference: Reference, thresholds: Thresholds | None = None) -> tuple[Signal, ...]:
    """Return what every monitor says of a window, good or bad; a pure function of what it is given."""
    limits = Thresholds() if thresholds is None else thresholds
    schema = reference.schema
    return (
        *watch_traffic(window, limits),
        *(() if reference.inputs is None else watch_inputs(window, schema, reference.inputs, limits)),
        *(() if reference.scores is None else watch_scores(window, schema, reference.scores, limits)),
        *watch_accuracy(window, schema, reference.metrics, limits),
    )
