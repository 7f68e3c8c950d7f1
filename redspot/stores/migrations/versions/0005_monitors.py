"""Series, signals and the monitors' reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import redspot.stores.tables

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = redspot.stores.tables.UtcDateTime(timezone=True)
_NAME = sa.String(length=255)


def upgrade() -> None:
    """Bring forward."""
    op.create_table(
        "samples",
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("deployment_id", _NAME, nullable=False),
        sa.Column("step_s", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "deployment_id", "step_s", "at", name=op.f("pk_samples")),
    )
    op.create_index("ix_samples_step_s_at", "samples", ["step_s", "at"])
    op.create_table(
        "signals",
        sa.Column("id", _NAME, nullable=False),
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("deployment_id", _NAME, nullable=False),
        sa.Column("version", _NAME, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("subject", _NAME, nullable=False),
        sa.Column("severity", _NAME, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("first_seen", _MOMENT, nullable=False),
        sa.Column("last_seen", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
    )
    op.create_index("ix_signals_endpoint_closed_at", "signals", ["endpoint", "closed_at"])
    op.create_table(
        "reports",
        sa.Column("endpoint", _NAME, nullable=False),
        sa.Column("deployment_id", _NAME, nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "deployment_id", name=op.f("pk_reports")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("reports")
    op.drop_table("signals")
    op.drop_table("samples")
