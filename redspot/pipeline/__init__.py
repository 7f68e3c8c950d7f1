"""Pipelines: one graph of named steps from raw columns to predictions, and one safe file format."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from redspot.pipeline.steps.bins import bin
    from redspot.pipeline.steps.clipping import clip
    from redspot.pipeline.steps.logarithm import log
    from redspot.pipeline.steps.powers import power
    from redspot.pipeline.steps.products import interact, polynomial

__all__ = [
    "Branch",
    "ParityReport",
    "Pipeline",
    "Schema",
    "bin",
    "branch",
    "clip",
    "estimate",
    "impute",
    "interact",
    "join",
    "load",
    "loads",
    "log",
    "one_hot",
    "parse_number",
    "polynomial",
    "power",
    "render_svg",
    "scale",
    "select",
    "step",
]

# Steps whose module is imported when they are first named, so that importing this package stays fast.
_MODULES = {
    "bin": "bins",
    "clip": "clipping",
    "interact": "products",
    "log": "logarithm",
    "polynomial": "products",
    "power": "powers",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"redspot.pipeline.steps.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
