"""From the files of a logged model to a version: a frozen list of digests, and what they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from redspot.errors import RedspotError
from redspot.ids import parse_name
from redspot.registry.mlflow_folder import MANIFEST_MEDIA_TYPE, ModelFolder, read_folder
from redspot.registry.model import EnvironmentRecord, NewVersion
from redspot.registry.recorded_run import RecordedRun
from redspot.registry.registered import OriginatedVersion, VersionOrigin
from redspot_server.mlflow.call import Call
from redspot_server.mlflow.fields import MAX_MODEL_TAG, check_length
from redspot_server.mlflow.problems import FieldError

_LOGGED = re.compile(r"models:/+(m-[0-9a-f]{32})(?:/(.+))?")
_SCHEMES = frozenset(
    {"mlflow-artifacts", "models", "runs", "s3", "gs", "abfss", "wasbs", "http", "https", "dbfs", "hdfs"}
)


def new_version(call: Call) -> OriginatedVersion:
    """Return the version that a request describes, its files frozen by their digests.

    Raises
    ------
    FieldError
        When its source is a path on this machine: the service opens no path that a user typed.
    """
    fields = call.fields
    name = parse_name(fields.needed("name"), "model")
    source = check_length("source", fields.needed("source"), 2000)
    run_id, model_id = fields.text("run_id"), fields.text("model_id")
    if urlsplit(source).scheme not in _SCHEMES:
        raise FieldError(
            f"Invalid model version source: '{source[:200]}'. Sources are URIs of logged files, such as"
            " mlflow-artifacts:/… or models:/…; the service opens no path of its own machine.",
            field="source",
        )
    logged = _LOGGED.fullmatch(source)
    if logged:
        model_id = model_id or logged[1]
    if model_id and not run_id:
        run_id = call.recording.logged_models.get(model_id).source_run_id
    folder = folder_of(call, source)
    files = {file.path[len(folder) + 1 :]: file for file in call.recording.files.below(folder)} if folder else {}
    artifacts = call.services.artifacts
    facts = read_folder(
        {path: file.size_bytes or 0 for path, file in files.items()},
        lambda path: artifacts.get(files[path].digest),
        lambda path: next(artifacts.pieces(files[path].digest), b""),
    )
    listed = {path: {"digest": file.digest, "size_bytes": file.size_bytes} for path, file in files.items()}
    manifest = orjson.dumps({"source": source, "files": listed}, option=orjson.OPT_SORT_KEYS)
    run = _run(call, run_id)
    version = NewVersion(
        model=name,
        pipeline=artifacts.put(manifest, name=f"{name}.folder.json", media_type=MANIFEST_MEDIA_TYPE),
        notebook=None,
        environment=EnvironmentRecord("unknown", "", "", facts.python, ""),
        parameters=dict(run.params) if run else {},
        metrics={row[0]: row[1] for row in run.metrics if row[1] is not None} if run else {},
        schema=_schema(facts),
        graph=_graph(call, facts, files),
        parity_rows=0,
        run_id=None,
        created_by=call.by,
    )
    origin = VersionOrigin(
        source, run_id, fields.text("run_link"), model_id, "mlflow", _plain(facts.flavors), facts.unsafe
    )
    return OriginatedVersion(version, origin, fields.text("description"), fields.pairs("tags", MAX_MODEL_TAG))


def folder_of(call: Call, source: str) -> str:
    """Return the recorded folder that a URI names; empty when it is somewhere else."""
    logged = _LOGGED.fullmatch(source)
    if logged:
        uri = call.recording.logged_models.get(logged[1]).artifact_uri
        return folder_of(call, f"{uri}/{logged[2]}" if logged[2] else uri)
    parts = urlsplit(source)
    return parts.path.strip("/") if parts.scheme == "mlflow-artifacts" else ""


def _run(call: Call, run_id: str) -> RecordedRun | None:
    return call.recording.runs.get(run_id) if run_id else None


def _plain(flavors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flavors as JSON values: YAML knows dates, JSON does not."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(flavors, default=str, option=orjson.OPT_NON_STR_KEYS))
    return plain


def _schema(facts: ModelFolder) -> dict[str, Any]:
    signature = facts.signature or {}
    try:
        inputs = orjson.loads(signature.get("inputs") or "[]")
    except orjson.JSONDecodeError:
        inputs = []
    columns = [item for item in inputs if isinstance(item, dict) and isinstance(item.get("name"), str)]
    return {
        "task": "other",
        "inputs": [
            {
                "name": item["name"],
                "dtype": str(item.get("type", "")),
                "nullable": not item.get("required", True),
                "categories": None,
                "example": None,
                "range": None,
            }
            for item in columns
        ],
        "outputs": [],
    }


def _graph(call: Call, facts: ModelFolder, files: Mapping[str, Any]) -> dict[str, Any]:
    """Return the picture of a scikit-learn model that is stored by skops, read with our own list of types."""
    if not facts.skops or facts.unsafe:
        return {}
    from redspot.pipeline.mlflow_skops import describe_skops

    try:
        return describe_skops(call.services.artifacts.get(files[facts.skops].digest))
    except RedspotError:
        return {}
