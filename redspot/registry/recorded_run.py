"""Recorded runs: what a program said of one training, while it went on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from redspot.errors import InvalidError, NotFoundError

LARGEST = 1.7976931348623157e308
STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")


class RecordedRunNotFoundError(NotFoundError):
    """No recorded run has that id."""

    code = "recorded-run-not-found"


class RecordedRunStageError(InvalidError):
    """The run is deleted, so that nothing can be added to it, or it is not."""

    code = "recorded-run-stage"


class ParameterChangedError(InvalidError):
    """A parameter of a run was logged before with another value."""

    code = "parameter-changed"


class RunTagNotFoundError(NotFoundError):
    """The run has no such tag."""

    code = "run-tag-not-found"


class MetricPoint(NamedTuple):
    """One value of a metric.

    Attributes
    ----------
    value
        Finite, or NaN; infinities are the largest finite numbers.
    time_ms
        Milliseconds since 1970 (UTC).
    model_id, dataset_name, dataset_digest
        Which logged model was measured, on which data; empty where nobody said.
    """

    key: str
    value: float
    time_ms: int
    step: int
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


def finite(value: float) -> float:
    """Return `value`, an infinity as the largest number of its sign: databases and JSON know none."""
    return math.copysign(LARGEST, value) if math.isinf(value) else value


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A data set that a run read.

    Attributes
    ----------
    digest
        Names its content, together with `name`.
    source_type, source
        Where it came from, as the program told it.
    schema, profile
        JSON texts, or None.
    tags
        ``mlflow.data.context`` says what it was read for.
    """

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str | None
    tags: Mapping[str, str]


class RunModel(NamedTuple):
    """That a run read or made a logged model, at a step."""

    model_id: str
    step: int


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run and the newest of what was recorded of it.

    Attributes
    ----------
    stage
        ``active`` or ``deleted``.
    start_ms, end_ms
        Milliseconds since 1970 (UTC); `end_ms` is None while it runs.
    params, tags
        (key, value), by key.
    metrics
        Rows of (key, value or None for NaN, time in ms, step, model id, data set's name, its digest).
    """

    run_id: str
    experiment: int
    name: str
    owner: str
    status: str
    stage: str
    start_ms: int
    end_ms: int | None
    artifact_uri: str
    params: list[tuple[str, str]] = field(default_factory=list)
    tags: list[tuple[str, str]] = field(default_factory=list)
    metrics: list[tuple[Any, ...]] = field(default_factory=list)
    datasets: list[DatasetInput] = field(default_factory=list)
    inputs: list[RunModel] = field(default_factory=list)
    outputs: list[RunModel] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric over its steps, in buckets of equally many steps; empty buckets are left out.

    Attributes
    ----------
    steps
        The last step of each bucket.
    low, high, last
        Smallest, greatest and last value within each; None where all of them are NaN.
    points
        How many points were recorded.
    """

    steps: tuple[int, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    last: tuple[float | None, ...]
    points: int
