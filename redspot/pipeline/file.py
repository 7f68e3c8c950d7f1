"""The pipeline file: one zip of JSON, arrays and estimators, read without running foreign code.

Members: ``pipeline.json`` (graph, parameters, schema, picture; ``pipeline.schema.json`` describes it), ``arrays.npz``
(what steps learned), ``estimators/<step>/…`` (each framework's own safe format), ``parity.json`` and ``metadata.json``
(the training data, times, libraries, metrics). All but the last are the same for two fits on the same data.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot._version import __version__
from redspot.errors import RedspotError
from redspot.pipeline.archive import read_archive, read_array, write_archive, write_array
from redspot.pipeline.description import describe
from redspot.pipeline.errors import CorruptPipelineError, NotFittedError, PipelineVersionError, UnsavableStepError
from redspot.pipeline.fitting import Feature, Fitted
from redspot.pipeline.graph import Graph, Node
from redspot.pipeline.graph_file import read_graph, require_ancestry, require_width, texts, write_graph
from redspot.pipeline.learned import Learned
from redspot.pipeline.lineage import MadeOf
from redspot.pipeline.metadata import Metadata
from redspot.pipeline.metadata_file import metadata_json, read_metadata
from redspot.pipeline.node import State
from redspot.pipeline.parity import ParitySet
from redspot.pipeline.schema import Schema
from redspot.pipeline.step_file import read_step, write_step

FORMAT = "redspot-pipeline"
FORMAT_VERSION = 3

_PIPELINE = "pipeline.json"
_ARRAYS = "arrays.npz"
_PARITY = "parity.json"
_METADATA = "metadata.json"
_MEMBERS = (_PIPELINE, _PARITY, _ARRAYS, _METADATA)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds."""

    graph: Graph
    fitted: Fitted
    parity: ParitySet | None
    metadata: Metadata | None
    metrics: Mapping[str, float]


def write_members(
    graph: Graph,
    fitted: Fitted | None,
    parity: ParitySet | None,
    metadata: Metadata | None,
    metrics: Mapping[str, float],
) -> dict[str, bytes]:
    """Return the members of a fitted pipeline's file by name; the same pipeline always gives the same bytes.

    Raises
    ------
    NotFittedError
        When there is nothing learned to save.
    UnsavableStepError
        When a step could not safely be loaded again.
    """
    if fitted is None:
        raise NotFittedError("Only a fitted pipeline can be saved; call fit(X, y) first.")
    members: dict[str, bytes] = {}
    arrays: dict[str, bytes] = {}
    steps = [_write_node(node, fitted.states[node.name], arrays, members) for node in graph.steps]
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "versions": _versions(),
        **write_graph(graph),
        "steps": steps,
        "features": {name: [_write_feature(each) for each in features] for name, features in fitted.features.items()},
        "schema": fitted.schema.to_json(),
        "rows": fitted.rows,
        "describe": describe(graph, fitted),
    }
    answers = None if parity is None else {"rows": list(parity.rows), "answers": list(parity.answers)}
    return {
        _PIPELINE: _json_bytes(document),
        _PARITY: _json_bytes(answers),
        _ARRAYS: write_archive(arrays, compress=False),
        **members,
        _METADATA: _json_bytes(metadata_json(metadata, metrics)),
    }


def fingerprint(members: Mapping[str, bytes]) -> str:
    """Return SHA-256 in hexadecimal over names and contents of all members but the metadata."""
    digest = hashlib.sha256()
    for name in sorted(members.keys() - {_METADATA}):
        digest.update(f"{name}\0{len(members[name])}\0".encode() + members[name])
    return digest.hexdigest()


def parse(data: bytes, trusted_modules: Sequence[str]) -> Content:
    """Return what the bytes of a file hold; raises as `parse_members`."""
    return parse_members(read_archive(data, "file"), trusted_modules)


def parse_members(members: dict[str, bytes], trusted_modules: Sequence[str]) -> Content:
    """Return what the members of a file hold.

    Raises
    ------
    CorruptPipelineError
        When the bytes are damaged, incomplete or would unpack to more than a pipeline may.
    PipelineVersionError
        When the format version is not known here.
    UntrustedPipelineError
        When the file names a type or function that is not trusted; nothing of it was imported or run.
    """
    for name in members:
        if name not in _MEMBERS and not name.startswith("estimators/"):
            raise CorruptPipelineError(f"The file has an unexpected member {name[:100]!r}.")
    for name in (_PIPELINE, _PARITY, _ARRAYS):
        if name not in members:
            raise CorruptPipelineError(f"The file has no {name}, so it is no pipeline file.")
    arrays = read_archive(members[_ARRAYS], _ARRAYS)
    try:
        document = json.loads(members[_PIPELINE], parse_constant=_refuse_constant)
        version = document["format_version"]
        if document["format"] != FORMAT or type(version) is not int or not 1 <= version <= FORMAT_VERSION:
            raise PipelineVersionError(
                f"The file is {document['format']} version {version}; "
                f"Redspot {__version__} reads {FORMAT} up to version {FORMAT_VERSION}."
            )
        if version < FORMAT_VERSION:
            from redspot.pipeline.migrating import migrate

            migrate(document, members, arrays, FORMAT_VERSION)
        if _METADATA not in members:
            raise CorruptPipelineError(f"The file has no {_METADATA}, so a part of it is lost.")
        return _content(document, arrays, members, trusted_modules)
    except RedspotError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CorruptPipelineError(f"The file is damaged: {error!r}.") from error


