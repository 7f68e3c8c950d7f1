"""Fitted scikit-learn estimators as bytes: skops, with fixed bytes and our own list of what may be in them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from redspot.pipeline.archive import check_array, read_archive, read_array, without_padding, write_archive
from redspot.pipeline.errors import (
    CorruptPipelineError,
    PipelineVersionError,
    UnsavableStepError,
    UntrustedPipelineError,
)
from redspot.pipeline.soundness import check_soundness
from redspot.pipeline.trusted import PROTOCOL, TRUSTED

_SCHEMA = "schema.json"
# Python's own limit would end a walk of a hostile nesting with a RecursionError; say it better, and earlier.
_MAX_DEPTH = 200
_HINTS: Mapping[str, str] = {
    "sklearn.neighbors._kd_tree.KDTree": " Use algorithm='brute'.",
    "sklearn.neighbors._ball_tree.BallTree": " Use algorithm='brute'.",
}


def dump_estimator(estimator: Any, step: str) -> bytes:
    """Return a fitted estimator as bytes; the same estimator always gives the same bytes.

    Raises
    ------
    UnsavableStepError
        When it holds something that is not on the trusted list.
    """
    import skops.io
    from skops.io.exceptions import UnsupportedTypeException

    try:
        members = read_archive(skops.io.dumps(estimator), f"estimator of {step}")
    except (UnsupportedTypeException, TypeError, ValueError) as error:
        raise UnsavableStepError(f"{step} cannot be saved: {error}", step=step) from error
    schema = json.loads(members[_SCHEMA])
    for loader, name, _ in _entries(schema):
        if name not in TRUSTED.get(loader, ()):
            raise UnsavableStepError(
                f"{step} cannot be saved: {type(estimator).__name__} holds {name}, "
                f"which is not on the list of trusted types.{_HINTS.get(name, '')}",
                step=step,
                type=name,
            )
    schema, files = _canonical(schema)
    text = json.dumps(schema, sort_keys=False, separators=(",", ":"), ensure_ascii=False)
    return write_archive(
        {_SCHEMA: text.encode(), **{new: without_padding(members[old]) for old, new in files.items()}}, compress=False
    )


def load_estimator(data: bytes, step: str) -> Any:
    """Return the estimator of `dump_estimator`.

    Every entry is checked against the trusted list before skops sees the bytes, and what came out is
    checked for indices that point outside; raises as `check_estimator` does.
    """
    check_estimator(data, step)
    return check_soundness(_construct(data, step), step)


def check_estimator(data: bytes, step: str) -> None:
    """Refuse bytes that `load_estimator` would not load, without importing scikit-learn.

    Raises
    ------
    UntrustedPipelineError
        When the bytes name a type or function that is not on the list.
    CorruptPipelineError
        When they are not what was written.
    PipelineVersionError
        When they were written by another generation of skops.
    """
    members = read_archive(data, f"estimator of {step}")
    try:
        schema = json.loads(members[_SCHEMA])
        entries = list(_entries(schema))
        protocol = schema["protocol"]
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise CorruptPipelineError(f"The estimator of {step} is damaged: {error!r}.", step=step) from error
    if protocol != PROTOCOL or isinstance(protocol, bool):
        raise PipelineVersionError(f"The estimator of {step} has skops protocol {protocol!r}; known is {PROTOCOL}.")
    for loader, name, _ in entries:
        if name not in TRUSTED.get(loader, ()):
            raise UntrustedPipelineError(
                f"The estimator of {step} names {name} ({loader}), which is not on the list of trusted types; "
                "nothing was loaded.",
                step=step,
                type=name,
            )
    for name, content in members.items():
        if name.endswith(".npy"):
            check_array(content, name)
        elif name != _SCHEMA:
            raise CorruptPipelineError(f"The estimator of {step} has an unexpected member {name!r}.", step=step)
    _check_tree_arguments(entries, members, step)


def _construct(data: bytes, step: str) -> Any:
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning

    names = sorted(name for loader, allowed in TRUSTED.items() if loader != "JsonNode" for name in allowed)
    try:
        with warnings.catch_warnings():
            # The parity check decides whether another version of scikit-learn still gives the same answers.
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            return skops.io.loads(data, trusted=names)
    except Exception as error:  # whatever a crafted state makes a constructor raise, the file is to blame
        raise CorruptPipelineError(f"The estimator of {step} is damaged: {error!r}.", step=step) from error


def _entries(node: Any, depth: int = 0) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (loader, qualified name, entry) for everything that skops would look at, and more."""
    if depth > _MAX_DEPTH:
        raise CorruptPipelineError("The estimator is nested too deeply.")
    if isinstance(node, dict):
        if "__loader__" in node:
            yield str(node["__loader__"]), f"{node['__module__']}.{node['__class__']}", node
        for value in node.values():
            yield from _entries(value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from _entries(value, depth + 1)


def _canonical(schema: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the schema with objects and files numbered as they occur; skops uses addresses in memory."""
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}

    def visit(node: Any) -> Any:
        if isinstance(node, list):
            return [visit(value) for value in node]
        if not isinstance(node, dict):
            return node
        kept: dict[str, Any] = {}
        is_entry = "__loader__" in node
        for key, value in node.items():
            if key == "__id__" and is_entry:
                # Texts, numbers and types are equal wherever they are; whether they are one object is chance.
                if node["__loader__"] not in ("JsonNode", "TypeNode"):
                    kept[key] = numbers.setdefault(value, len(numbers) + 1)
            elif key == "file" and is_entry and isinstance(value, str):
                kept[key] = files.setdefault(value, f"{len(files)}.npy")
            else:
                kept[key] = visit(value)
        return kept

    return visit(schema), files


def _check_tree_arguments(
    entries: list[tuple[str, str, dict[str, Any]]], members: Mapping[str, bytes], step: str
) -> None:
    """Refuse trees whose constructor would read past the end of its array of class counts."""
    for loader, _, entry in entries:
        if loader != "TreeNode":
            continue
        try:
            features, classes, outputs = entry["__reduce__"]["args"]["content"]
            counts: Any = read_array(members[classes["file"]], classes["file"])
            is_sound = (
                json.loads(features["content"]) >= 0
                and counts.ndim == 1
                and counts.dtype.kind == "i"
                and json.loads(outputs["content"]) == len(counts)
                and bool(((counts >= 1) & (counts <= 1_000_000)).all())
            )
        except (KeyError, ValueError, TypeError) as error:
            raise CorruptPipelineError(f"A tree in {step} is damaged: {error!r}.", step=step) from error
        if not is_sound:
            raise CorruptPipelineError(f"A tree in {step} has arguments that do not belong together.", step=step)
