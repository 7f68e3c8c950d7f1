"""Logged models: what a program saved of a model before, or without, registering it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redspot.errors import InvalidError, NotFoundError


class LoggedModelNotFoundError(NotFoundError):
    """No logged model has that id."""

    code = "logged-model-not-found"


class LoggedModelParameterError(InvalidError):
    """A parameter of a logged model was given before."""

    code = "logged-model-parameter"


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model as it was logged.

    Attributes
    ----------
    status
        ``LOGGED_MODEL_PENDING``, ``…_READY`` or ``…_UPLOAD_FAILED``.
    metrics
        Rows of (key, value or None for NaN, time in ms, step, run id, data set's name, its digest).
    registrations
        (name, number) of the versions made of it.
    """

    model_id: str
    experiment: int
    name: str
    artifact_uri: str
    status: str
    model_type: str
    source_run_id: str
    created_ms: int
    updated_ms: int
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: tuple[tuple[Any, ...], ...] = ()
    registrations: tuple[tuple[str, int], ...] = ()
