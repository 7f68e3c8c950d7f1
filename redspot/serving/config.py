"""The configuration file of a replica."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from redspot.serving.batching import Batching
from redspot.serving.door import Door, read_door
from redspot.serving.errors import ReplicaConfigError
from redspot.serving.events.settings import EventSettings
from redspot.serving.limits import Limits
from redspot.serving.served import ModelEntry, Served

DEFAULT_SECRET_ENV = "REDSPOT_REPLICA_SECRET"
_MAX_WORKERS = 64
_NAMES = ("model", "version")
# What a model is loaded from: exactly one of them.
_FILES = ("pipeline", "notebook")
_ONE = (*_NAMES, *_FILES)
_ENTRY = {*_ONE, "aliases", "redact"}


@dataclass(frozen=True, slots=True)
class ReplicaConfig:
    """What a replica serves and where.

    Attributes
    ----------
    models
        What it serves; the first one answers where no model is named.
    is_one
        Whether it has the form of one model, which is proved before anybody listens.
    door
        Where it listens: a Unix socket, or a TCP port.
    secret_env
        Environment variable that holds the secret the router sends.
    trusted_modules
        Modules whose custom steps may be loaded.
    events
        Which predictions are written down and where; None writes none.
    limits
        What one request may ask.
    batching
        Whether, and how, rows of several requests are answered together.
    workers
        How many processes answer.
    """

    endpoint: str
    deployment_id: str
    models: tuple[ModelEntry, ...]
    is_one: bool
    door: Door
    secret_env: str
    trusted_modules: tuple[str, ...]
    limits: Limits
    batching: Batching
    workers: int = 1
    events: EventSettings | None = None

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the configuration.

        Raises
        ------
        ReplicaConfigError, EventSettingsError
            Naming the key that is wrong.
        """
        try:
            content = json.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise ReplicaConfigError(f"The configuration {str(file)!r} cannot be read: {error}.") from error
        if not isinstance(content, dict):
            raise ReplicaConfigError(f"The configuration {str(file)!r} is not a JSON object.")
        content.setdefault("secret_env", DEFAULT_SECRET_ENV)
        is_one = "models" not in content
        if not is_one and not content.keys().isdisjoint(_ONE):
            raise ReplicaConfigError("The configuration has 'models' and also names a model of its own.", key="models")
        where = f"The configuration {str(file)!r}"
        _require_texts(content, ("endpoint", "deployment_id", "secret_env"), where)
        trusted = _names(content, "trusted_modules", "")
        workers = content.get("workers", 1)
        if type(workers) is not int or not 1 <= workers <= _MAX_WORKERS:
            raise ReplicaConfigError(f"'workers' is {workers!r}, not from 1 to {_MAX_WORKERS}.", key="workers")
        return cls(
            content["endpoint"],
            content["deployment_id"],
            (_read_model(content, where),) if is_one else _read_models(content["models"]),
            is_one,
            read_door(content, workers),
            content["secret_env"],
            trusted,
            Limits.read(content.get("limits", {})),
            Batching.read(content.get("batching", "auto")),
            workers,
            None if content.get("events") is None else EventSettings.of_json(content["events"]),
        )

    def served(self, entry: ModelEntry) -> Served:
        """Return the names under which a model of it is served."""
        return Served(self.endpoint, self.deployment_id, entry.model, entry.version)


def _read_models(listed: object) -> tuple[ModelEntry, ...]:
    if not isinstance(listed, list) or not listed:
        raise ReplicaConfigError("'models' is not a list of at least one model.", key="models")
    entries: list[ModelEntry] = []
    names: set[tuple[str, str]] = set()
    for number, content in enumerate(listed):
        where = f"Entry {number} of 'models'"
        if not isinstance(content, Mapping) or not set(content) <= _ENTRY:
            raise ReplicaConfigError(f"{where} is not an object of {', '.join(sorted(_ENTRY))}.", key="models")
        entry = _read_model(content, where)
        for name in (entry.version, *entry.aliases):
            if (entry.model, name) in names:
                raise ReplicaConfigError(f"{where} names {entry.model}@{name} a second time.", key="models")
            names.add((entry.model, name))
        entries.append(entry)
    return tuple(entries)


def _read_model(content: Mapping[str, Any], where: str) -> ModelEntry:
    given = [key for key in _FILES if key in content]
    if len(given) > 1:
        raise ReplicaConfigError(f"{where} has both 'pipeline' and 'notebook'.", key="notebook")
    file = given[0] if given else _FILES[0]
    _require_texts(content, (*_NAMES, file), where)
    if (content[file].endswith(".ipynb")) != (file == "notebook"):
        raise ReplicaConfigError(f"{where} names {content[file]!r} in {file!r}; a notebook ends with .ipynb.", key=file)
    redact = None if content.get("redact") is None else _names(content, "redact", f" of {where.lower()}")
    aliases = _names(content, "aliases", f" of {where.lower()}")
    return ModelEntry(content["model"], content["version"], Path(content[file]), aliases, redact)


def _require_texts(content: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in keys:
        if not isinstance(content.get(key), str) or not content[key]:
            raise ReplicaConfigError(f"{where} has no text in {key!r}.", key=key)


def _names(content: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    found = content.get(key, [])
    if not isinstance(found, list) or not all(isinstance(name, str) and name for name in found):
        raise ReplicaConfigError(f"{key!r}{where} is not a list of names.", key=key)
    return tuple(found)
