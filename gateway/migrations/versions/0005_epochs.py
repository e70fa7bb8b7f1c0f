"""Epoch keys that wrap nothing any more, and since when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring about."""
    op.create_table(
        "epoch",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("retired_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("destroyed_at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_epoch")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("epoch")
