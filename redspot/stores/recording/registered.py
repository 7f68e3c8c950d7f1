"""Registered models and versions in SQL: what may change about them, and the search over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.orm import Session

from redspot.ids import parse_alias, parse_name
from redspot.registry.filtering import Comparison, Order
from redspot.registry.model import ModelNotFoundError, VersionNotFoundError
from redspot.registry.registered import (
    AliasNotFoundError,
    ModelExistsError,
    ModelInUseError,
    OriginatedVersion,
    RegisteredModel,
    RegisteredVersion,
)
from redspot.stores import audit
from redspot.stores.database import Database
from redspot.stores.group_writer import GroupWriter
from redspot.stores.models import add_version
from redspot.stores.recording.conditions import Conditions
from redspot.stores.recording.experiments import from_milliseconds, milliseconds
from redspot.stores.recording.registered_pages import VERSION_COLUMNS, models_of, versions_of
from redspot.stores.tables import UtcDateTime

STAGES = ("None", "Staging", "Production", "Archived")
_MODEL = (
    "SELECT m.name, m.description, m.created_at, n.updated_ms FROM model_notes n JOIN models m ON m.name = n.model"
    " WHERE n.deleted_ms IS NULL"
)
_MODEL_ORDERS = {
    "name": "n.model",
    "creation_timestamp": "m.created_at",
    "last_updated_timestamp": "n.updated_ms",
}
_VERSION_COLUMNS = {"name": "v.model", "run_id": "v.run_id", "source_path": "v.source", "version_number": "v.number"}
_VERSION_ORDERS = {
    "name": "v.model",
    "version_number": "v.number",
    "creation_timestamp": "v.created_ms",
    "last_updated_timestamp": "v.updated_ms",
}


class SqlRegistered:
    """Keeps what may change about models; what writes returns a future, done once the write is committed."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database, self._writer = database, writer

    def _now_ms(self) -> int:
        return milliseconds(self._database.clock.now())

    def _submit(self, work: Callable[[Connection, int], Any]) -> Future[Any]:
        at = self._now_ms()
        return self._writer.submit(lambda connection: work(connection, at))

    def create(self, name: str, description: str, tags: Mapping[str, str], *, by: str) -> Future[RegisteredModel]:
        """Register a name (InvalidNameError, ModelExistsError); a deleted one comes back, its numbers go on."""
        parse_name(name, "model")

        def work(connection: Connection, at: int) -> RegisteredModel:
            known = connection.execute(text("SELECT deleted_ms FROM model_notes WHERE model = :m"), {"m": name}).first()
            if known is not None and known.deleted_ms is None:
                raise ModelExistsError(f"Registered Model (name={name}) already exists.", model=name)
            values = {"name": name, "owner": by, "description": description, "at": from_milliseconds(at)}
            if known is None:
                connection.execute(_INSERT_MODEL, values)
                connection.execute(_INSERT_NOTE, {"model": name, "at": at})
            else:
                connection.execute(_REVIVE_MODEL, values)
                connection.execute(_REVIVE_NOTE, {"model": name, "at": at})
            if tags:
                rows = [{"model": name, "key": key, "value": value} for key, value in tags.items()]
                connection.execute(_SET_MODEL_TAG, rows)
            _note(connection, at, by, "create-model", name)
            return _read(connection, name)

        return self._submit(work)

    def get(self, name: str) -> RegisteredModel:
        """Return one model (ModelNotFoundError)."""
        with self._database.reading() as connection:
            return _read(connection, name)

    def describe(self, name: str, description: str, *, by: str) -> Future[RegisteredModel]:
        """Change its description (ModelNotFoundError)."""

        def work(connection: Connection, at: int) -> RegisteredModel:
            _touch(connection, name, at)
            connection.execute(
                text("UPDATE models SET description = :d WHERE name = :m"), {"d": description, "m": name}
            )
            _note(connection, at, by, "describe-model", name)
            return _read(connection, name)

        return self._submit(work)

    def rename(self, name: str, new: str, *, by: str) -> Future[RegisteredModel]:
        """Give it another name (ModelNotFoundError, ModelExistsError; ModelInUseError when it was ever deployed)."""
        parse_name(new, "model")

        def work(connection: Connection, at: int) -> RegisteredModel:
            _touch(connection, name, at)
            values = {"old": name, "new": new}
            if connection.execute(text("SELECT 1 FROM models WHERE name = :new"), values).first():
                raise ModelExistsError(f"Registered Model (name={new}) already exists.", model=new)
            if connection.execute(text("SELECT 1 FROM deployments WHERE model = :old"), values).first():
                raise ModelInUseError(f"Model {name!r} is in the deployments ledger, which names it for ever.")
            connection.execute(
                text(
                    "INSERT INTO models (name, owner, description, created_at)"
                    " SELECT :new, owner, description, created_at FROM models WHERE name = :old"
                ),
                values,
            )
            for table in ("versions", "aliases", "model_notes", "version_notes", "model_tags", "version_tags"):
                connection.execute(text(f"UPDATE {table} SET model = :new WHERE model = :old"), values)
            connection.execute(text("DELETE FROM models WHERE name = :old"), values)
            _note(connection, at, by, "rename-model", new, before=name)
            return _read(connection, new)

        return self._submit(work)

    def delete(self, name: str, *, by: str) -> Future[None]:
        """Delete it and its versions, softly (ModelNotFoundError; ModelInUseError while an endpoint serves one)."""

        def work(connection: Connection, at: int) -> None:
            _touch(connection, name, at)
            _refuse_use(connection, name, None)
            values = {"m": name, "at": at}
            connection.execute(text("UPDATE model_notes SET deleted_ms = :at WHERE model = :m"), values)
            connection.execute(
                text("UPDATE version_notes SET deleted_ms = COALESCE(deleted_ms, :at) WHERE model = :m"), values
            )
            for table in ("aliases", "model_tags"):
                connection.execute(text(f"DELETE FROM {table} WHERE model = :m"), {"m": name})
            _note(connection, at, by, "delete-model", name)

        return self._submit(work)

    def set_tag(self, name: str, key: str, value: str, *, by: str) -> Future[None]:
        """Set a tag (ModelNotFoundError)."""

        def work(connection: Connection, at: int) -> None:
            _touch(connection, name, at)
            connection.execute(_SET_MODEL_TAG, {"model": name, "key": key, "value": value})
            _note(connection, at, by, "tag-model", name, key=key)

        return self._submit(work)

    def delete_tag(self, name: str, key: str, *, by: str) -> Future[None]:
        """Remove a tag, if it is there (ModelNotFoundError)."""

        def work(connection: Connection, at: int) -> None:
            _touch(connection, name, at)
            connection.execute(text("DELETE FROM model_tags WHERE model = :m AND key = :k"), {"m": name, "k": key})
            _note(connection, at, by, "untag-model", name, key=key)

        return self._submit(work)

    def search(
        self, comparisons: tuple[Comparison, ...], orders: tuple[Order, ...], *, limit: int, offset: int
    ) -> list[RegisteredModel]:
        """Return matching models, by default by name."""
        where = Conditions(sqlite=self._database.is_sqlite)
        for item in comparisons:
            if item.kind == "tag":
                where.add(where.keyed("model_tags", "model", item, "m.name"))
            else:
                where.add(where.compare("n.model", item.operator, item.value))
        terms = [f"{_MODEL_ORDERS[order.key]} {'ASC' if order.ascending else 'DESC'}" for order in orders]
        if not any(order.key == "name" for order in orders):
            terms.append("n.model ASC")
        sql = f"{_MODEL} AND {where.sql} ORDER BY {', '.join(terms)} LIMIT :limit OFFSET :offset"
        with self._database.reading() as connection:
            rows = connection.execute(text(sql), {**where.values, "limit": limit, "offset": offset}).all()
            return models_of(connection, [_plain(row) for row in rows])

    def set_alias(self, name: str, alias: str, number: int, *, by: str) -> Future[None]:
        """Point an alias at a version (ModelNotFoundError, VersionNotFoundError, InvalidNameError)."""
        parse_alias(alias)

        def work(connection: Connection, at: int) -> None:
            _read_version(connection, name, number)
            connection.execute(_SET_ALIAS, {"model": name, "alias": alias, "number": number})
            _note(connection, at, by, "set-alias", f"{name}@{alias}", number=number)

        return self._submit(work)

    def delete_alias(self, name: str, alias: str, *, by: str) -> Future[None]:
        """Remove an alias, if it is there (ModelNotFoundError)."""

        def work(connection: Connection, at: int) -> None:
            _read(connection, name)
            connection.execute(text("DELETE FROM aliases WHERE model = :m AND alias = :a"), {"m": name, "a": alias})
            _note(connection, at, by, "delete-alias", f"{name}@{alias}")

        return self._submit(work)

    def by_alias(self, name: str, alias: str) -> RegisteredVersion:
        """Return the version that an alias points at (ModelNotFoundError, AliasNotFoundError)."""
        with self._database.reading() as connection:
            _read(connection, name)
            number = connection.execute(
                text("SELECT number FROM aliases WHERE model = :m AND alias = :a"), {"m": name, "a": alias}
            ).scalar()
            if number is None:
                raise AliasNotFoundError(f"Registered model alias {alias} not found.", model=name, alias=alias)
            return _read_version(connection, name, number)

    def add(self, new: OriginatedVersion) -> Future[RegisteredVersion]:
        """Number and keep a version (ModelNotFoundError)."""

        def work(connection: Connection, at: int) -> RegisteredVersion:
            _touch(connection, new.version.model, at)
            with Session(connection, join_transaction_mode="create_savepoint") as session:
                number = add_version(session, self._database, new.version, new.origin, new.description).number
                session.commit()
            if new.tags:
                place = {"model": new.version.model, "number": number}
                rows = [{**place, "key": key, "value": value} for key, value in new.tags.items()]
                connection.execute(_SET_VERSION_TAG, rows)
            return _read_version(connection, new.version.model, number)

        return self._submit(work)

    def version(self, name: str, number: int) -> RegisteredVersion:
        """Return one version (VersionNotFoundError)."""
        with self._database.reading() as connection:
            return _read_version(connection, name, number)

    def describe_version(self, name: str, number: int, description: str, *, by: str) -> Future[RegisteredVersion]:
        """Change its description (VersionNotFoundError)."""
        return self._change(name, number, "description = :value", description, "describe-version", by)

    def set_version_stage(
        self, name: str, number: int, stage: str, *, archive: bool, by: str
    ) -> Future[RegisteredVersion]:
        """Move it to one of `STAGES`; with `archive`, those that are there go to ``Archived``."""

        def work(connection: Connection, at: int) -> RegisteredVersion:
            _read_version(connection, name, number)
            values = {"m": name, "n": number, "s": stage, "at": at}
            if archive:
                connection.execute(
                    text(
                        "UPDATE version_notes SET stage = 'Archived', updated_ms = :at"
                        " WHERE model = :m AND stage = :s AND number <> :n"
                    ),
                    values,
                )
            connection.execute(
                text("UPDATE version_notes SET stage = :s, updated_ms = :at WHERE model = :m AND number = :n"), values
            )
            _touch(connection, name, at)
            _note(connection, at, by, "stage-version", f"{name}@{number}", stage=stage)
            return _read_version(connection, name, number)

        return self._submit(work)

    def delete_version(self, name: str, number: int, *, by: str) -> Future[None]:
        """Delete it, softly; its number is not given again (VersionNotFoundError, ModelInUseError)."""

        def work(connection: Connection, at: int) -> None:
            _read_version(connection, name, number)
            _refuse_use(connection, name, number)
            values = {"m": name, "n": number, "at": at}
            connection.execute(
                text("UPDATE version_notes SET deleted_ms = :at WHERE model = :m AND number = :n"), values
            )
            connection.execute(text("DELETE FROM aliases WHERE model = :m AND number = :n"), values)
            _touch(connection, name, at)
            _note(connection, at, by, "delete-version", f"{name}@{number}")

        return self._submit(work)

    def set_version_tag(self, name: str, number: int, key: str, value: str, *, by: str) -> Future[None]:
        """Set a tag (VersionNotFoundError)."""

        def work(connection: Connection, at: int) -> None:
            _read_version(connection, name, number)
            values = {"model": name, "number": number, "key": key, "value": value}
            connection.execute(_SET_VERSION_TAG, values)
            _note(connection, at, by, "tag-version", f"{name}@{number}", key=key)

        return self._submit(work)

    def delete_version_tag(self, name: str, number: int, key: str, *, by: str) -> Future[None]:
        """Remove a tag, if it is there (VersionNotFoundError)."""

        def work(connection: Connection, at: int) -> None:
            _read_version(connection, name, number)
            values = {"m": name, "n": number, "k": key}
            connection.execute(text("DELETE FROM version_tags WHERE model = :m AND number = :n AND key = :k"), values)
            _note(connection, at, by, "untag-version", f"{name}@{number}", key=key)

        return self._submit(work)

    def search_versions(
        self, comparisons: tuple[Comparison, ...], orders: tuple[Order, ...], *, limit: int, offset: int
    ) -> list[RegisteredVersion]:
        """Return matching versions, by default those changed last first."""
        where = Conditions(sqlite=self._database.is_sqlite)
        where.add("v.deleted_ms IS NULL")
        for item in comparisons:
            if item.kind == "tag":
                inner = where.keyed("version_tags", "model", item, "v.model")
                where.add(inner.replace("f.model = v.model", "f.model = v.model AND f.number = v.number", 1))
            else:
                where.add(where.compare(_VERSION_COLUMNS[item.key], item.operator, item.value))
        terms = [f"{_VERSION_ORDERS[order.key]} {'ASC' if order.ascending else 'DESC'}" for order in orders]
        if not orders:
            terms.append("v.updated_ms DESC")
        keys = {order.key for order in orders}
        terms += ["v.model ASC"] * ("name" not in keys) + ["v.number DESC"] * ("version_number" not in keys)
        sql = (
            f"SELECT {VERSION_COLUMNS} FROM version_notes v WHERE {where.sql} ORDER BY {', '.join(terms)}"
            " LIMIT :limit OFFSET :offset"
        )
        with self._database.reading() as connection:
            rows = connection.execute(text(sql), {**where.values, "limit": limit, "offset": offset}).all()
            return versions_of(connection, rows)

    def _change(self, name: str, number: int, what: str, value: str, action: str, by: str) -> Future[RegisteredVersion]:
        def work(connection: Connection, at: int) -> RegisteredVersion:
            _read_version(connection, name, number)
            connection.execute(
                text(f"UPDATE version_notes SET {what}, updated_ms = :at WHERE model = :m AND number = :n"),
                {"value": value, "at": at, "m": name, "n": number},
            )
            _note(connection, at, by, action, f"{name}@{number}")
            return _read_version(connection, name, number)

        return self._submit(work)


