"""Functions as predictors: a file names them, as it names steps that are functions, and holds no code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from redspot.pipeline.compiled.model import Model
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.function_file import STEPS, read_function, write_function
from redspot.pipeline.learned_file import read_classes, write_classes

wants_codes = False
tolerance = 1e-9
reads_tables = True

_FILE = "function.json"


def dump(estimator: Any, step: str) -> Mapping[str, bytes]:
    """Return the address of the function, its options and the labels."""
    document = {
        **write_function(step, estimator.step),
        "task": estimator.task,
        "classes": write_classes(step, getattr(estimator, "classes_", None)),
    }
    return {_FILE: json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()}


def check(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> None:
    """Refuse a function that nobody vouches for."""
    document = _document(files, step)
    STEPS.require_vouched(str(document["module"]), str(document["function"]), trusted_modules)


def load(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> Any:
    """Return the function with its options."""
    from redspot.pipeline.frameworks.function_model import FunctionModel

    document = _document(files, step)
    estimator = FunctionModel(read_function(document, trusted_modules), document["task"])
    classes = read_classes(document["classes"])
    if (classes is None) != (estimator.task == "regression"):
        raise CorruptPipelineError(f"The labels of {step} do not fit its task.", step=step)
    if classes is not None:
        estimator.classes_ = classes
    return estimator


def compiled(estimator: Any) -> Model | None:
    """A function stays what it is."""
    return None


def is_float32(estimator: Any) -> bool:
    """A function gets float64."""
    return False


def refuse(estimator: Any) -> None:
    """Take any."""


def errors() -> tuple[type[Exception], ...]:
    """Nothing else."""
    return ()


def _document(files: Mapping[str, bytes], step: str) -> Mapping[str, Any]:
    if set(files) != {_FILE}:
        raise CorruptPipelineError(f"{step} has lost its function.", step=step)
    try:
        document: Mapping[str, Any] = json.loads(files[_FILE])
        is_whole = set(document) == {"module", "function", "options", "task", "classes"}
    except (ValueError, TypeError, RecursionError) as error:
        raise CorruptPipelineError(f"The function of {step} is damaged: {error!r}.", step=step) from error
    if not is_whole or not isinstance(document["options"], dict):
        raise CorruptPipelineError(f"The function of {step} is damaged.", step=step)
    return document
