"""Experiments, recorded runs, their metrics, logged models and files; what may change about models and versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

import redspot.stores.tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAME = sa.String(length=255)


def upgrade() -> None:
    """Bring forward; there is one experiment from the first moment, and what is registered gets its notes."""
    op.create_table(
        "experiments",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("artifact_location", sa.Text(), nullable=False),
        sa.Column("stage", _NAME, nullable=False),
        sa.Column("owner", _NAME, nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("name", name=op.f("uq_experiments_name")),
    )
    op.create_table(
        "recorded_files",
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("folder", sa.String(length=1024), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("digest", _NAME, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_recorded_files")),
    )
    with op.batch_alter_table("recorded_files", schema=None) as batch_op:
        batch_op.create_index("ix_recorded_files_folder", ["folder", "name"], unique=False)

    op.create_table(
        "recorded_folders",
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("parent", sa.String(length=1024), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_recorded_folders")),
    )
    with op.batch_alter_table("recorded_folders", schema=None) as batch_op:
        batch_op.create_index("ix_recorded_folders_parent", ["parent", "path"], unique=False)

    op.create_table(
        "datasets",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("experiment", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("digest", _NAME, nullable=False),
        sa.Column("source_type", _NAME, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("schema", sa.Text(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["experiment"], ["experiments.id"], name=op.f("fk_datasets_experiment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("experiment", "name", "digest", name=op.f("uq_datasets_experiment_name_digest")),
    )
    op.create_table(
        "experiment_tags",
        sa.Column("experiment", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["experiment"], ["experiments.id"], name=op.f("fk_experiment_tags_experiment")),
        sa.PrimaryKeyConstraint("experiment", "key", name=op.f("pk_experiment_tags")),
    )
    op.create_table(
        "logged_models",
        sa.Column("model_id", _NAME, nullable=False),
        sa.Column("experiment", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("artifact_uri", sa.Text(), nullable=False),
        sa.Column("status", _NAME, nullable=False),
        sa.Column("stage", _NAME, nullable=False),
        sa.Column("model_type", sa.String(length=500), nullable=False),
        sa.Column("source_run_id", _NAME, nullable=False),
        sa.Column("owner", _NAME, nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["experiment"], ["experiments.id"], name=op.f("fk_logged_models_experiment")),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_logged_models")),
    )
    with op.batch_alter_table("logged_models", schema=None) as batch_op:
        batch_op.create_index("ix_logged_models_newest", ["experiment", "created_ms"], unique=False)

    op.create_table(
        "model_notes",
        sa.Column("model", _NAME, nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_model_notes_model")),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_model_notes")),
    )
    with op.batch_alter_table("model_notes", schema=None) as batch_op:
        batch_op.create_index("ix_model_notes_updated", ["updated_ms", "model"], unique=False)

    op.create_table(
        "model_tags",
        sa.Column("model", _NAME, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_model_tags_model")),
        sa.PrimaryKeyConstraint("model", "key", name=op.f("pk_model_tags")),
    )
    op.create_table(
        "recorded_runs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run_id", _NAME, nullable=False),
        sa.Column("experiment", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", _NAME, nullable=False),
        sa.Column("status", _NAME, nullable=False),
        sa.Column("stage", _NAME, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=True),
        sa.Column("artifact_uri", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["experiment"], ["experiments.id"], name=op.f("fk_recorded_runs_experiment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorded_runs")),
        sa.UniqueConstraint("run_id", name=op.f("uq_recorded_runs_run_id")),
    )
    with op.batch_alter_table("recorded_runs", schema=None) as batch_op:
        batch_op.create_index("ix_recorded_runs_newest", ["experiment", "stage", "start_ms", "run_id"], unique=False)

    op.create_table(
        "version_notes",
        sa.Column("model", _NAME, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_id", _NAME, nullable=False),
        sa.Column("run_link", sa.Text(), nullable=False),
        sa.Column("model_id", _NAME, nullable=False),
        sa.Column("stage", _NAME, nullable=False),
        sa.Column("owner", _NAME, nullable=False),
        sa.Column("stored", _NAME, nullable=False),
        sa.Column("flavors", sa.JSON(), nullable=False),
        sa.Column("unsafe", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_version_notes_model")),
        sa.PrimaryKeyConstraint("model", "number", name=op.f("pk_version_notes")),
    )
    with op.batch_alter_table("version_notes", schema=None) as batch_op:
        batch_op.create_index("ix_version_notes_run", ["run_id"], unique=False)
        batch_op.create_index("ix_version_notes_updated", ["updated_ms", "model", "number"], unique=False)

    op.create_table(
        "version_tags",
        sa.Column("model", _NAME, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=op.f("fk_version_tags_model")),
        sa.PrimaryKeyConstraint("model", "number", "key", name=op.f("pk_version_tags")),
    )
    op.create_table(
        "logged_model_metrics",
        sa.Column("model_id", _NAME, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("run_id", _NAME, nullable=False),
        sa.Column("dataset_name", sa.String(length=500), nullable=False),
        sa.Column("dataset_digest", _NAME, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("is_nan", sa.Boolean(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["logged_models.model_id"], name=op.f("fk_logged_model_metrics_model_id")
        ),
        sa.PrimaryKeyConstraint(
            "model_id", "key", "run_id", "dataset_name", "dataset_digest", name=op.f("pk_logged_model_metrics")
        ),
    )
    op.create_table(
        "metric_chunks",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["recorded_runs.id"], name=op.f("fk_metric_chunks_run")),
        sa.PrimaryKeyConstraint("run", "key", "number", name=op.f("pk_metric_chunks")),
    )
    op.create_table(
        "metric_points",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("is_nan", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["recorded_runs.id"], name=op.f("fk_metric_points_run")),
        sa.PrimaryKeyConstraint("run", "key", "step", "time_ms", "value", "is_nan", name=op.f("pk_metric_points")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_datasets",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dataset", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["dataset"], ["datasets.id"], name=op.f("fk_run_datasets_dataset")),
        sa.ForeignKeyConstraint(["run"], ["recorded_runs.id"], name=op.f("fk_run_datasets_run")),
        sa.PrimaryKeyConstraint("run", "dataset", name=op.f("pk_run_datasets")),
    )
    op.create_table(
        "run_metrics",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("experiment", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("is_nan", sa.Boolean(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("model_id", _NAME, nullable=False),
        sa.Column("dataset_name", sa.Text(), nullable=False),
        sa.Column("dataset_digest", _NAME, nullable=False),
        sa.Column("tail", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["recorded_runs.id"], name=op.f("fk_run_metrics_run")),
        sa.PrimaryKeyConstraint("run", "key", name=op.f("pk_run_metrics")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("run_metrics", schema=None) as batch_op:
        batch_op.create_index("ix_run_metrics_value", ["experiment", "key", "is_nan", "value", "run"], unique=False)

    op.create_table(
        "run_models",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", _NAME, nullable=False),
        sa.Column("model_id", _NAME, nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["recorded_runs.id"], name=op.f("fk_run_models_run")),
        sa.PrimaryKeyConstraint("run", "role", "model_id", name=op.f("pk_run_models")),
    )
    op.create_table(
        "run_params",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["recorded_runs.id"], name=op.f("fk_run_params_run")),
        sa.PrimaryKeyConstraint("run", "key", name=op.f("pk_run_params")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_tags",
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["recorded_runs.id"], name=op.f("fk_run_tags_run")),
        sa.PrimaryKeyConstraint("run", "key", name=op.f("pk_run_tags")),
        sqlite_with_rowid=False,
    )

    _first_experiment()
    _notes_of_what_is_registered()


def _first_experiment() -> None:
    now = int(datetime.now().astimezone().timestamp() * 1000)
    experiments = sa.table("experiments", *map(sa.column, _EXPERIMENT))
    values = (0, "Default", "mlflow-artifacts:/0", "active", "redspot", now, now)
    op.execute(experiments.insert().values(dict(zip(_EXPERIMENT, values, strict=True))))


_EXPERIMENT = ("id", "name", "artifact_location", "stage", "owner", "created_ms", "updated_ms")


def _notes_of_what_is_registered() -> None:
    connection = op.get_bind()
    moment = redspot.stores.tables.UtcDateTime(timezone=True)
    models = sa.table("models", sa.column("name"), sa.column("created_at", moment))
    versions = sa.table("versions", *map(sa.column, ("model", "number", "created_by")), sa.column("created_at", moment))
    model_notes = sa.table("model_notes", *map(sa.column, ("model", "updated_ms")))
    version_notes = sa.table("version_notes", *map(sa.column, _VERSION_NOTE[:-1]), sa.column("flavors", sa.JSON()))
    for name, created_at in connection.execute(sa.select(models.c.name, models.c.created_at)).all():
        connection.execute(model_notes.insert().values(model=name, updated_ms=_milliseconds(created_at)))
    columns = (versions.c.model, versions.c.number, versions.c.created_by, versions.c.created_at)
    for model, number, owner, created_at in connection.execute(sa.select(*columns)).all():
        at = _milliseconds(created_at)
        values: tuple[Any, ...] = (model, number, "", "", "", "", "", "None", owner, "redspot", "", at, at, {})
        connection.execute(version_notes.insert().values(dict(zip(_VERSION_NOTE, values, strict=True))))


_VERSION_NOTE = (
    *("model", "number", "description", "source", "run_id", "run_link", "model_id", "stage", "owner", "stored"),
    *("unsafe", "created_ms", "updated_ms", "flavors"),
)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def downgrade() -> None:
    """Go back; what was recorded is lost."""
    for table in _TABLES:
        op.drop_table(table)


_TABLES = (
    "run_tags",
    "run_params",
    "run_models",
    "run_metrics",
    "run_datasets",
    "metric_points",
    "metric_chunks",
    "logged_model_metrics",
    "version_tags",
    "version_notes",
    "recorded_runs",
    "model_tags",
    "model_notes",
    "logged_models",
    "experiment_tags",
    "datasets",
    "recorded_folders",
    "recorded_files",
    "experiments",
)
