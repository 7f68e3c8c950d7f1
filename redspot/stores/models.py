"""Models and versions in SQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from redspot.artifacts import Artifact
from redspot.ids import ModelRef, parse_alias, parse_name
from redspot.registry.deployment import DeploymentState
from redspot.registry.endpoint import ArmRole
from redspot.registry.model import (
    EnvironmentRecord,
    Model,
    ModelNotFoundError,
    NewVersion,
    Version,
    VersionNotFoundError,
)
from redspot.registry.registered import NoPipelineError, VersionOrigin
from redspot.stores import audit
from redspot.stores.codec import from_json, maybe_from_json, to_json
from redspot.stores.database import Database
from redspot.stores.recording_tables import ModelNoteRow, VersionNoteRow
from redspot.stores.tables import AliasRow, DeploymentRow, ModelRow, VersionRow


class SqlModelStore:
    """Keeps models and versions in a database; see the port `redspot.registry.model.ModelStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, version: NewVersion) -> Version:
        """Number and keep a version; what the same run made before is returned as it is."""
        with self._database.write() as session:
            return add_version(session, self._database, version)

    def get(self, ref: ModelRef) -> Version:
        """Return one version."""
        with self._database.read() as session:
            return _version(_resolve(session, ref))

    def model(self, name: str) -> Model:
        """Return one model."""
        with self._database.read() as session:
            return _model(session, _model_row(session, name))

    def models(self, *, limit: int, after: str | None = None) -> tuple[Model, ...]:
        """Return models by name."""
        query = select(ModelRow).join(ModelNoteRow, ModelNoteRow.model == ModelRow.name)
        query = query.where(ModelNoteRow.deleted_ms.is_(None)).order_by(ModelRow.name).limit(limit)
        if after is not None:
            query = query.where(ModelRow.name > after)
        with self._database.read() as session:
            return tuple(_model(session, row) for row in session.scalars(query).all())

    def versions(self, name: str, *, limit: int, before: int | None = None) -> tuple[Version, ...]:
        """Return versions of a model, newest first."""
        query = _kept_versions(name).limit(limit)
        if before is not None:
            query = query.where(VersionRow.number < before)
        with self._database.read() as session:
            _model_row(session, name)
            return tuple(_version(row) for row in session.scalars(query))

    def set_alias(self, name: str, alias: str, number: int, *, by: str) -> Model:
        """Point an alias at a version."""
        parse_alias(alias)
        with self._database.write() as session:
            model = _model_row(session, name)
            _resolve(session, ModelRef(name, str(number)))
            session.merge(AliasRow(model=name, alias=alias, number=number))
            audit.note(session, self._database.clock.now(), by, "set-alias", f"{name}@{alias}", number=number)
            session.flush()
            return _model(session, model)


def add_version(
    session: Session,
    database: Database,
    new: NewVersion,
    origin: VersionOrigin | None = None,
    description: str = "",
) -> Version:
    """Number and add a version within the caller's transaction, with the notes that may change about it."""
    parse_name(new.model, "model")
    if new.run_id is not None:
        made = session.scalar(select(VersionRow).where(VersionRow.run_id == new.run_id))
        if made is not None:
            return _version(made)
    now = database.clock.now()
    model = session.get(ModelRow, new.model, with_for_update=True)
    if model is None:
        session.add(ModelRow(name=new.model, owner=new.created_by, description="", created_at=now))
        session.flush()
    _note_model(session, new.model, now)
    newest = session.scalar(select(func.max(VersionRow.number)).where(VersionRow.model == new.model)) or 0
    row = VersionRow(
        model=new.model,
        number=newest + 1,
        pipeline=to_json(new.pipeline),
        notebook=to_json(new.notebook),
        environment=to_json(new.environment),
        parameters=dict(new.parameters),
        metrics=dict(new.metrics),
        schema=dict(new.schema),
        graph=dict(new.graph),
        parity_rows=new.parity_rows,
        run_id=new.run_id,
        created_at=now,
        created_by=new.created_by,
    )
    session.add(row)
    session.flush()
    session.add(_notes(row, origin or VersionOrigin(), description))
    version = _version(row)
    audit.note(session, now, new.created_by, "register-version", str(version.ref), run=new.run_id)
    return version


def require_pipeline(session: Session, ref: ModelRef) -> None:
    """Raise when a version is no pipeline of ours, which nothing here would load (NoPipelineError)."""
    note = session.get(VersionNoteRow, (ref.name, ref.number))
    if note is not None and note.stored != "redspot":
        why = note.unsafe or "It was logged by MLflow's client and holds no pipeline file of Redspot."
        raise NoPipelineError(f"{ref} cannot be deployed: {why}", ref=str(ref))


def _note_model(session: Session, name: str, now: datetime) -> None:
    note = session.get(ModelNoteRow, name)
    if note is None:
        session.add(ModelNoteRow(model=name, updated_ms=int(now.timestamp() * 1000)))
    else:
        note.updated_ms, note.deleted_ms = int(now.timestamp() * 1000), None


def _notes(row: VersionRow, origin: VersionOrigin, description: str) -> VersionNoteRow:
    at = int(row.created_at.timestamp() * 1000)
    return VersionNoteRow(
        model=row.model,
        number=row.number,
        description=description,
        source=origin.source,
        run_id=origin.run_id,
        run_link=origin.run_link,
        model_id=origin.model_id,
        stage="None",
        owner=row.created_by,
        stored=origin.stored,
        flavors=dict(origin.flavors or {}),
        unsafe=origin.unsafe,
        created_ms=at,
        updated_ms=at,
    )


def _is_deleted(session: Session, name: str) -> bool:
    note = session.get(ModelNoteRow, name)
    return note is not None and note.deleted_ms is not None


def _model_row(session: Session, name: str) -> ModelRow:
    row = session.get(ModelRow, name)
    if row is None or _is_deleted(session, name):
        query = select(ModelRow.name).join(ModelNoteRow, ModelNoteRow.model == ModelRow.name)
        query = query.where(ModelNoteRow.deleted_ms.is_(None))
        known = session.scalars(query.order_by(ModelRow.name).limit(20)).all()
        listed = ", ".join(known) or "none yet"
        raise ModelNotFoundError(f"No model {name!r} is registered; registered models: {listed}.", model=name)
    return row


def _resolve(session: Session, ref: ModelRef) -> VersionRow:
    _model_row(session, ref.name)
    number = ref.number
    if number is None and ref.selector == ModelRef.LATEST:
        number = session.scalar(
            select(func.max(VersionNoteRow.number)).where(
                VersionNoteRow.model == ref.name, VersionNoteRow.deleted_ms.is_(None)
            )
        )
    elif number is None:
        alias = session.get(AliasRow, (ref.name, ref.selector))
        number = alias.number if alias else None
    row = session.get(VersionRow, (ref.name, number)) if number is not None else None
    if row is None or session.get_one(VersionNoteRow, (ref.name, number)).deleted_ms is not None:
        newest = session.scalar(select(func.max(VersionRow.number)).where(VersionRow.model == ref.name)) or 0
        aliases = session.scalars(select(AliasRow.alias).where(AliasRow.model == ref.name)).all()
        listed = f"versions 1 to {newest}" + (f" and the aliases {', '.join(aliases)}" if aliases else "")
        raise VersionNotFoundError(f"{ref} does not exist; model {ref.name!r} has {listed}.", ref=str(ref))
    return row


def _kept_versions(name: str) -> Select[VersionRow]:
    notes = VersionNoteRow
    return (
        select(VersionRow)
        .join(notes, and_(notes.model == VersionRow.model, notes.number == VersionRow.number))
        .where(VersionRow.model == name, notes.deleted_ms.is_(None))
        .order_by(VersionRow.number.desc())
    )


def _version(row: VersionRow) -> Version:
    return Version(
        model=row.model,
        number=row.number,
        pipeline=from_json(Artifact, row.pipeline),
        notebook=maybe_from_json(Artifact, row.notebook),
        environment=from_json(EnvironmentRecord, row.environment),
        parameters=row.parameters,
        metrics=row.metrics,
        schema=row.schema,
        graph=row.graph,
        parity_rows=row.parity_rows,
        run_id=row.run_id,
        created_at=row.created_at,
        created_by=row.created_by,
    )


def _model(session: Session, row: ModelRow) -> Model:
    newest = session.scalar(_kept_versions(row.name).limit(1))
    aliases = session.scalars(select(AliasRow).where(AliasRow.model == row.name).order_by(AliasRow.alias)).all()
    endpoints = session.scalars(
        select(DeploymentRow.endpoint)
        .where(
            DeploymentRow.model == row.name,
            DeploymentRow.state == DeploymentState.LIVE,
            DeploymentRow.role == ArmRole.LIVE,
        )
        .distinct()
        .order_by(DeploymentRow.endpoint)
    ).all()
    return Model(
        name=row.name,
        owner=row.owner,
        description=row.description,
        created_at=row.created_at,
        latest=_version(newest) if newest else None,
        version_count=newest.number if newest else 0,
        aliases={alias.alias: alias.number for alias in aliases},
        endpoints=tuple(endpoints),
    )
