"""Pipelines: one graph of named steps from raw columns to predictions, and one safe file format."""

from __future__ import annotations

from redspot.pipeline.branches import Branch, branch, join
from redspot.pipeline.custom import step
from redspot.pipeline.encoding import one_hot
from redspot.pipeline.estimating import estimate
from redspot.pipeline.imputing import impute
from redspot.pipeline.loading import load, loads
from redspot.pipeline.parity import ParityReport
from redspot.pipeline.parsing import parse_number
from redspot.pipeline.picture import render_svg
from redspot.pipeline.pipeline import Pipeline
from redspot.pipeline.scaling import scale
from redspot.pipeline.schema import Schema
from redspot.pipeline.selecting import select

__all__ = [
    "Branch",
    "ParityReport",
    "Pipeline",
    "Schema",
    "branch",
    "estimate",
    "impute",
    "join",
    "load",
    "loads",
    "one_hot",
    "parse_number",
    "render_svg",
    "scale",
    "select",
    "step",
]
