"""A pipeline file as a folder that MLflow loads and serves: ``MLmodel`` beside ``model.redspot``.

The flavor is ``python_function`` with this module as its loader
(https://mlflow.org/docs/latest/ml/model/#model-format), so what answers is Redspot's own pipeline. ``MLmodel`` is YAML;
JSON is YAML too, so nothing but the standard library writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redspot._version import __version__

PIPELINE_NAME = "model.redspot"
_TYPES = {"float": "double", "int": "long", "bool": "boolean", "text": "string", "datetime": "datetime"}


def mlmodel_files(data: bytes, schema: Mapping[str, Any], *, made_at: datetime) -> dict[str, bytes]:
    """Return the files of the folder, by name.

    Parameters
    ----------
    data
        The pipeline file.
    schema
        Its inputs and outputs, as `redspot.pipeline.Schema.to_json` gives them.
    made_at
        When it was made, aware.
    """
    described = {
        "flavors": {
            "python_function": {
                "loader_module": "redspot.pipeline.mlmodel",
                "data": PIPELINE_NAME,
                "env": {"virtualenv": "python_env.yaml"},
            },
            "redspot": {"data": PIPELINE_NAME, "redspot_version": __version__},
        },
        **_signature(schema),
        "utc_time_created": made_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    requirements = f"redspot=={__version__}\npandas\n"
    environment = {"dependencies": ["-r requirements.txt"]}
    return {
        "MLmodel": _yaml(described),
        PIPELINE_NAME: data,
        "python_env.yaml": _yaml(environment),
        "requirements.txt": requirements.encode(),
    }


def write_mlmodel(folder: Path, data: bytes, schema: Mapping[str, Any], *, made_at: datetime) -> None:
    """Write the files into a new folder (FileExistsError when it is there already)."""
    folder.mkdir(parents=True)
    for name, content in mlmodel_files(data, schema, made_at=made_at).items():
        (folder / name).write_bytes(content)


def _yaml(value: Any) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _signature(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the signature; none when a column is a list or an image, for which MLflow has no type."""
    columns = schema.get("inputs", ())
    if any(column["dtype"] not in _TYPES for column in columns):
        return {}
    inputs = []
    for column in columns:
        gap = bool(column["nullable"])
        kind = "double" if gap and column["dtype"] == "int" else _TYPES[column["dtype"]]
        inputs.append({"type": kind, "name": column["name"], "required": not gap})
    return {"signature": {"inputs": json.dumps(inputs), "outputs": None, "params": None}}


class LoadedPipeline:
    """What MLflow calls: `predict` of a pipeline, as a frame in and an array out."""

    def __init__(self, path: Path) -> None:
        from redspot.pipeline import load

        self._pipeline = load(path)

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return one prediction per row; `params` are not used."""
        return self._pipeline.predict(model_input)


def _load_pyfunc(path: str) -> LoadedPipeline:
    """Return the loaded pipeline; MLflow finds this function by its name."""
    return LoadedPipeline(Path(path))
