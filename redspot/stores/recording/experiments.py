"""Experiments in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from redspot.registry.experiment import (
    Experiment,
    ExperimentExistsError,
    ExperimentNotFoundError,
    ExperimentStageError,
)
from redspot.registry.filtering import Comparison, Order
from redspot.stores import audit
from redspot.stores.database import Database
from redspot.stores.group_writer import GroupWriter
from redspot.stores.recording.conditions import Conditions

_SELECT = "SELECT id, name, artifact_location, stage, owner, created_ms, updated_ms FROM experiments e"
_COLUMNS = {
    "name": "e.name",
    "experiment_id": "e.id",
    "creation_time": "e.created_ms",
    "last_update_time": "e.updated_ms",
}
_SET_TAG = text(
    "INSERT INTO experiment_tags (experiment, key, value) VALUES (:experiment, :key, :value)"
    " ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value"
)


def milliseconds(moment: datetime) -> int:
    """Return milliseconds since 1970 (UTC)."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(moment: int) -> datetime:
    """Return the moment, aware."""
    return datetime.fromtimestamp(moment / 1000, UTC)


class SqlExperiments:
    """Keeps experiments; what writes returns a future, which is done once the write is committed."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database, self._writer = database, writer

    def create(self, name: str, artifact_location: str | None, tags: Mapping[str, str], *, by: str) -> Future[int]:
        """Add an experiment and return its id (ExperimentExistsError)."""
        now = self._database.clock.now()

        def work(connection: Connection) -> int:
            known = connection.execute(text("SELECT id, stage FROM experiments WHERE name = :n"), {"n": name}).first()
            if known is not None:
                raise _exists(name, known.stage)
            at = milliseconds(now)
            made: int = connection.execute(
                text(
                    "INSERT INTO experiments (name, artifact_location, stage, owner, created_ms, updated_ms)"
                    " VALUES (:name, :location, 'active', :owner, :at, :at) RETURNING id"
                ),
                {"name": name, "location": artifact_location or "", "owner": by, "at": at},
            ).scalar_one()
            if not artifact_location:
                location = f"mlflow-artifacts:/{made}"
                connection.execute(
                    text("UPDATE experiments SET artifact_location = :l WHERE id = :i"), {"l": location, "i": made}
                )
            if tags:
                connection.execute(
                    _SET_TAG, [{"experiment": made, "key": key, "value": value} for key, value in tags.items()]
                )
            audit.note_on(connection, now, by, "create-experiment", name, experiment=made)
            return made

        return self._writer.submit(work)

    def get(self, experiment: int) -> Experiment:
        """Return one experiment (ExperimentNotFoundError)."""
        with self._database.reading() as connection:
            row = connection.execute(text(f"{_SELECT} WHERE id = :id"), {"id": experiment}).first()
            if row is None:
                raise not_found(experiment)
            return _with_tags(connection, [row])[0]

    def named(self, name: str) -> Experiment:
        """Return the experiment of that name (ExperimentNotFoundError)."""
        with self._database.reading() as connection:
            row = connection.execute(text(f"{_SELECT} WHERE name = :name"), {"name": name}).first()
            if row is None:
                raise ExperimentNotFoundError(f"Could not find experiment with name '{name}'", name=name)
            return _with_tags(connection, [row])[0]

    def search(
        self,
        comparisons: tuple[Comparison, ...],
        orders: tuple[Order, ...],
        *,
        stages: tuple[str, ...],
        limit: int,
        offset: int,
    ) -> list[Experiment]:
        """Return matching experiments, by default those changed last first."""
        where = Conditions(sqlite=self._database.is_sqlite)
        where.add(f"e.stage IN {where.bind_all(stages)}")
        for item in comparisons:
            if item.kind == "tag":
                where.add(where.keyed("experiment_tags", "experiment", item, "e.id"))
            elif item.key == "experiment_id":
                value = tuple(map(_number, item.value)) if isinstance(item.value, tuple) else _number(item.value)
                where.add(where.compare("e.id", item.operator, value))
            else:
                where.add(where.compare(_COLUMNS[item.key], item.operator, item.value))
        terms = [f"{_COLUMNS[order.key]} {'ASC' if order.ascending else 'DESC'}" for order in orders]
        if not orders:
            terms = ["e.updated_ms DESC"]
        if not any(order.key == "experiment_id" for order in orders):
            terms.append("e.id DESC")
        sql = f"{_SELECT} WHERE {where.sql} ORDER BY {', '.join(terms)} LIMIT :limit OFFSET :offset"
        with self._database.reading() as connection:
            rows = connection.execute(text(sql), {**where.values, "limit": limit, "offset": offset}).all()
            return _with_tags(connection, rows)

    def rename(self, experiment: int, name: str, *, by: str) -> Future[None]:
        """Give it another name (ExperimentNotFoundError, ExperimentExistsError, ExperimentStageError)."""
        now = self._database.clock.now()

        def work(connection: Connection) -> None:
            if _stage(connection, experiment) != "active":
                raise ExperimentStageError("Cannot rename a non-active experiment.", experiment=experiment)
            known = connection.execute(
                text("SELECT stage FROM experiments WHERE name = :n AND id <> :i"), {"n": name, "i": experiment}
            ).first()
            if known is not None:
                raise _exists(name, known.stage)
            self._change(connection, experiment, now, "name = :value", name)
            audit.note_on(connection, now, by, "rename-experiment", name, experiment=experiment)

        return self._writer.submit(work)

    def set_stage(self, experiment: int, stage: str, *, by: str) -> Future[None]:
        """Delete or restore it, with its runs (ExperimentNotFoundError, ExperimentStageError)."""
        now = self._database.clock.now()

        def work(connection: Connection) -> None:
            known = _stage(connection, experiment)
            if known == stage:
                raise ExperimentNotFoundError(
                    f"No Experiment with id={experiment} exists that is not {stage}", experiment=experiment
                )
            self._change(connection, experiment, now, "stage = :value", stage)
            connection.execute(
                text("UPDATE recorded_runs SET stage = :s WHERE experiment = :i"), {"s": stage, "i": experiment}
            )
            verb = "delete" if stage == "deleted" else "restore"
            audit.note_on(connection, now, by, f"{verb}-experiment", str(experiment))

        return self._writer.submit(work)

    def set_tag(self, experiment: int, key: str, value: str, *, by: str) -> Future[None]:
        """Set a tag (ExperimentNotFoundError, ExperimentStageError)."""
        now = self._database.clock.now()

        def work(connection: Connection) -> None:
            require_active(connection, experiment)
            connection.execute(_SET_TAG, {"experiment": experiment, "key": key, "value": value})
            self._change(connection, experiment, now)
            audit.note_on(connection, now, by, "tag-experiment", str(experiment), key=key)

        return self._writer.submit(work)

    def delete_tag(self, experiment: int, key: str, *, by: str) -> Future[None]:
        """Remove a tag (ExperimentNotFoundError)."""
        now = self._database.clock.now()

        def work(connection: Connection) -> None:
            require_active(connection, experiment)
            gone = connection.execute(
                text("DELETE FROM experiment_tags WHERE experiment = :i AND key = :k"), {"i": experiment, "k": key}
            )
            if not gone.rowcount:
                raise ExperimentNotFoundError(f"No tag with name: {key} in experiment with id {experiment}")
            self._change(connection, experiment, now)
            audit.note_on(connection, now, by, "untag-experiment", str(experiment), key=key)

        return self._writer.submit(work)

    def _change(
        self, connection: Connection, experiment: int, now: datetime, what: str = "", value: Any = None
    ) -> None:
        changes = f"{what}, " if what else ""
        values = {"at": milliseconds(now), "id": experiment} | ({"value": value} if what else {})
        connection.execute(text(f"UPDATE experiments SET {changes}updated_ms = :at WHERE id = :id"), values)


def not_found(experiment: int) -> ExperimentNotFoundError:
    """Return the error for an id that no experiment has."""
    return ExperimentNotFoundError(f"No Experiment with id={experiment} exists", experiment=experiment)


def _exists(name: str, stage: str) -> ExperimentExistsError:
    if stage == "deleted":
        return ExperimentExistsError(
            f"Experiment '{name}' already exists in deleted state. You can restore the experiment, or permanently"
            " delete the experiment to create a new one.",
            name=name,
        )
    return ExperimentExistsError(f"Experiment(name={name}) already exists.", name=name)


def _stage(connection: Connection, experiment: int) -> str:
    stage = connection.execute(text("SELECT stage FROM experiments WHERE id = :id"), {"id": experiment}).scalar()
    if stage is None:
        raise not_found(experiment)
    return str(stage)


def require_active(connection: Connection, experiment: int) -> None:
    """Raise unless the experiment is there and not deleted (ExperimentNotFoundError, ExperimentStageError)."""
    stage = _stage(connection, experiment)
    if stage != "active":
        raise ExperimentStageError(
            f"The experiment {experiment} must be in the 'active' state. Current state is {stage}.",
            experiment=experiment,
        )


def _number(value: Any) -> int:
    text_value = str(value)
    if not text_value.isascii() or not text_value.isdigit() or len(text_value) > 18:
        raise ExperimentNotFoundError(f"No Experiment with id={text_value[:80]} exists")
    return int(text_value)


def _with_tags(connection: Connection, rows: Any) -> list[Experiment]:
    if not rows:
        return []
    wanted = ", ".join(str(int(row.id)) for row in rows)
    tags: dict[int, dict[str, str]] = {row.id: {} for row in rows}
    query = f"SELECT experiment, key, value FROM experiment_tags WHERE experiment IN ({wanted}) ORDER BY key"
    for experiment, key, value in connection.execute(text(query)):
        tags[experiment][key] = value
    return [Experiment(*(*row, tags[row.id])) for row in rows]