_AT = bindparam("at", type_=UtcDateTime())
_INSERT_MODEL = text(
    "INSERT INTO models (name, owner, description, created_at) VALUES (:name, :owner, :description, :at)"
).bindparams(_AT)
_REVIVE_MODEL = text(
    "UPDATE models SET owner = :owner, description = :description, created_at = :at WHERE name = :name"
).bindparams(_AT)
_INSERT_NOTE = text("INSERT INTO model_notes (model, updated_ms) VALUES (:model, :at)")
_REVIVE_NOTE = text("UPDATE model_notes SET updated_ms = :at, deleted_ms = NULL WHERE model = :model")
_SET_MODEL_TAG = text(
    "INSERT INTO model_tags (model, key, value) VALUES (:model, :key, :value)"
    " ON CONFLICT (model, key) DO UPDATE SET value = excluded.value"
)
_SET_VERSION_TAG = text(
    "INSERT INTO version_tags (model, number, key, value) VALUES (:model, :number, :key, :value)"
    " ON CONFLICT (model, number, key) DO UPDATE SET value = excluded.value"
)
_SET_ALIAS = text(
    "INSERT INTO aliases (model, alias, number) VALUES (:model, :alias, :number)"
    " ON CONFLICT (model, alias) DO UPDATE SET number = excluded.number"
)


