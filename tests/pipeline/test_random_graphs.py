"""Graphs drawn at random, on rows drawn at random: one row, many rows, the framework and the file agree."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

SLOW = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)
