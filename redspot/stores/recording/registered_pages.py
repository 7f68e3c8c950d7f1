"""Registered models and versions out of the database: a few statements for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from redspot.registry.registered import RegisteredModel, RegisteredVersion

VERSION_COLUMNS = (
    "v.model, v.number, v.description, v.source, v.run_id, v.run_link, v.model_id, v.stage, v.owner, v.stored,"
    " v.unsafe, v.created_ms, v.updated_ms"
)


def _of_models(sql: str) -> Any:
    return text(sql).bindparams(bindparam("names", expanding=True))


_VERSION_TAGS = _of_models("SELECT model, number, key, value FROM version_tags WHERE model IN :names ORDER BY key")
_ALIASES = _of_models("SELECT model, alias, number FROM aliases WHERE model IN :names ORDER BY alias")
_MODEL_TAGS = _of_models("SELECT model, key, value FROM model_tags WHERE model IN :names ORDER BY key")
_LATEST = _of_models(
    f"SELECT {VERSION_COLUMNS} FROM version_notes v JOIN (SELECT model, stage, MAX(number) AS number FROM"
    " version_notes WHERE model IN :names AND deleted_ms IS NULL GROUP BY model, stage) n"
    " ON n.model = v.model AND n.number = v.number ORDER BY v.model, v.number"
)


def versions_of(connection: Connection, rows: Sequence[Any]) -> list[RegisteredVersion]:
    """Return versions with tags and aliases, given their rows of `VERSION_COLUMNS`."""
    if not rows:
        return []
    names = sorted({row[0] for row in rows})
    tags: dict[tuple[str, int], dict[str, str]] = {(row[0], row[1]): {} for row in rows}
    for model, number, key, value in connection.execute(_VERSION_TAGS, {"names": names}):
        if (model, number) in tags:
            tags[model, number][key] = value
    aliases: dict[tuple[str, int], list[str]] = {}
    for model, alias, number in connection.execute(_ALIASES, {"names": names}):
        aliases.setdefault((model, number), []).append(alias)
    return [RegisteredVersion(*(*row, tags[row[0], row[1]], tuple(aliases.get((row[0], row[1]), ())))) for row in rows]


def models_of(connection: Connection, rows: Sequence[Any]) -> list[RegisteredModel]:
    """Return models with all that belongs to them, given rows of (name, description, created, updated)."""
    if not rows:
        return []
    names = [row[0] for row in rows]
    tags: dict[str, dict[str, str]] = {name: {} for name in names}
    for model, key, value in connection.execute(_MODEL_TAGS, {"names": names}):
        tags[model][key] = value
    aliases: dict[str, dict[str, int]] = {name: {} for name in names}
    for model, alias, number in connection.execute(_ALIASES, {"names": names}):
        aliases[model][alias] = number
    latest: dict[str, list[RegisteredVersion]] = {name: [] for name in names}
    for version in versions_of(connection, connection.execute(_LATEST, {"names": names}).all()):
        latest[version.model].append(version)
    return [RegisteredModel(*(*row, tags[row[0]], aliases[row[0]], tuple(latest[row[0]]))) for row in rows]
