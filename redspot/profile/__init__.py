"""What columns hold, in a few numbers: distributions, missing values, ties to a target, drift from a reference."""

from __future__ import annotations

from redspot.profile.column import Association, ColumnProfile, Drift, Histogram
from redspot.profile.drifting import drift
from redspot.profile.errors import InvalidProfileError
from redspot.profile.profiling import profile_lists, profile_table, profile_values
from redspot.profile.table import Profile
from redspot.profile.values import Coded

__all__ = [
    "Association",
    "Coded",
    "ColumnProfile",
    "Drift",
    "Histogram",
    "InvalidProfileError",
    "Profile",
    "drift",
    "profile_lists",
    "profile_table",
    "profile_values",
]