def _note(connection: Connection, at: int, by: str, action: str, target: str, **facts: Any) -> None:
    audit.note_on(connection, from_milliseconds(at), by, action, target, **facts)


def _touch(connection: Connection, name: str, at: int) -> None:
    done = connection.execute(
        text("UPDATE model_notes SET updated_ms = :at WHERE model = :m AND deleted_ms IS NULL"), {"at": at, "m": name}
    )
    if not done.rowcount:
        raise ModelNotFoundError(f"Registered Model with name={name} not found", model=name)


def _refuse_use(connection: Connection, name: str, number: int | None) -> None:
    row = connection.execute(
        text(
            "SELECT endpoint, version FROM deployments WHERE model = :m AND state IN ('starting', 'live')"
            + ("" if number is None else " AND version = :n")
        ),
        {"m": name} | ({} if number is None else {"n": number}),
    ).first()
    if row is not None:
        raise ModelInUseError(
            f"{name}@{row.version} answers at endpoint {row.endpoint!r}: stop that or deploy another version first.",
            model=name,
            endpoint=row.endpoint,
        )


def _read(connection: Connection, name: str) -> RegisteredModel:
    row = connection.execute(text(f"{_MODEL} AND n.model = :m"), {"m": name}).first()
    if row is None:
        raise ModelNotFoundError(f"Registered Model with name={name} not found", model=name)
    return models_of(connection, [_plain(row)])[0]


def _read_version(connection: Connection, name: str, number: int) -> RegisteredVersion:
    row = connection.execute(
        text(
            f"SELECT {VERSION_COLUMNS} FROM version_notes v"
            " WHERE v.model = :m AND v.number = :n AND v.deleted_ms IS NULL"
        ),
        {"m": name, "n": number},
    ).first()
    if row is None:
        raise VersionNotFoundError(
            f"Model Version (name={name}, version={number}) not found", model=name, number=number
        )
    return versions_of(connection, [row])[0]


def _plain(row: Any) -> tuple[Any, ...]:
    moment = row[2]
    made = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return (row[0], row[1], milliseconds(made if made.tzinfo else made.replace(tzinfo=UTC)), row[3])
