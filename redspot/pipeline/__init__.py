"""Pipelines: one graph of named steps from raw columns to predictions, and one safe file format.

Each name is imported when it is first used, so that a server that answers with a few steps loads only those.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redspot.pipeline.branches import Branch, branch, join, target
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
    from redspot.pipeline.selectors import Selector, every
    from redspot.pipeline.steps.ages import age
    from redspot.pipeline.steps.bins import bin
    from redspot.pipeline.steps.casting import cast
    from redspot.pipeline.steps.clipping import clip
    from redspot.pipeline.steps.counting import count_encode
    from redspot.pipeline.steps.custom import step
    from redspot.pipeline.steps.distances import distance
    from redspot.pipeline.steps.encoding import one_hot
    from redspot.pipeline.steps.explaining import explain
    from redspot.pipeline.steps.grids import grid_cell
    from redspot.pipeline.steps.hashing import hash_category
    from redspot.pipeline.steps.imputing import impute
    from redspot.pipeline.steps.items import multi_hot
    from redspot.pipeline.steps.lists import list_contains, list_count, parse_list
    from redspot.pipeline.steps.logarithm import log
    from redspot.pipeline.steps.moments import time_cycles, time_parts
    from redspot.pipeline.steps.normalizing import normalize_text
    from redspot.pipeline.steps.ordering import ordinal
    from redspot.pipeline.steps.parsing import parse_number
    from redspot.pipeline.steps.pixels import pixels
    from redspot.pipeline.steps.powers import power
    from redspot.pipeline.steps.products import interact, polynomial
    from redspot.pipeline.steps.scaling import scale
    from redspot.pipeline.steps.selecting import drop, rename, select
    from redspot.pipeline.steps.target_means import target_encode
    from redspot.pipeline.steps.tokens import tokenize
    from redspot.pipeline.steps.word_buckets import hash_words
    from redspot.pipeline.steps.words import count_words, tfidf

# Name → module.
_HOMES = {
    "Branch": "branches",
    "KerasClassifier": "frameworks.keras_estimator",
    "KerasRegressor": "frameworks.keras_estimator",
    "OnnxModel": "frameworks.onnx_model",
    "ParityReport": "parity",
    "Pipeline": "pipeline",
    "Schema": "schema",
    "Selector": "selectors",
    "age": "steps.ages",
    "TorchClassifier": "frameworks.torch_estimator",
    "TorchRegressor": "frameworks.torch_estimator",
    "bin": "steps.bins",
    "branch": "branches",
    "cast": "steps.casting",
    "clip": "steps.clipping",
    "count_encode": "steps.counting",
    "count_words": "steps.words",
    "distance": "steps.distances",
    "drop": "steps.selecting",
    "estimate": "estimating",
    "every": "selectors",
    "explain": "steps.explaining",
    "grid_cell": "steps.grids",
    "hash_category": "steps.hashing",
    "hash_words": "steps.word_buckets",
    "impute": "steps.imputing",
    "interact": "steps.products",
    "join": "branches",
    "list_contains": "steps.lists",
    "list_count": "steps.lists",
    "load": "loading",
    "loads": "loading",
    "log": "steps.logarithm",
    "multi_hot": "steps.items",
    "normalize_text": "steps.normalizing",
    "mlp": "frameworks.torch_modules",
    "module": "frameworks.torch_modules",
    "one_hot": "steps.encoding",
    "ordinal": "steps.ordering",
    "parse_list": "steps.lists",
    "parse_number": "steps.parsing",
    "pixels": "steps.pixels",
    "polynomial": "steps.products",
    "power": "steps.powers",
    "rename": "steps.selecting",
    "render_svg": "picture",
    "scale": "steps.scaling",
    "select": "steps.selecting",
    "step": "steps.custom",
    "target": "branches",
    "target_encode": "steps.target_means",
    "tfidf": "steps.words",
    "time_cycles": "steps.moments",
    "time_parts": "steps.moments",
    "tokenize": "steps.tokens",
}

__all__ = [
    "Branch",
    "KerasClassifier",
    "KerasRegressor",
    "OnnxModel",
    "ParityReport",
    "Pipeline",
    "Schema",
    "Selector",
    "TorchClassifier",
    "TorchRegressor",
    "age",
    "bin",
    "branch",
    "cast",
    "clip",
    "count_encode",
    "count_words",
    "distance",
    "drop",
    "estimate",
    "every",
    "explain",
    "grid_cell",
    "hash_category",
    "hash_words",
    "impute",
    "interact",
    "join",
    "list_contains",
    "list_count",
    "load",
    "loads",
    "log",
    "mlp",
    "module",
    "multi_hot",
    "normalize_text",
    "one_hot",
    "ordinal",
    "parse_list",
    "parse_number",
    "pixels",
    "polynomial",
    "power",
    "rename",
    "render_svg",
    "scale",
    "select",
    "step",
    "target",
    "target_encode",
    "tfidf",
    "time_cycles",
    "time_parts",
    "tokenize",
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
