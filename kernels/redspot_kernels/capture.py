"""Finding the pipelines of a notebook and saving them, as the notebook is."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redspot.errors import InvalidError, NotFoundError, RedspotError

if TYPE_CHECKING:
    from redspot.pipeline import Pipeline

CAPTURED = "captured.json"
SUFFIX = ".redspot"
MAX_INLINE_BYTES = 64 * 1024**2

# IPython's own names for inputs and outputs; every other one of them starts with an underscore.
_HISTORY = frozenset({"In", "Out"})


class PipelineVariableNotFoundError(NotFoundError):
    """The notebook has no pipeline under that name."""

    code = "pipeline-variable-not-found"


class CaptureTooLargeError(InvalidError):
    """The pipeline is too large for a message between kernel and page."""

    code = "capture-too-large"


def find_pipelines(namespace: Mapping[str, Any]) -> dict[str, Pipeline]:
    """Return the pipelines of a namespace by variable, in alphabetical order.

    A pipeline with several names is listed under the first. Names that start with an underscore, and
    IPython's own, are skipped.
    """
    module = sys.modules.get("redspot.pipeline.pipeline")
    if module is None:
        # Nobody imported the library, so there can be no pipeline.
        return {}
    found: dict[str, Pipeline] = {}
    seen: set[int] = set()
    for name in sorted(namespace):
        value = namespace[name]
        if name.startswith("_") or name in _HISTORY or not isinstance(value, module.Pipeline) or id(value) in seen:
            continue
        seen.add(id(value))
        found[name] = value
    return found


def list_pipelines(namespace: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what can be registered: variable, whether it is fitted, number of steps, metrics and inputs."""
    return [
        {
            "variable": name,
            "fitted": pipeline.is_fitted,
            "steps": len(pipeline.steps),
            "metrics": dict(pipeline.metrics_),
            "inputs": pipeline.schema_.to_json()["inputs"] if pipeline.is_fitted else [],
            "columns": list(pipeline.columns),
        }
        for name, pipeline in find_pipelines(namespace).items()
    ]


def save_pipelines(
    namespace: Mapping[str, Any], directory: str | Path, variable: str | None = None
) -> list[dict[str, Any]]:
    """Save fitted pipelines as ``<variable>.redspot``, and what they are as ``captured.json``.

    Parameters
    ----------
    namespace
        Variables of the notebook.
    directory
        Where to; made if absent.
    variable
        Only this one. Without it every fitted pipeline is saved, and one that cannot be saved is listed with
        its ``error``, so that it does not cost the others.

    Returns
    -------
    list of dict
        ``variable``, ``file``, ``sha256``, ``size_bytes``, ``metrics``, ``schema`` and ``graph`` of each.

    Raises
    ------
    PipelineVariableNotFoundError
        When `variable` names no pipeline.
    RedspotError
        Any reason why the one that `variable` names cannot be saved.
    """
    from redspot.pipeline.archive import write_whole

    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    captured = []
    for name, pipeline in _chosen(namespace, variable).items():
        try:
            data = pipeline.dumps()
        except RedspotError as error:
            if variable is not None:
                raise
            captured.append({**_entry(name, pipeline), "error": {"code": error.code, "detail": error.message}})
            continue
        file = f"{name}{SUFFIX}"
        write_whole(folder / file, data)
        captured.append({**_entry(name, pipeline), "file": file, **_identity(data)})
    text = json.dumps(captured, ensure_ascii=False, indent=1, allow_nan=False)
    write_whole(folder / CAPTURED, text.encode())
    return captured


def dump_inline(namespace: Mapping[str, Any], variable: str) -> dict[str, Any]:
    """Return one pipeline as `save_pipelines` does, with the file itself as base64 in ``content``.

    Raises
    ------
    CaptureTooLargeError
        When the file is larger than 64 MiB.
    PipelineVariableNotFoundError
        When `variable` names no pipeline.
    """
    (pipeline,) = _chosen(namespace, variable).values()
    data = pipeline.dumps()
    if len(data) > MAX_INLINE_BYTES:
        raise CaptureTooLargeError(
            f"{variable} is {len(data) / 1024**2:.0f} MiB; a message carries at most "
            f"{MAX_INLINE_BYTES // 1024**2} MiB. Save it to a folder that both sides see, and register the file.",
            size_bytes=len(data),
        )
    content = base64.b64encode(data).decode()
    return {**_entry(variable, pipeline), "file": f"{variable}{SUFFIX}", **_identity(data), "content": content}


def describe_pipeline(namespace: Mapping[str, Any], variable: str) -> dict[str, Any]:
    """Return the graph of one pipeline, fitted or not, as `Pipeline.describe` does."""
    return _named(namespace, variable).describe()


def _chosen(namespace: Mapping[str, Any], variable: str | None) -> dict[str, Pipeline]:
    if variable is not None:
        return {variable: _named(namespace, variable)}
    return {name: pipeline for name, pipeline in find_pipelines(namespace).items() if pipeline.is_fitted}


def _named(namespace: Mapping[str, Any], variable: str) -> Pipeline:
    found = find_pipelines(namespace)
    aliases: dict[str, Pipeline] = {
        name: pipeline for pipeline in found.values() for name in namespace if namespace[name] is pipeline
    }
    if variable not in aliases or variable.startswith("_"):
        raise PipelineVariableNotFoundError(
            f"The notebook has no pipeline called {variable!r}; it has {', '.join(found) or 'none'}.", variable=variable
        )
    return aliases[variable]


def _entry(name: str, pipeline: Pipeline) -> dict[str, Any]:
    return {
        "variable": name,
        "file": None,
        "sha256": None,
        "size_bytes": None,
        "metrics": dict(pipeline.metrics_),
        "schema": pipeline.schema_.to_json() if pipeline.is_fitted else None,
        "graph": pipeline.describe(),
        "parity_rows": len(pipeline.parity_.rows) if pipeline.parity_ else 0,
    }


def _identity(data: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
