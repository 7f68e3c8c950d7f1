"""Pipelines: one graph of named steps from raw columns to predictions, and one safe file format.

Each name is imported when it is first used, so that a server that answers with a few steps loads only those.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redspot.pipeline.branches import Branch, branch, join
    from redspot.pipeline.estimating import estimate
    from redspot.pipeline.frameworks.keras_estimator import KerasClassifier, KerasRegressor
    from redspot.pipeline.frameworks.onnx_model import OnnxModel
    from redspot.pipeline.frameworks.torch_estimator import TorchClassifier, TorchRegressor
    from redspot.pipeline.frameworks.torch_modules import mlp, module
    from redspot.pipeline.loading import load, loads
    from redspot.pipeline.parity import ParityReport
    from redspot.pipeline.picture import render_svg
    from redspot.pipeline.pipeline import Pipeline
    from redspot.pipeline.schema import Schema
    from redspot.pipeline.steps.bins import bin
    from redspot.pipeline.steps.clipping import clip
    from redspot.pipeline.steps.custom import step
    from redspot.pipeline.steps.encoding import one_hot
    from redspot.pipeline.steps.imputing import impute
    from redspot.pipeline.steps.logarithm import log
    from redspot.pipeline.steps.parsing import parse_number
    from redspot.pipeline.steps.powers import power
    from redspot.pipeline.steps.products import interact, polynomial
    from redspot.pipeline.steps.scaling import scale
    from redspot.pipeline.steps.selecting import select

# Name → module.
_HOMES = {
    "Branch": "branches",
    "KerasClassifier": "frameworks.keras_estimator",
    "KerasRegressor": "frameworks.keras_estimator",
    "OnnxModel": "frameworks.onnx_model",
    "ParityReport": "parity",
    "Pipeline": "pipeline",
    "Schema": "schema",
    "TorchClassifier": "frameworks.torch_estimator",
    "TorchRegressor": "frameworks.torch_estimator",
    "bin": "steps.bins",
    "branch": "branches",
    "clip": "steps.clipping",
    "estimate": "estimating",
    "impute": "steps.imputing",
    "interact": "steps.products",
    "join": "branches",
    "load": "loading",
    "loads": "loading",
    "log": "steps.logarithm",
    "mlp": "frameworks.torch_modules",
    "module": "frameworks.torch_modules",
    "one_hot": "steps.encoding",
    "parse_number": "steps.parsing",
    "polynomial": "steps.products",
    "power": "steps.powers",
    "render_svg": "picture",
    "scale": "steps.scaling",
    "select": "steps.selecting",
    "step": "steps.custom",
}

__all__ = [
    "Branch",
    "KerasClassifier",
    "KerasRegressor",
    "OnnxModel",
    "ParityReport",
    "Pipeline",
    "Schema",
    "TorchClassifier",
    "TorchRegressor",
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
    "mlp",
    "module",
    "one_hot",
    "parse_number",
    "polynomial",
    "power",
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
