"""Pipelines: one graph of named steps from raw columns to predictions, and one safe file format.

Each name is imported when it is first used, so that a server that answers with a few steps loads only those.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

# Name → module.
_HOMES = {
    "Branch": "branches",
    "ParityReport": "parity",
    "Pipeline": "pipeline",
    "Schema": "schema",
    "branch": "branches",
    "estimate": "estimating",
    "impute": "imputing",
    "join": "branches",
    "load": "loading",
    "loads": "loading",
    "one_hot": "encoding",
    "parse_number": "parsing",
    "render_svg": "picture",
    "scale": "scaling",
    "select": "selecting",
    "step": "custom",
}

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


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"redspot.pipeline has no {name!r}; it has {', '.join(__all__)}.")
    found: object = getattr(import_module(f"redspot.pipeline.{_HOMES[name]}"), name)
    # The next look finds it at once.
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
