"""The tables, typed. Nested values of the domain are JSON columns; everything that is searched has its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, ForeignKey, Index, Integer, MetaData, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; databases without zones keep it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments, and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware moment."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Base of all tables; constraints get names, so that migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this attribute as it is
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        str: String(255),
    }


class ModelRow(Base):
    """A model."""

    __tablename__ = "models"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    description: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]


class VersionRow(Base):
    """A version; `number` is unique within its model, `run_id` everywhere."""

    __tablename__ = "versions"

    model: Mapped[str] = mapped_column(ForeignKey("models.name"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    pipeline: Mapped[dict[str, Any]]
    notebook: Mapped[dict[str, Any] | None]
    environment: Mapped[dict[str, Any]]
    parameters: Mapped[dict[str, Any]]
    metrics: Mapped[dict[str, Any]]
    schema: Mapped[dict[str, Any]]
    graph: Mapped[dict[str, Any]]
    parity_rows: Mapped[int]
    run_id: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class AliasRow(Base):
    """Where an alias points."""

    __tablename__ = "aliases"

    model: Mapped[str] = mapped_column(ForeignKey("models.name"), primary_key=True)
    alias: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]


class JobRow(Base):
    """A job; `content` is the hash that makes equal jobs one."""

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("owner", "content"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner: Mapped[str]
    content: Mapped[str]
    notebook: Mapped[dict[str, Any]]
    parameters: Mapped[list[Any]]
    values: Mapped[dict[str, Any]]
    environment: Mapped[dict[str, Any]]
    outcome: Mapped[dict[str, Any]]
    timeout_s: Mapped[float | None]
    created_at: Mapped[datetime]


class ScheduleRow(Base):
    """A schedule and the next moment it fires."""

    __tablename__ = "schedules"
    __table_args__ = (Index("ix_schedules_due", "active", "next_fire"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    owner: Mapped[str]
    cron: Mapped[str]
    time_zone: Mapped[str]
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime]
    next_fire: Mapped[datetime | None]
    last_fire: Mapped[datetime | None]
    fired: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)


class RunRow(Base):
    """A run; (schedule, fire time) is unique for ever."""

    __tablename__ = "runs"
    __table_args__ = (UniqueConstraint("schedule_id", "fire_time"), Index("ix_runs_state", "state"))

    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), index=True)
    owner: Mapped[str]
    state: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    schedule_id: Mapped[str | None] = mapped_column(ForeignKey("schedules.id"))
    fire_time: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    progress: Mapped[dict[str, Any] | None]
    failure: Mapped[dict[str, Any] | None]
    outputs: Mapped[dict[str, Any]]
    records: Mapped[dict[str, Any]]
    version: Mapped[str | None]
    cancel_by: Mapped[str | None]


class EndpointRow(Base):
    """An endpoint and what is wanted of it."""

    __tablename__ = "endpoints"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    state: Mapped[str]
    generation: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class DefinitionRow(Base):
    """A definition that was applied; those before it stay, so that one can go back to them."""

    __tablename__ = "definitions"

    endpoint: Mapped[str] = mapped_column(ForeignKey("endpoints.name"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    definition: Mapped[dict[str, Any]]
    pins: Mapped[dict[str, Any]]
    applied_at: Mapped[datetime]
    applied_by: Mapped[str]
    why: Mapped[str] = mapped_column(Text, default="")


class DeploymentRow(Base):
    """One version at an endpoint, and its part now."""

    __tablename__ = "deployments"
    __table_args__ = (Index("ix_deployments_endpoint_state", "endpoint", "state"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    endpoint: Mapped[str] = mapped_column(ForeignKey("endpoints.name"))
    model: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]
    incarnation: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    why: Mapped[str] = mapped_column(Text, default="")
    live_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(Text, default="")
    role: Mapped[str]
    share: Mapped[float]
    replicas: Mapped[int]
    generation: Mapped[int]
    spec: Mapped[dict[str, Any]]
    image: Mapped[str] = mapped_column(default="")


class ReplicaRow(Base):
    """A replica that is wanted; those that are not, have no row."""

    __tablename__ = "replicas"

    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployments.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str]
    created_at: Mapped[datetime]


class LedgerRow(Base):
    """One change of a deployment's part; never rewritten."""

    __tablename__ = "ledger"
    __table_args__ = (Index("ix_ledger_endpoint_at", "endpoint", "at"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    endpoint: Mapped[str] = mapped_column(ForeignKey("endpoints.name"))
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployments.id"))
    version: Mapped[str]
    event: Mapped[str]
    role: Mapped[str]
    share_before: Mapped[float]
    share: Mapped[float]
    generation: Mapped[int]
    who: Mapped[str]
    why: Mapped[str] = mapped_column(Text, default="")


class RolloutRow(Base):
    """How an endpoint goes from some arms to others, and where it is on the way."""

    __tablename__ = "rollouts"
    __table_args__ = (Index("ix_rollouts_endpoint", "endpoint"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    endpoint: Mapped[str] = mapped_column(ForeignKey("endpoints.name"))
    generation: Mapped[int]
    stage: Mapped[str]
    step: Mapped[int]
    since: Mapped[datetime]
    before: Mapped[list[Any]]
    after: Mapped[list[Any]]
    policy: Mapped[dict[str, Any]]
    baseline: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    why: Mapped[str] = mapped_column(Text, default="")
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")


class SampleRow(Base):
    """What was counted of a deployment in one stretch of time; `deployment_id` is empty for the endpoint as a whole."""

    __tablename__ = "samples"
    __table_args__ = (Index("ix_samples_step_s_at", "step_s", "at"),)

    endpoint: Mapped[str] = mapped_column(primary_key=True)
    deployment_id: Mapped[str] = mapped_column(primary_key=True)
    step_s: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    counts: Mapped[dict[str, Any]]


class SignalRow(Base):
    """What is or was wrong with an endpoint."""

    __tablename__ = "signals"
    __table_args__ = (Index("ix_signals_endpoint_closed_at", "endpoint", "closed_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    endpoint: Mapped[str]
    deployment_id: Mapped[str]
    version: Mapped[str]
    name: Mapped[str]
    subject: Mapped[str]
    severity: Mapped[str]
    value: Mapped[float]
    threshold: Mapped[float | None]
    sentence: Mapped[str] = mapped_column(Text)
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ReportRow(Base):
    """What monitors last found of a deployment."""

    __tablename__ = "reports"

    endpoint: Mapped[str] = mapped_column(primary_key=True)
    deployment_id: Mapped[str] = mapped_column(primary_key=True)
    report: Mapped[dict[str, Any]]


class TokenRow(Base):
    """A token for calling endpoints; only its SHA-256 is kept."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    endpoints: Mapped[list[Any] | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    rate_per_s: Mapped[float | None]
    burst: Mapped[int | None]
    revoked_at: Mapped[datetime | None]


class AuditRow(Base):
    """One change."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    who: Mapped[str]
    how: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    facts: Mapped[dict[str, Any]]


class LeaseRow(Base):
    """Who may act as a controller until when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires_at: Mapped[datetime]
