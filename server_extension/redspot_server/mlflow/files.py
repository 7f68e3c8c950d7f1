"""The files of runs, logged models and versions: lists, and what is behind a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from redspot.artifacts import Artifact
from redspot.ids import ModelRef
from redspot.pipeline.mlmodel import mlmodel_files
from redspot.registry.mlflow_folder import MANIFEST_MEDIA_TYPE
from redspot.stores.recording.files import RecordedFile, RecordedFileNotFoundError, parse_path
from redspot_server.mlflow.call import Call, Pending
from redspot_server.mlflow.problems import FieldError, NotOfferedError
from redspot_server.mlflow.registering import folder_of
from redspot_server.services import Services

VERSIONS_FOLDER = "versions"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """Bytes to send: those of a digest, or `data` where they are made when they are asked for."""

    name: str
    size_bytes: int
    digest: str = ""
    data: bytes = b""


def list_artifacts(call: Call) -> Any:
    """Return what is in a folder of a run."""
    run = call.recording.runs.get(call.fields.needed("run_id", "run_uuid"))
    path = call.fields.text("path")
    files = _below_root(call, run.artifact_uri, path)
    return {"root_uri": run.artifact_uri, "files": files}


def list_logged_model_artifacts(call: Call) -> Any:
    """Return what is in a folder of a logged model."""
    uri = call.recording.logged_models.get(call.parts["model_id"]).artifact_uri
    return {"root_uri": uri, "files": _below_root(call, uri, call.fields.text("artifact_directory_path"))}


def _below_root(call: Call, uri: str, path: str) -> list[dict[str, Any]]:
    root = folder_of(call, uri)
    if not root:
        return []
    folder = f"{root}/{parse_path(path)}" if path else root
    return [_info(file, file.path[len(root) + 1 :]) for file in call.recording.files.children(folder)]


def _info(file: RecordedFile, path: str) -> dict[str, Any]:
    if file.is_folder:
        return {"path": path, "is_dir": True}
    return {"path": path, "is_dir": False, "file_size": file.size_bytes}


def list_proxied(call: Call) -> Any:
    """Return what is in a folder, by its last names."""
    path = call.fields.text("path").strip("/")
    if path == VERSIONS_FOLDER or path.startswith(f"{VERSIONS_FOLDER}/"):
        return {"files": _version_children(call.services, path)}
    found = call.recording.files.children(parse_path(path) if path else "")
    return {"files": [_info(file, file.path.rpartition("/")[2]) for file in found]}


def delete_proxied(call: Call) -> Pending:
    """Remove a file, or all below a folder."""
    path = writable_path(call.parts["path"])
    return Pending(call.recording.files.delete(path, by=call.by))


def writable_path(path: str) -> str:
    """Return a path that may be written to (RecordedPathError; FieldError for a version's, which never changes)."""
    path = parse_path(path)
    if path.partition("/")[0] == VERSIONS_FOLDER:
        raise FieldError("The files of a version never change: register another one.", field="path")
    return path


def no_multipart(call: Call) -> Any:
    """Send clients the usual way: one request takes a file of any size."""
    raise NotOfferedError("Files are uploaded in one request here, which streams; there are no parts.")


def put_file(services: Services, path: str, artifact: Artifact, *, by: str) -> Pending:
    """Put bytes that have arrived under a path."""
    return Pending(services.recording.files.put(path, artifact, by=by))


def find_file(services: Services, path: str) -> FoundFile:
    """Return what is behind a path (RecordedPathError, RecordedFileNotFoundError)."""
    path = parse_path(path)
    if path.partition("/")[0] == VERSIONS_FOLDER:
        _, files = _version_files(services, path)
        below = "/".join(path.split("/")[3:])
        if below not in files:
            raise RecordedFileNotFoundError(f"No such artifact: {path!r}", path=path)
        return files[below]
    file = services.recording.files.get(path)
    return FoundFile(path.rpartition("/")[2], file.size_bytes or 0, file.digest)


def _version_files(services: Services, path: str) -> tuple[str, Mapping[str, FoundFile]]:
    """Return root and files of the version in ``versions/NAME/NUMBER/…``."""
    parts = path.split("/")
    if len(parts) < 3:
        raise RecordedFileNotFoundError(f"No such artifact: {path!r}; a version's are below versions/NAME/NUMBER.")
    version = services.models.get(ModelRef.parse(f"{parts[1]}@{parts[2]}"))
    data = services.artifacts.get(version.pipeline.digest)
    if version.pipeline.media_type == MANIFEST_MEDIA_TYPE:
        listed = orjson.loads(data)["files"]
        files = {
            name: FoundFile(name.rpartition("/")[2], facts["size_bytes"], facts["digest"])
            for name, facts in listed.items()
        }
    else:
        made = mlmodel_files(data, version.schema, made_at=version.created_at)
        files = {name: FoundFile(name, len(content), data=content) for name, content in made.items()}
    return "/".join(parts[:3]), files


def _version_children(services: Services, path: str) -> list[dict[str, Any]]:
    root, files = _version_files(services, path)
    below = path[len(root) :].strip("/")
    prefix = f"{below}/" if below else ""
    found: dict[str, dict[str, Any]] = {}
    for name, file in files.items():
        if name.startswith(prefix):
            first, slash, _ = name[len(prefix) :].partition("/")
            found[first] = (
                {"path": first, "is_dir": True}
                if slash
                else {"path": first, "is_dir": False, "file_size": file.size_bytes}
            )
    return [found[name] for name in sorted(found)]
