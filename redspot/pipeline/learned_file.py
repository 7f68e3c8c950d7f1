"""What an estimator has learned, in a pipeline file: facts, arrays, and the framework's own files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.compiled.model import model_of_document
from redspot.pipeline.errors import CorruptPipelineError, UnsavableStepError
from redspot.pipeline.learned import TASKS, Facts, Learned, restored

Array = NDArray[np.generic]

_CLASS_DTYPES: Mapping[str, type] = {"text": np.str_, "int": np.int64, "bool": np.bool_, "float": np.float64}
_DTYPE_NAMES: Mapping[str, str] = {"U": "text", "i": "int", "u": "int", "b": "bool", "f": "float"}


def write_learned(name: str, learned: Learned) -> tuple[dict[str, Any], dict[str, bytes], dict[str, Array]]:
    """Return JSON, members and arrays; raises UnsavableStepError when the estimator cannot be written safely."""
    files = {f"estimators/{name}/{file}": data for file, data in sorted(learned.packed(name).items())}
    entry = {
        "kind": "estimate",
        "facts": asdict(learned.facts),
        "classes": write_classes(name, learned.classes),
        "model": None if learned.model is None else learned.model.document(),
        "files": sorted(files),
    }
    return entry, files, {} if learned.model is None else learned.model.arrays()


def read_learned(
    name: str,
    entry: Mapping[str, Any],
    members: Mapping[str, bytes],
    arrays: Mapping[str, Array],
    trusted_modules: Sequence[str],
) -> Learned:
    """Return what was learned.

    Raises
    ------
    CorruptPipelineError, UntrustedPipelineError, PipelineVersionError
        When parts are lost, do not belong together, or are not to be loaded.
    """
    facts = Facts(**entry["facts"])
    if facts.task not in TASKS:
        raise CorruptPipelineError(f"{name} has the unknown task {facts.task!r}.", step=name)
    classes = read_classes(entry["classes"])
    if (classes is not None) != (facts.task == "classification" and facts.is_predictor):
        raise CorruptPipelineError(f"The classes of {name} do not fit its task.", step=name)
    model = None if entry["model"] is None else model_of_document(entry["model"], arrays, classes)
    prefix = f"estimators/{name}/"
    lost = [file for file in entry["files"] if file not in members or not file.startswith(prefix)]
    if lost or not entry["files"]:
        raise CorruptPipelineError(f"{name} has lost its estimator.", step=name)
    files = {file.removeprefix(prefix): members[file] for file in entry["files"]}
    return restored(facts, model, classes, files, name, trusted_modules)


def write_classes(name: str, classes: Array | None) -> dict[str, Any] | None:
    """Return classes as JSON; raises UnsavableStepError for a type that no file keeps."""
    if classes is None:
        return None
    kind = _DTYPE_NAMES.get(classes.dtype.kind)
    if kind is None:
        raise UnsavableStepError(f"{name} has classes of type {classes.dtype}, which no file keeps.", step=name)
    return {"dtype": kind, "values": classes.tolist()}


def read_classes(entry: Mapping[str, Any] | None) -> Array | None:
    """Return the classes of `write_classes`; raises CorruptPipelineError when they are something else."""
    if entry is None:
        return None
    classes = np.array(entry["values"])
    if _DTYPE_NAMES.get(classes.dtype.kind) != entry["dtype"] or classes.ndim != 1 or len(set(entry["values"])) < 1:
        raise CorruptPipelineError("The file's classes are not what they are said to be.")
    return cast("Array", classes.astype(_CLASS_DTYPES[entry["dtype"]]))
