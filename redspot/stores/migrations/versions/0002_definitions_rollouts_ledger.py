"""Definitions, replicas, roll-outs and the ledger of shares; limits of tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

import redspot.stores.tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = redspot.stores.tables.UtcDateTime(timezone=True)
_NAME = sa.String(length=255)
_SPEC = {"backend": "process", "instance_type": "cpu.small", "log_sample": None, "redact": None}


def upgrade() -> None:
    """Bring forward; what was deployed before gets definitions and a ledger made of its rows."""
    op.create_table(
        "definitions",
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("pins", sa.JSON(), nullable=False),
        sa.Column("applied_at", _MOMENT, nullable=False),
        sa.Column("applied_by", _NAME, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.name"], name=op.f("fk_definitions_endpoint")),
        sa.PrimaryKeyConstraint("endpoint", "generation", name=op.f("pk_definitions")),
    )
    op.create_table(
        "replicas",
        sa.Column("deployment_id", _NAME, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployments.id"], name=op.f("fk_replicas_deployment_id")),
        sa.PrimaryKeyConstraint("deployment_id", "number", name=op.f("pk_replicas")),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("deployment_id", _NAME, nullable=False),
        sa.Column("version", _NAME, nullable=False),
        sa.Column("event", _NAME, nullable=False),
        sa.Column("role", _NAME, nullable=False),
        sa.Column("share_before", sa.Double(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("who", _NAME, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.name"], name=op.f("fk_ledger_endpoint")),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployments.id"], name=op.f("fk_ledger_deployment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_endpoint_at", ["endpoint", "at"], unique=False)
    op.create_table(
        "rollouts",
        sa.Column("id", _NAME, nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("stage", _NAME, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("baseline", sa.JSON(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", _NAME, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.name"], name=op.f("fk_rollouts_endpoint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollouts")),
    )
    with op.batch_alter_table("rollouts", schema=None) as batch_op:
        batch_op.create_index("ix_rollouts_endpoint", ["endpoint"], unique=False)
    with op.batch_alter_table("endpoints", schema=None) as batch_op:
        batch_op.add_column(sa.Column("generation", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("deployments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role", _NAME, nullable=False, server_default="live"))
        batch_op.add_column(sa.Column("share", sa.Double(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("replicas", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("generation", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("spec", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rate_per_s", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("burst", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("revoked_at", _MOMENT, nullable=True))
    _carry_over()


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        for name in ("revoked_at", "burst", "rate_per_s"):
            batch_op.drop_column(name)
    with op.batch_alter_table("deployments", schema=None) as batch_op:
        for name in ("spec", "generation", "replicas", "share", "role"):
            batch_op.drop_column(name)
    with op.batch_alter_table("endpoints", schema=None) as batch_op:
        batch_op.drop_column("generation")
    with op.batch_alter_table("rollouts", schema=None) as batch_op:
        batch_op.drop_index("ix_rollouts_endpoint")
    op.drop_table("rollouts")
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_endpoint_at")
    op.drop_table("ledger")
    op.drop_table("replicas")
    op.drop_table("definitions")


def _table(name: str, /, **kinds: Any) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, kind) for column, kind in kinds.items()))


_DEPLOYMENTS = _table(
    "deployments",
    id=_NAME,
    endpoint=_NAME,
    model=_NAME,
    version=sa.Integer(),
    state=_NAME,
    incarnation=sa.Integer(),
    created_at=_MOMENT,
    created_by=_NAME,
    why=sa.Text(),
    live_at=_MOMENT,
    ended_at=_MOMENT,
    failure=sa.Text(),
    share=sa.Double(),
    generation=sa.Integer(),
    spec=sa.JSON(),
)
_ENDPOINTS = _table("endpoints", name=_NAME, owner=_NAME, generation=sa.Integer())


def _carry_over() -> None:
    bind = op.get_bind()
    for name, owner in bind.execute(sa.select(_ENDPOINTS.c.name, _ENDPOINTS.c.owner)).all():
        rows = bind.execute(sa.select(_DEPLOYMENTS).where(_DEPLOYMENTS.c.endpoint == name).order_by(_DEPLOYMENTS.c.id))
        live: list[dict[str, Any]] = []
        generation = 0
        for row in rows.mappings().all():
            generation += 1
            _carry_deployment(bind, row, generation, owner, live)
            if row["state"] == "live":
                live = [{"deployment_id": row["id"], "role": "live", "share": 1.0}]
        change = sa.update(_ENDPOINTS).where(_ENDPOINTS.c.name == name)
        bind.execute(change.values(generation=generation))


def _carry_deployment(
    bind: sa.Connection, row: sa.RowMapping, generation: int, owner: str, live: list[dict[str, Any]]
) -> None:
    is_live = row["state"] == "live"
    change = sa.update(_DEPLOYMENTS).where(_DEPLOYMENTS.c.id == row["id"])
    bind.execute(change.values(share=1.0 if is_live else 0.0, generation=generation, spec=_SPEC))
    version = f"{row['model']}@{row['version']}"
    definition = {"name": row["endpoint"], "model": version, "owner": owner}
    definitions = _table(
        "definitions",
        endpoint=_NAME,
        generation=sa.Integer(),
        definition=sa.JSON(),
        pins=sa.JSON(),
        applied_at=_MOMENT,
        applied_by=_NAME,
        why=sa.Text(),
    )
    bind.execute(
        sa.insert(definitions).values(
            endpoint=row["endpoint"],
            generation=generation,
            definition=definition,
            pins={version: version},
            applied_at=row["created_at"],
            applied_by=row["created_by"],
            why=row["why"],
        )
    )
    _tell(bind, row, generation, version, "created", row["created_at"], (0.0, 0.0))
    if row["live_at"] is not None:
        _tell(bind, row, generation, version, "shifted", row["live_at"], (0.0, 1.0))
    if row["ended_at"] is not None:
        before = 0.0 if row["live_at"] is None else 1.0
        _tell(bind, row, generation, version, row["state"], row["ended_at"], (before, 0.0))
    if row["state"] not in ("starting", "live"):
        return
    replicas = _table("replicas", deployment_id=_NAME, number=sa.Integer(), state=_NAME, created_at=_MOMENT)
    bind.execute(
        sa.insert(replicas).values(
            deployment_id=row["id"],
            number=row["incarnation"],
            state="ready" if is_live else "starting",
            created_at=row["created_at"],
        )
    )
    if not is_live:
        _begin_rollout(bind, row, generation, live)


def _begin_rollout(bind: sa.Connection, row: sa.RowMapping, generation: int, live: list[dict[str, Any]]) -> None:
    """Let what was starting go on as a roll-out."""
    rollouts = _table(
        "rollouts",
        id=_NAME,
        endpoint=_NAME,
        generation=sa.Integer(),
        stage=_NAME,
        step=sa.Integer(),
        since=_MOMENT,
        before=sa.JSON(),
        after=sa.JSON(),
        policy=sa.JSON(),
        created_at=_MOMENT,
        created_by=_NAME,
        why=sa.Text(),
        reason=sa.Text(),
    )
    bind.execute(
        sa.insert(rollouts).values(
            id=f"o_{row['id'].removeprefix('d_')}",
            endpoint=row["endpoint"],
            generation=generation,
            stage="starting",
            step=0,
            since=row["created_at"],
            before=live,
            after=[{"deployment_id": row["id"], "role": "live", "share": 1.0}],
            policy={},
            created_at=row["created_at"],
            created_by=row["created_by"],
            why=row["why"],
            reason="",
        )
    )


def _tell(
    bind: sa.Connection,
    row: sa.RowMapping,
    generation: int,
    version: str,
    event: str,
    at: datetime,
    shares: tuple[float, float],
) -> None:
    ledger = _table(
        "ledger",
        at=_MOMENT,
        endpoint=_NAME,
        deployment_id=_NAME,
        version=_NAME,
        event=_NAME,
        role=_NAME,
        share_before=sa.Double(),
        share=sa.Double(),
        generation=sa.Integer(),
        who=_NAME,
        why=sa.Text(),
    )
    bind.execute(
        sa.insert(ledger).values(
            at=at,
            endpoint=row["endpoint"],
            deployment_id=row["id"],
            version=version,
            event=event,
            role="live",
            share_before=shares[0],
            share=shares[1],
            generation=generation,
            who=row["created_by"],
            why=row["failure"] if event == "failed" else row["why"],
        )
    )
