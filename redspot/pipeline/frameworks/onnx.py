"""ONNX: the model's own bytes, read and checked here before the runtime sees them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from redspot.errors import RedspotError
from redspot.pipeline.compiled.model import Model
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.frameworks.onnx_file import read_onnx
from redspot.pipeline.learned_file import read_classes, write_classes

wants_codes = False
tolerance = 1e-5
reads_tables = True

_MODEL, _FACTS = "model.onnx", "facts.json"
_PARAMS = ("task", "scores", "allows_missing", "threads")


def dump(estimator: Any, step: str) -> Mapping[str, bytes]:
    """Return the model's bytes and its parameters."""
    document = {
        "params": {name: getattr(estimator, name) for name in _PARAMS},
        "has_own_classes": estimator.classes is not None,
        "classes": write_classes(step, getattr(estimator, "classes_", None)),
        "columns": estimator.n_features_in_,
        "digest": hashlib.sha256(estimator.data).hexdigest(),
    }
    return {_MODEL: estimator.data, _FACTS: json.dumps(document, sort_keys=True, separators=(",", ":")).encode()}


def check(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> None:
    """Check that the model is whole, and refers to nothing outside of it."""
    _document(files, step)
    read_onnx(files[_MODEL])


def load(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> Any:
    """Return the model."""
    from redspot.pipeline.frameworks.onnx_model import OnnxModel

    document = _document(files, step)
    read_onnx(files[_MODEL])
    classes = read_classes(document["classes"])
    own = classes.tolist() if document["has_own_classes"] and classes is not None else None
    estimator = OnnxModel(files[_MODEL], classes=own, **document["params"])
    try:
        is_classifier = estimator._task == "classification"
    except RedspotError as error:
        raise CorruptPipelineError(f"The facts of {step} are damaged: {error}", step=step) from error
    if is_classifier != (classes is not None):
        raise CorruptPipelineError(f"The classes of {step} do not fit its task.", step=step)
    estimator.n_features_in_ = document["columns"]
    if classes is not None:
        estimator.classes_ = classes
    return estimator


def compiled(estimator: Any) -> Model | None:
    """A graph of operators is run by the runtime."""
    return None


def is_float32(estimator: Any) -> bool:
    """The model rounds its inputs itself."""
    return False


def refuse(estimator: Any) -> None:
    """Refuse a model that is damaged or refers to others, as soon as it is named."""
    estimator.facts  # noqa: B018  reading it is the check


def errors() -> tuple[type[Exception], ...]:
    """Nothing else."""
    return ()


def _document(files: Mapping[str, bytes], step: str) -> Mapping[str, Any]:
    if set(files) != {_MODEL, _FACTS}:
        raise CorruptPipelineError(f"{step} has lost its ONNX model.", step=step)
    try:
        document: Mapping[str, Any] = json.loads(files[_FACTS])
        params = document["params"]
        is_sound = (
            set(document) == {"params", "has_own_classes", "classes", "columns", "digest"}
            and set(params) == set(_PARAMS)
            and params["task"] in (None, "classification", "regression")
            and params["scores"] in ("probabilities", "logits")
            and type(params["allows_missing"]) is bool
            and type(params["threads"]) is int
            and 1 <= params["threads"] <= 1024
            and type(document["columns"]) is int
            and document["digest"] == hashlib.sha256(files[_MODEL]).hexdigest()
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptPipelineError(f"The facts of {step} are damaged: {error!r}.", step=step) from error
    if not is_sound:
        raise CorruptPipelineError(f"The ONNX model of {step} is damaged.", step=step)
    return document
