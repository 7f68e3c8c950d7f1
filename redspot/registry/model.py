"""Models and their immutable versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from redspot.artifacts import Artifact
from redspot.errors import ConflictError, InvalidError, NotFoundError
from redspot.ids import ModelRef

NOTEBOOK_MEDIA_TYPE = "application/x-ipynb+json"


class ModelNotFoundError(NotFoundError):
    """No model of that name is registered."""

    code = "model-not-found"


class VersionNotFoundError(NotFoundError):
    """The model has no such version or alias."""

    code = "version-not-found"


class VersionExistsError(ConflictError):
    """The run or idempotency key has already made a version."""

    code = "version-exists"


class PipelineFileError(InvalidError):
    """What was given as a pipeline is not a pipeline file that Redspot can read safely."""

    code = "pipeline-file"


@dataclass(frozen=True, slots=True)
class EnvironmentRecord:
    """The environment something was made in: image × instance type.

    Attributes
    ----------
    image
        Name of the image; ``process`` for the environment that the service itself runs in.
    lock
        ``sha256:…`` over the installed distributions, Python and platform.
    """

    image: str
    lock: str
    instance_type: str
    python: str
    platform: str


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable version of a model.

    Attributes
    ----------
    number
        1, 2, 3 … without gaps or duplicates within its model.
    pipeline
        What is served, in the artifact store: the pipeline file, or a notebook whose own code answers.
    notebook
        The code: the snapshot of the notebook that made it, if one did.
    schema
        Inputs and outputs with their dtypes, as the pipeline learned them.
    graph
        The pipeline's description, for pictures.
    parity_rows
        How many recorded rows and predictions the file carries for the check before a deployment.
    run_id
        The run that made it, if one did.
    """

    model: str
    number: int
    pipeline: Artifact
    notebook: Artifact | None
    environment: EnvironmentRecord
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    schema: Mapping[str, Any]
    graph: Mapping[str, Any]
    parity_rows: int
    run_id: str | None
    created_at: datetime
    created_by: str

    @property
    def is_notebook(self) -> bool:
        """Whether it has no pipeline: a notebook's own code answers."""
        return self.pipeline.media_type == NOTEBOOK_MEDIA_TYPE

    @property
    def ref(self) -> ModelRef:
        """The exact reference, such as ``penguins@7``."""
        return ModelRef(self.model, str(self.number))


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version before it has its number; see `Version` for the fields."""

    model: str
    pipeline: Artifact
    notebook: Artifact | None
    environment: EnvironmentRecord
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    schema: Mapping[str, Any]
    graph: Mapping[str, Any]
    parity_rows: int
    run_id: str | None
    created_by: str


@dataclass(frozen=True, slots=True)
class Model:
    """A name that versions are registered under.

    Attributes
    ----------
    aliases
        Alias → version number, e.g. ``{"champion": 3}``.
    endpoints
        Names of the endpoints that serve one of its versions now.
    """

    name: str
    owner: str
    description: str
    created_at: datetime
    latest: Version | None
    version_count: int
    aliases: Mapping[str, int]
    endpoints: tuple[str, ...]


class ModelStore(Protocol):
    """Keeps models and versions; a version, once added, never changes."""

    def add(self, version: NewVersion) -> Version:
        """Number and keep a version; adding again what the same run made returns the first one."""
        ...

    def get(self, ref: ModelRef) -> Version:
        """Return one version (ModelNotFoundError, VersionNotFoundError)."""
        ...

    def model(self, name: str) -> Model:
        """Return one model (ModelNotFoundError)."""
        ...

    def models(self, *, limit: int, after: str | None = None) -> tuple[Model, ...]:
        """Return models by name, those after `after` first."""
        ...

    def versions(self, name: str, *, limit: int, before: int | None = None) -> tuple[Version, ...]:
        """Return versions of a model, newest first, those below `before`."""
        ...

    def set_alias(self, name: str, alias: str, number: int, *, by: str) -> Model:
        """Point an alias at a version."""
        ...
