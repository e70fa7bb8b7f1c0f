"""Who asked for an erasure, by its own signed statement."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("tombstone") as table:
        table.add_column(sa.Column("asked_by", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("asked", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("tombstone") as table:
        table.drop_column("asked")
        table.drop_column("asked_by")
