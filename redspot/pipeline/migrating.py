"""Reading pipeline files of earlier format versions: each is brought to the next one, step by step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from redspot.pipeline.archive import write_array
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.estimator_file import load_estimator
from redspot.pipeline.learned import Learned
from redspot.pipeline.learned_file import write_learned
from redspot.pipeline.lineage import shortened
from redspot.pipeline.metadata_file import metadata_json
from redspot.pipeline.plain import json_params

Members = dict[str, bytes]
Migration = Callable[[dict[str, Any], Members, Members], None]


def _to_version_2(document: dict[str, Any], members: Members, arrays: Members) -> None:
    """Estimators got facts and compiled models; before, only the estimator itself was there to answer."""
    for entry in document["steps"]:
        name, state = str(entry["name"]), entry.pop("state")
        if entry["kind"] == "estimate":
            member = entry.pop("estimator")
            if member not in members:
                raise CorruptPipelineError(f"{name} has lost its estimator.", step=name)
            estimator = load_estimator(members.pop(member), name)
            added, files, kept = write_learned(name, Learned.of(estimator))
            entry.update(added, arrays=sorted(kept), params=json_params(estimator.get_params(deep=True)))
            members.update(files)
            arrays.update({f"{name}/{key}.npy": write_array(array) for key, array in kept.items()})
            continue
        entry["arrays"] = sorted(key for key, value in state.items() if "array" in value)
        entry["state"] = {key: value["json"] for key, value in state.items() if "array" not in value}


def _to_version_3(document: dict[str, Any], members: Members, arrays: Members) -> None:
    """Metrics went to the metadata; parts got a path and columns an ancestry; `one_hot` renamed a parameter.

    Graphs got a target branch, outputs and explanations, of which there were none.
    """
    document.update(target=None, outputs=[], explanations=[])
    for column in document["schema"]["inputs"]:
        column["range"] = None
    metadata = metadata_json(None, document.pop("metrics"))
    members["metadata.json"] = json.dumps(metadata).encode()
    for entry in (*document["sources"], *document["steps"]):
        entry["path"] = []
    for entry in document["steps"]:
        if entry["kind"] == "one_hot" and "min_count" in entry["params"]:
            entry["params"]["min_support"] = entry["params"].pop("min_count")
    features = document["features"]
    read = {str(entry["name"]): entry["inputs"] for entry in document["steps"]}
    for name, made in features.items():
        before = [each["columns"] for part in read.get(name, ()) for each in features[part]]
        for feature in made:
            # Only raw columns were known: whatever was made of others cannot have been part of it.
            places = [place for place, raw in enumerate(before) if set(raw) <= set(feature["columns"])]
            ancestry = shortened(places, len(before))
            feature["made_of"] = None if ancestry is None else list(ancestry)


# From each version to the next.
MIGRATIONS: Mapping[int, Migration] = {1: _to_version_2, 2: _to_version_3}


def migrate(document: dict[str, Any], members: Members, arrays: Members, version: int) -> None:
    """Bring the parts of a file to a version, in place.

    Raises
    ------
    CorruptPipelineError, UntrustedPipelineError
        When a part is lost or not to be loaded.
    """
    while document["format_version"] < version:
        MIGRATIONS[document["format_version"]](document, members, arrays)
        document["format_version"] += 1
