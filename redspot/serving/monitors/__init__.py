"""Monitors: what the events of an endpoint say about its health, beside what its pipeline learned from."""

from redspot.serving.monitors.reference import Reference
from redspot.serving.monitors.signal import Severity, Signal, Span, carried
from redspot.serving.monitors.thresholds import Threshold, Thresholds
from redspot.serving.monitors.watching import watch
from redspot.serving.monitors.window import Window

__all__ = ["Reference", "Severity", "Signal", "Span", "Threshold", "Thresholds", "Window", "carried", "watch"]
