"""Experiments: what recorded runs belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from redspot.errors import ConflictError, InvalidError, NotFoundError


class ExperimentNotFoundError(NotFoundError):
    """No experiment has that id or name."""

    code = "experiment-not-found"


class ExperimentExistsError(ConflictError):
    """An experiment has that name already, or had it and is deleted."""

    code = "experiment-exists"


class ExperimentStageError(InvalidError):
    """What was asked does not fit whether the experiment is deleted."""

    code = "experiment-stage"


@dataclass(frozen=True, slots=True)
class Experiment:
    """A named collection of recorded runs.

    Attributes
    ----------
    id
        A whole number; 0 is the one that is always there.
    stage
        ``active`` or ``deleted``; a deleted one can be restored.
    artifact_location
        The URI below which its runs keep their files.
    created_ms, updated_ms
        Milliseconds since 1970 (UTC).
    """

    id: int
    name: str
    artifact_location: str
    stage: str
    owner: str
    created_ms: int
    updated_ms: int
    tags: Mapping[str, str]
