"""Reading pipeline files of earlier format versions: each is brought to the next one, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from redspot.pipeline.archive import write_array
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.estimator_file import load_estimator
from redspot.pipeline.learned import Learned
from redspot.pipeline.learned_file import write_learned
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
    """Graphs got sub-pipelines, a target branch, outputs and explanations; before, there was none of them."""
    for entry in (*document["sources"], *document["steps"]):
        entry["path"] = []
    document.update(target=None, outputs=[], explanations=[])


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