def _content(
    document: Mapping[str, Any],
    arrays: Mapping[str, bytes],
    members: Mapping[str, bytes],
    trusted_modules: Sequence[str],
) -> Content:
    nodes: dict[str, Node] = {}
    states: dict[str, State] = {}
    for entry in document["steps"]:
        name = str(entry["name"])
        kept = _read_arrays(name, entry["arrays"], arrays)
        step, learned = read_step(entry, members, kept, trusted_modules)
        nodes[name] = Node(name, str(entry["short"]), step, texts(entry["inputs"]), texts(entry["path"]))
        states[name] = learned if learned is not None else {**entry["state"], **kept}
    _require_no_other(members, document["steps"])
    graph = read_graph(document, nodes)
    schema = Schema.of_json(document["schema"])
    if tuple(schema.dtypes) != graph.columns:
        raise CorruptPipelineError("The file's schema names other columns than its graph.")
    features = {
        str(name): tuple(
            Feature(each["name"], name, tuple(each["columns"]), each["dtype"], _made_of(each["made_of"]))
            for each in listed
        )
        for name, listed in document["features"].items()
    }
    if set(features) != {part.name for part in graph.all_parts}:
        raise CorruptPipelineError("The file's features belong to other steps than its graph has.")
    require_width(graph, states, features)
    require_ancestry(graph, features)
    steps = tuple(nodes)
    metadata, metrics = read_metadata(json.loads(members[_METADATA], parse_constant=_refuse_constant), steps)
    timings = {} if metadata is None else metadata.timing
    fitted = Fitted(states, features, schema, int(document["rows"]), timings)
    if metadata is not None and metadata.rows != fitted.rows:
        raise CorruptPipelineError("The file's metadata belongs to another fit.")
    parity = json.loads(members[_PARITY], parse_constant=_refuse_constant)
    saved = None if parity is None else ParitySet(tuple(parity["rows"]), tuple(parity["answers"]))
    if (saved is None) != (graph.predictor is None):
        raise CorruptPipelineError("The file's parity rows do not belong to its graph.")
    return Content(graph, fitted, saved, metadata, metrics)


def _require_no_other(members: Mapping[str, bytes], entries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse members that no step names; nothing would read them, and whoever unpacks the file by hand would."""
    named = {str(file) for entry in entries for file in entry.get("files", ())}
    for name in members:
        if name not in _MEMBERS and name not in named:
            raise CorruptPipelineError(f"The file has an unexpected member {name[:100]!r}.")


def _write_feature(feature: Feature) -> dict[str, Any]:
    made_of = None if feature.made_of is None else list(feature.made_of)
    return {"name": feature.name, "dtype": feature.dtype, "columns": list(feature.columns), "made_of": made_of}


def _made_of(places: Sequence[int] | None) -> MadeOf:
    if places is None:
        return None
    if any(type(place) is not int for place in places):
        raise CorruptPipelineError("The file names the columns of a step by something that is no number.")
    return tuple(places)


def _write_node(node: Node, state: State, arrays: dict[str, bytes], members: dict[str, bytes]) -> dict[str, Any]:
    entry, files, kept = write_step(node.name, node.step, state)
    members.update(files)
    if not isinstance(state, Learned):
        kept = {key: value for key, value in state.items() if isinstance(value, np.ndarray)}
        entry["state"] = {key: value for key, value in state.items() if key not in kept}
    for key, array in sorted(kept.items()):
        arrays[f"{node.name}/{key}.npy"] = write_array(array)
    place = {"name": node.name, "short": node.short, "inputs": list(node.inputs), "path": list(node.path)}
    return {**place, "arrays": sorted(kept), **entry}


def _read_arrays(name: str, keys: Sequence[str], arrays: Mapping[str, bytes]) -> dict[str, NDArray[np.generic]]:
    kept = {}
    for key in keys:
        member = f"{name}/{key}.npy"
        if member not in arrays:
            raise CorruptPipelineError(f"{name} has lost its array {member!r}.", step=name)
        kept[str(key)] = read_array(arrays[member], member)
    return kept


def _refuse_constant(word: str) -> float:
    raise CorruptPipelineError(f"The file's JSON holds {word}, which is no JSON.")


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    libraries = {name: version(name) for name in ("numpy", "scikit-learn", "skops")}
    return {"redspot": __version__, "python": platform.python_version(), **libraries}


def _json_bytes(value: object) -> bytes:
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except (TypeError, ValueError) as error:
        raise UnsavableStepError(f"The pipeline holds something that JSON has no word for: {error}.") from error
