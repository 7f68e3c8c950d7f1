"""Sketches: small summaries of many values that can be merged."""

from __future__ import annotations

from redspot.features.sketches.distinct import DistinctSketch
from redspot.features.sketches.quantile import QuantileSketch

__all__ = ["DistinctSketch", "QuantileSketch"]
