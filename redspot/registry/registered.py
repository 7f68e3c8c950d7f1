"""Registered models and versions with what may change about them: descriptions, tags, stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redspot.errors import ConflictError, NotFoundError
from redspot.registry.model import NewVersion


class ModelExistsError(ConflictError):
    """A model of that name is registered already."""

    code = "model-exists"


class ModelInUseError(ConflictError):
    """An endpoint serves it, so that it cannot be removed or renamed."""

    code = "model-in-use"


class NoPipelineError(ConflictError):
    """The version holds no pipeline file, so that no replica can serve it."""

    code = "no-pipeline"


class AliasNotFoundError(NotFoundError):
    """The model has no such alias."""

    code = "alias-not-found"


@dataclass(frozen=True, slots=True)
class VersionOrigin:
    """Where a version came from, and what its bytes are.

    Attributes
    ----------
    source
        URI of the files it was made of, as the caller gave it; empty for a pipeline file.
    run_id, model_id
        The recorded run and the logged model it was made of, or empty.
    stored
        ``redspot`` for a pipeline file, ``mlflow`` for the folder of a logged model.
    flavors
        What can load it, as its ``MLmodel`` says: name → facts.
    unsafe
        A sentence that says which file holds a pickle; empty where none does.
    """

    source: str = ""
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    stored: str = "redspot"
    flavors: Mapping[str, Any] | None = None
    unsafe: str = ""


@dataclass(frozen=True, slots=True)
class OriginatedVersion:
    """A version to register, with its origin and first notes."""

    version: NewVersion
    origin: VersionOrigin
    description: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version and its notes; times are milliseconds since 1970 (UTC)."""

    model: str
    number: int
    description: str
    source: str
    run_id: str
    run_link: str
    model_id: str
    stage: str
    owner: str
    stored: str
    unsafe: str
    created_ms: int
    updated_ms: int
    tags: Mapping[str, str]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A model and its notes; times are milliseconds since 1970 (UTC).

    Attributes
    ----------
    latest
        The newest version of each stage.
    """

    name: str
    description: str
    created_ms: int
    updated_ms: int
    tags: Mapping[str, str]
    aliases: Mapping[str, int]
    latest: tuple[RegisteredVersion, ...]
