"""``metadata.json`` of a pipeline file: what is remembered of a fit, read as strictly as everything else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.metadata import Metadata
from redspot.pipeline.timing import Timing

if TYPE_CHECKING:
    from redspot.profile.table import Profile

MAX_LIBRARIES = 100
_TRAINING = frozenset({"rows", "fitted_at", "fit_s", "timing", "libraries", "code_hash", "profile"})


def metadata_json(metadata: Metadata | None, metrics: Mapping[str, float]) -> dict[str, Any]:
    """Return the document; ``training`` is null for a pipeline of which no fit is remembered.

    Raises
    ------
    CorruptPipelineError
        When the profile comes from a file that holds none.
    """
    return {"metrics": dict(metrics), "training": None if metadata is None else _training_json(metadata)}


def read_metadata(document: Any, steps: tuple[str, ...]) -> tuple[Metadata | None, dict[str, float]]:
    """Return what is remembered and the metrics; the profile is checked when it is first asked for.

    Parameters
    ----------
    document
        What `metadata_json` returned.
    steps
        Names of the steps of the graph.

    Raises
    ------
    CorruptPipelineError
        When anything in it is not what belongs there.
    """
    if not isinstance(document, Mapping) or set(document) != {"metrics", "training"}:
        _refuse("it is no object with metrics and training")
    metrics = {_text(name, "a metric"): _number(value, name) for name, value in _mapping(document, "metrics").items()}
    if document["training"] is None:
        return None, metrics
    training = _mapping(document, "training")
    if set(training) != _TRAINING:
        _refuse(f"training has {', '.join(sorted(map(str, training)))}")
    timing = {name: _timing(each, name, steps) for name, each in _mapping(training, "timing").items()}
    libraries = {
        _text(name, "a library"): _text(version, f"the version of {name}")
        for name, version in _mapping(training, "libraries").items()
    }
    if len(libraries) > MAX_LIBRARIES:
        _refuse(f"it names {len(libraries)} libraries")
    code_hash = _text(training["code_hash"], "code_hash")
    if len(code_hash) != 64 or not set(code_hash) <= set("0123456789abcdef"):
        _refuse("code_hash is no SHA-256")
    rows = training["rows"]
    if type(rows) is not int or rows < 1:
        _refuse(f"rows is {rows!r:.40}")
    metadata = Metadata(
        rows=rows,
        fitted_at=_moment(training["fitted_at"]),
        fit_s=_seconds(training["fit_s"], "fit_s"),
        timing=timing,
        libraries=libraries,
        code_hash=code_hash,
        profile_source=partial(_read_profile, training["profile"], rows),
    )
    return metadata, metrics


def _training_json(metadata: Metadata) -> dict[str, Any]:
    return {
        "rows": metadata.rows,
        "fitted_at": metadata.fitted_at.isoformat(),
        "fit_s": metadata.fit_s,
        "timing": {name: {"fit_s": each.fit_s, "apply_s": each.apply_s} for name, each in metadata.timing.items()},
        "libraries": dict(metadata.libraries),
        "code_hash": metadata.code_hash,
        "profile": metadata.profile.to_json(),
    }


def _read_profile(document: Any, rows: int) -> Profile:
    from redspot.profile.errors import InvalidProfileError
    from redspot.profile.table import Profile

    try:
        profile = Profile.of_json(document)
    except InvalidProfileError as error:
        raise CorruptPipelineError(f"The file's metadata.json is damaged: {error}") from error
    if profile.rows != rows:
        _refuse(f"the profile has {profile.rows} rows, and {rows} were fitted")
    return profile


def _timing(value: Any, name: object, steps: tuple[str, ...]) -> Timing:
    if name not in steps or not isinstance(value, Mapping) or set(value) != {"fit_s", "apply_s"}:
        _refuse(f"timing of {name!r:.40} belongs to no step")
    apply_s = value["apply_s"]
    return Timing(_seconds(value["fit_s"], "fit_s"), None if apply_s is None else _seconds(apply_s, "apply_s"))


def _mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document[name]
    if not isinstance(value, Mapping):
        _refuse(f"{name} is no object")
    return cast("Mapping[str, Any]", value)


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value, "fitted_at"))
    except ValueError:
        _refuse("fitted_at is no time")
    if moment.utcoffset() != timedelta(0):
        _refuse("fitted_at is not in UTC")
    return moment.astimezone(UTC)


def _seconds(value: Any, name: str) -> float:
    seconds = _number(value, name)
    if seconds < 0:
        _refuse(f"{name} is below zero")
    return seconds


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(f"{name} is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _refuse(f"{name} is no finite number")
    return number


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        _refuse(f"{name} is no short text")
    return value


def _refuse(reason: str) -> NoReturn:
    raise CorruptPipelineError(f"The file's metadata.json is damaged: {reason}.")
