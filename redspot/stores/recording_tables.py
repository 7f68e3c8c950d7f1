"""The tables of experiments, recorded runs, their metrics, logged models and the files under them.

Times are whole milliseconds since 1970 (UTC), as clients send them. Keys are whole numbers inside and texts outside,
and what is searched by value (a run's newest metrics) carries the experiment, so that one index answers
*this experiment, this metric, by value*.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Double, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from redspot.stores.tables import Base

_KEY = String(255)


class ExperimentRow(Base):
    """An experiment; `stage` is ``active`` or ``deleted``."""

    __tablename__ = "experiments"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(500), unique=True)
    artifact_location: Mapped[str] = mapped_column(Text)
    stage: Mapped[str]
    owner: Mapped[str]
    created_ms: Mapped[int] = mapped_column(BigInteger)
    updated_ms: Mapped[int] = mapped_column(BigInteger)


class ExperimentTagRow(Base):
    """A tag of an experiment."""

    __tablename__ = "experiment_tags"

    experiment: Mapped[int] = mapped_column(ForeignKey("experiments.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class RecordedRunRow(Base):
    """A run that a program recorded."""

    __tablename__ = "recorded_runs"
    __table_args__ = (Index("ix_recorded_runs_newest", "experiment", "stage", "start_ms", "run_id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(unique=True)
    experiment: Mapped[int] = mapped_column(ForeignKey("experiments.id"))
    name: Mapped[str] = mapped_column(Text)
    owner: Mapped[str]
    status: Mapped[str]
    stage: Mapped[str]
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int | None] = mapped_column(BigInteger)
    artifact_uri: Mapped[str] = mapped_column(Text)


class RunParamRow(Base):
    """A parameter of a run; written once."""

    __tablename__ = "run_params"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads this attribute as it is

    run: Mapped[int] = mapped_column(ForeignKey("recorded_runs.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(_KEY, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class RunTagRow(Base):
    """A tag of a run."""

    __tablename__ = "run_tags"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    run: Mapped[int] = mapped_column(ForeignKey("recorded_runs.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(_KEY, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class RunMetricRow(Base):
    """The newest value of a metric: that of the greatest (step, time, value). `tail` counts the loose points."""

    __tablename__ = "run_metrics"
    __table_args__ = (
        Index("ix_run_metrics_value", "experiment", "key", "is_nan", "value", "run"),
        {"sqlite_with_rowid": False},
    )

    run: Mapped[int] = mapped_column(ForeignKey("recorded_runs.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(_KEY, primary_key=True)
    experiment: Mapped[int]
    value: Mapped[float] = mapped_column(Double)
    is_nan: Mapped[bool] = mapped_column(Boolean)
    step: Mapped[int] = mapped_column(BigInteger)
    time_ms: Mapped[int] = mapped_column(BigInteger)
    model_id: Mapped[str] = mapped_column(default="")
    dataset_name: Mapped[str] = mapped_column(Text, default="")
    dataset_digest: Mapped[str] = mapped_column(default="")
    tail: Mapped[int] = mapped_column(default=0)


class MetricPointRow(Base):
    """A loose point of a metric; the same point twice is one."""

    __tablename__ = "metric_points"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    run: Mapped[int] = mapped_column(ForeignKey("recorded_runs.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(_KEY, primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    value: Mapped[float] = mapped_column(Double, primary_key=True)
    is_nan: Mapped[bool] = mapped_column(Boolean, primary_key=True)


class MetricChunkRow(Base):
    """Some thousand points in one blob: their steps and times (int64), then their values (float64), little-endian."""

    __tablename__ = "metric_chunks"

    run: Mapped[int] = mapped_column(ForeignKey("recorded_runs.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(_KEY, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    points: Mapped[bytes] = mapped_column(LargeBinary)


class DatasetRow(Base):
    """A data set that runs read; the same name and digest in one experiment is one."""

    __tablename__ = "datasets"
    __table_args__ = (Unique("experiment", "name", "digest"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    experiment: Mapped[int] = mapped_column(ForeignKey("experiments.id"))
    name: Mapped[str] = mapped_column(String(500))
    digest: Mapped[str]
    source_type: Mapped[str]
    source: Mapped[str] = mapped_column(Text)
    schema: Mapped[str | None] = mapped_column(Text)
    profile: Mapped[str | None] = mapped_column(Text)


class RunDatasetRow(Base):
    """That a run read a data set; the tag ``mlflow.data.context`` says what for."""

    __tablename__ = "run_datasets"

    run: Mapped[int] = mapped_column(ForeignKey("recorded_runs.id"), primary_key=True, autoincrement=False)
    dataset: Mapped[int] = mapped_column(ForeignKey("datasets.id"), primary_key=True, autoincrement=False)
    context: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[dict[str, Any]]


class RunModelRow(Base):
    """That a run read (``input``) or made (``output``) a logged model."""

    __tablename__ = "run_models"

    run: Mapped[int] = mapped_column(ForeignKey("recorded_runs.id"), primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, default=0)


class LoggedModelRow(Base):
    """A model as a program logged it, before it is registered."""

    __tablename__ = "logged_models"
    __table_args__ = (Index("ix_logged_models_newest", "experiment", "created_ms"),)

    model_id: Mapped[str] = mapped_column(primary_key=True)
    experiment: Mapped[int] = mapped_column(ForeignKey("experiments.id"))
    name: Mapped[str] = mapped_column(String(500))
    artifact_uri: Mapped[str] = mapped_column(Text)
    status: Mapped[str]
    stage: Mapped[str]
    model_type: Mapped[str] = mapped_column(String(500))
    source_run_id: Mapped[str]
    owner: Mapped[str]
    created_ms: Mapped[int] = mapped_column(BigInteger)
    updated_ms: Mapped[int] = mapped_column(BigInteger)
    params: Mapped[dict[str, Any]]
    tags: Mapped[dict[str, Any]]


class LoggedModelMetricRow(Base):
    """The newest value of a metric of a logged model, for each run and data set it was measured on."""

    __tablename__ = "logged_model_metrics"

    model_id: Mapped[str] = mapped_column(ForeignKey("logged_models.model_id"), primary_key=True)
    key: Mapped[str] = mapped_column(_KEY, primary_key=True)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    dataset_name: Mapped[str] = mapped_column(String(500), primary_key=True)
    dataset_digest: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float] = mapped_column(Double)
    is_nan: Mapped[bool] = mapped_column(Boolean)
    step: Mapped[int] = mapped_column(BigInteger)
    time_ms: Mapped[int] = mapped_column(BigInteger)


class RecordedFileRow(Base):
    """A file under a path that clients know; its bytes are in the artifact store."""

    __tablename__ = "recorded_files"
    __table_args__ = (Index("ix_recorded_files_folder", "folder", "name"),)

    path: Mapped[str] = mapped_column(String(1024), primary_key=True)
    folder: Mapped[str] = mapped_column(String(1024))
    name: Mapped[str]
    digest: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)


class RecordedFolderRow(Base):
    """A folder that holds files or folders."""

    __tablename__ = "recorded_folders"
    __table_args__ = (Index("ix_recorded_folders_parent", "parent", "path"),)

    path: Mapped[str] = mapped_column(String(1024), primary_key=True)
    parent: Mapped[str] = mapped_column(String(1024))


class ModelTagRow(Base):
    """A tag of a registered model."""

    __tablename__ = "model_tags"

    model: Mapped[str] = mapped_column(ForeignKey("models.name"), primary_key=True)
    key: Mapped[str] = mapped_column(_KEY, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class VersionTagRow(Base):
    """A tag of a version."""

    __tablename__ = "version_tags"

    model: Mapped[str] = mapped_column(ForeignKey("models.name"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(_KEY, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class ModelNoteRow(Base):
    """What may change about a model, beside the row that does not; a model without one was never annotated."""

    __tablename__ = "model_notes"
    __table_args__ = (Index("ix_model_notes_updated", "updated_ms", "model"),)

    model: Mapped[str] = mapped_column(ForeignKey("models.name"), primary_key=True)
    updated_ms: Mapped[int] = mapped_column(BigInteger)
    deleted_ms: Mapped[int | None] = mapped_column(BigInteger)


class VersionNoteRow(Base):
    """What is light, searched or may change about a version; `versions` holds what never changes.

    `stored` says what its bytes are: ``redspot`` or ``mlflow``; `unsafe` holds a sentence when a pickle is among them.
    """

    __tablename__ = "version_notes"
    __table_args__ = (
        Index("ix_version_notes_updated", "updated_ms", "model", "number"),
        Index("ix_version_notes_run", "run_id"),
    )

    model: Mapped[str] = mapped_column(ForeignKey("models.name"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    run_id: Mapped[str] = mapped_column(default="")
    run_link: Mapped[str] = mapped_column(Text, default="")
    model_id: Mapped[str] = mapped_column(default="")
    stage: Mapped[str] = mapped_column(default="None")
    owner: Mapped[str]
    stored: Mapped[str]
    flavors: Mapped[dict[str, Any]]
    unsafe: Mapped[str] = mapped_column(Text, default="")
    created_ms: Mapped[int] = mapped_column(BigInteger)
    updated_ms: Mapped[int] = mapped_column(BigInteger)
    deleted_ms: Mapped[int | None] = mapped_column(BigInteger)
