"""What stays of an erased case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring about."""
    op.create_table(
        "tombstone",
        sa.Column("reference", sa.String(length=10), nullable=False),
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("opened_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("erased_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("because", sa.String(length=40), nullable=False),
        sa.Column("first", sa.String(length=64), nullable=False),
        sa.Column("second", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_tombstone")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("tombstone")
