"""scikit-learn: estimators through skops, linear models and trees as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redspot.pipeline.compiled.model import Model
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.estimator_file import check_estimator, dump_estimator, load_estimator

wants_codes = False
tolerance = 1e-9
reads_tables = False

_FILE = "estimator.skops"


def dump(estimator: Any, step: str) -> Mapping[str, bytes]:
    """Return the skops bytes."""
    return {_FILE: dump_estimator(estimator, step)}


def check(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> None:
    """Check every entry against the trusted list."""
    check_estimator(_data(files, step), step)


def load(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> Any:
    """Return the estimator of skops bytes."""
    return load_estimator(_data(files, step), step)


def compiled(estimator: Any) -> Model | None:
    """Return linear models and trees as arrays."""
    from redspot.pipeline.frameworks.sklearn_linear import linear_model
    from redspot.pipeline.frameworks.sklearn_trees import tree_model

    return linear_model(estimator) or tree_model(estimator)


def is_float32(estimator: Any) -> bool:
    """Whether it is made of scikit-learn's own trees, but for the histogram ones."""
    return type(estimator).__name__ in _FLOAT32


def refuse(estimator: Any) -> None:
    """Take any."""


def errors() -> tuple[type[Exception], ...]:
    """Nothing else."""
    return ()


_FLOAT32 = frozenset(
    f"{name}{task}"
    for name in ("DecisionTree", "ExtraTree", "ExtraTrees", "RandomForest", "GradientBoosting")
    for task in ("Classifier", "Regressor")
)


def _data(files: Mapping[str, bytes], step: str) -> bytes:
    if set(files) != {_FILE}:
        raise CorruptPipelineError(f"{step} has lost its estimator.", step=step)
    return files[_FILE]
