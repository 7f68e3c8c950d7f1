"""Logged models in SQL."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import orjson
from sqlalchemy import Connection, text

from redspot.registry.filtering import Comparison, Order
from redspot.registry.logged_model import LoggedModel, LoggedModelNotFoundError, LoggedModelParameterError
from redspot.registry.recorded_run import MetricPoint
from redspot.stores import audit
from redspot.stores.database import Database
from redspot.stores.group_writer import GroupWriter
from redspot.stores.recording.conditions import Conditions
from redspot.stores.recording.experiments import milliseconds, require_active

_SELECT = (
    "SELECT model_id, experiment, name, artifact_uri, status, model_type, source_run_id, created_ms, updated_ms,"
    " params, tags FROM logged_models l"
)
_COLUMNS = {
    "name": "l.name",
    "model_id": "l.model_id",
    "model_type": "l.model_type",
    "status": "l.status",
    "source_run_id": "l.source_run_id",
    "creation_timestamp": "l.created_ms",
    "last_updated_timestamp": "l.updated_ms",
}
_KEEP_NEWEST = text(
    "INSERT INTO logged_model_metrics (model_id, key, run_id, dataset_name, dataset_digest, value, is_nan, step,"
    " time_ms) SELECT model_id, :key, :run_id, :dataset_name, :dataset_digest, :value, :is_nan, :step, :time_ms"
    " FROM logged_models WHERE model_id = :model_id"
    " ON CONFLICT (model_id, key, run_id, dataset_name, dataset_digest) DO UPDATE SET value = excluded.value,"
    " is_nan = excluded.is_nan, step = excluded.step, time_ms = excluded.time_ms"
    " WHERE (excluded.step, excluded.time_ms) >= (logged_model_metrics.step, logged_model_metrics.time_ms)"
)


def add_model_points(connection: Connection, run_id: str, points: Sequence[MetricPoint]) -> None:
    """Keep the newest values of those points that say which logged model they measure."""
    for point in points:
        if point.model_id:
            is_nan = math.isnan(point.value)
            values = point._asdict() | {"run_id": run_id, "is_nan": is_nan, "value": 0.0 if is_nan else point.value}
            connection.execute(_KEEP_NEWEST, values)


class SqlLoggedModels:
    """Keeps logged models; what writes returns a future, which is done once the write is committed."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database, self._writer = database, writer

    def create(
        self,
        experiment: int,
        *,
        name: str,
        model_type: str,
        source_run_id: str,
        params: Mapping[str, str],
        tags: Mapping[str, str],
        by: str,
    ) -> Future[LoggedModel]:
        """Begin a logged model, whose files come next (ExperimentNotFoundError, ExperimentStageError)."""
        now = self._database.clock.now()
        model_id = f"m-{uuid.uuid4().hex}"

        def work(connection: Connection) -> LoggedModel:
            require_active(connection, experiment)
            location = connection.execute(
                text("SELECT artifact_location FROM experiments WHERE id = :id"), {"id": experiment}
            ).scalar_one()
            at = milliseconds(now)
            values = {
                "model_id": model_id,
                "experiment": experiment,
                "name": name,
                "uri": f"{location.rstrip('/')}/models/{model_id}/artifacts",
                "model_type": model_type,
                "source_run_id": source_run_id,
                "owner": by,
                "at": at,
                "params": orjson.dumps(dict(params)).decode(),
                "tags": orjson.dumps(dict(tags)).decode(),
            }
            connection.execute(
                text(
                    "INSERT INTO logged_models (model_id, experiment, name, artifact_uri, status, stage, model_type,"
                    " source_run_id, owner, created_ms, updated_ms, params, tags) VALUES (:model_id, :experiment,"
                    " :name, :uri, 'LOGGED_MODEL_PENDING', 'active', :model_type, :source_run_id, :owner, :at, :at,"
                    " :params, :tags)"
                ),
                values,
            )
            audit.note_on(connection, now, by, "log-model", model_id, name=name, run=source_run_id or None)
            return read_model(connection, model_id)

        return self._writer.submit(work)

    def get(self, model_id: str) -> LoggedModel:
        """Return one logged model (LoggedModelNotFoundError)."""
        with self._database.reading() as connection:
            return read_model(connection, model_id)

    def finalize(self, model_id: str, status: str, *, by: str) -> Future[LoggedModel]:
        """Say whether its files arrived (LoggedModelNotFoundError)."""
        return self._change(model_id, f"logged-model-{status.lower().removeprefix('logged_model_')}", by, status=status)

    def add_params(self, model_id: str, params: Mapping[str, str], *, by: str) -> Future[LoggedModel]:
        """Add parameters (LoggedModelNotFoundError, LoggedModelParameterError when one is there already)."""

        def merged(model: LoggedModel) -> Mapping[str, str]:
            again = sorted(set(params) & set(model.params))
            if again:
                raise LoggedModelParameterError(f"Parameters {', '.join(again)} of {model_id} were given before.")
            return {**model.params, **params}

        return self._change(model_id, "logged-model-params", by, params=merged)

    def set_tags(self, model_id: str, tags: Mapping[str, str], *, by: str) -> Future[LoggedModel]:
        """Set tags (LoggedModelNotFoundError)."""
        return self._change(model_id, "tag-logged-model", by, tags=lambda model: {**model.tags, **tags})

    def delete_tag(self, model_id: str, key: str, *, by: str) -> Future[LoggedModel]:
        """Remove a tag (LoggedModelNotFoundError)."""

        def without(model: LoggedModel) -> Mapping[str, str]:
            if key not in model.tags:
                raise LoggedModelNotFoundError(f"No tag with key {key!r} found for model with ID {model_id!r}.")
            return {name: value for name, value in model.tags.items() if name != key}

        return self._change(model_id, "untag-logged-model", by, tags=without)

    def delete(self, model_id: str, *, by: str) -> Future[LoggedModel]:
        """Delete it, softly (LoggedModelNotFoundError)."""
        return self._change(model_id, "delete-logged-model", by, stage="deleted")

    def _change(
        self,
        model_id: str,
        action: str,
        by: str,
        *,
        status: str | None = None,
        stage: str | None = None,
        params: Callable[[LoggedModel], Mapping[str, str]] | None = None,
        tags: Callable[[LoggedModel], Mapping[str, str]] | None = None,
    ) -> Future[LoggedModel]:
        now = self._database.clock.now()

        def work(connection: Connection) -> LoggedModel:
            model = read_model(connection, model_id)
            values: dict[str, Any] = {"status": status, "stage": stage, "at": milliseconds(now), "id": model_id}
            values["params"] = orjson.dumps(dict(params(model) if params else model.params)).decode()
            values["tags"] = orjson.dumps(dict(tags(model) if tags else model.tags)).decode()
            connection.execute(
                text(
                    "UPDATE logged_models SET status = COALESCE(:status, status), stage = COALESCE(:stage, stage),"
                    " params = :params, tags = :tags, updated_ms = :at WHERE model_id = :id"
                ),
                values,
            )
            audit.note_on(connection, now, by, action, model_id)
            return model if stage == "deleted" else read_model(connection, model_id)

        return self._writer.submit(work)

    def search(
        self,
        experiments: tuple[int, ...],
        comparisons: tuple[Comparison, ...],
        orders: tuple[Order, ...],
        *,
        limit: int,
        offset: int,
    ) -> list[LoggedModel]:
        """Return matching logged models, by default the newest first."""
        if not experiments:
            return []
        where = Conditions(sqlite=self._database.is_sqlite)
        where.add("l.stage = 'active'")
        where.add(f"l.experiment IN {where.bind_all(experiments)}")
        for item in comparisons:
            where.add(self._condition(where, item))
        terms = []
        for order in orders:
            column = _COLUMNS[order.key] if order.kind == "attribute" else self._value(where, order)
            terms += [f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END", f"{column} {_direction(order)}"]
        if not any(order.key == "creation_timestamp" for order in orders):
            terms.append("l.created_ms DESC")
        sql = f"{_SELECT} WHERE {where.sql} ORDER BY {', '.join(terms)}, l.model_id LIMIT :limit OFFSET :offset"
        with self._database.reading() as connection:
            rows = connection.execute(text(sql), {**where.values, "limit": limit, "offset": offset}).all()
            return [_model(connection, row) for row in rows]

    def _condition(self, where: Conditions, item: Comparison) -> str:
        if item.kind == "attribute":
            return where.compare(_COLUMNS[item.key], item.operator, item.value)
        if item.kind == "metric":
            key = where.bind(item.key)
            value = where.compare("f.value", item.operator, item.value)
            return (
                "EXISTS (SELECT 1 FROM logged_model_metrics f WHERE f.model_id = l.model_id"
                f" AND f.key = {key} AND NOT f.is_nan AND {value})"
            )
        return where.compare(self._value(where, item), item.operator, item.value)

    def _value(self, where: Conditions, item: Comparison | Order) -> str:
        key = where.bind(item.key)
        if item.kind == "metric":
            return (
                "(SELECT f.value FROM logged_model_metrics f WHERE f.model_id = l.model_id"
                f" AND f.key = {key} AND NOT f.is_nan ORDER BY f.time_ms DESC LIMIT 1)"
            )
        column = "l.params" if item.kind == "param" else "l.tags"
        if where.sqlite:
            return f"(SELECT j.value FROM json_each({column}) j WHERE j.key = {key})"
        return f"({column} ->> {key})"


def _direction(order: Order) -> str:
    return "ASC" if order.ascending else "DESC"


def read_model(connection: Connection, model_id: str) -> LoggedModel:
    """Return one logged model that is not deleted (LoggedModelNotFoundError)."""
    row = connection.execute(text(f"{_SELECT} WHERE model_id = :id AND stage = 'active'"), {"id": model_id}).first()
    if row is None:
        raise LoggedModelNotFoundError(f"Logged model with ID '{model_id}' not found.", model_id=model_id)
    return _model(connection, row)


def _model(connection: Connection, row: Any) -> LoggedModel:
    *facts, params, tags = row
    metrics = connection.execute(
        text(
            "SELECT key, CASE WHEN is_nan THEN NULL ELSE value END, time_ms, step, run_id, dataset_name,"
            " dataset_digest FROM logged_model_metrics WHERE model_id = :id ORDER BY key, time_ms"
        ),
        {"id": row.model_id},
    ).all()
    registrations = connection.execute(
        text(
            "SELECT model, number FROM version_notes WHERE model_id = :id AND deleted_ms IS NULL ORDER BY model, number"
        ),
        {"id": row.model_id},
    ).all()
    kept = tuple((name, number) for name, number in registrations)
    return LoggedModel(*(*facts, _object(params), _object(tags), tuple(map(tuple, metrics)), kept))


def _object(value: Any) -> dict[str, str]:
    return dict(orjson.loads(value)) if isinstance(value, str | bytes) else dict(value)
