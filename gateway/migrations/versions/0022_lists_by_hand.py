"""The order of a conference's list that a person made, its lock, and matches that were settled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    moment = gateway.store.types.Utc(timezone=True)
    op.add_column("conference", sa.Column("locked_at", moment, nullable=True))
    op.add_column("conference_case", sa.Column("place", sa.Integer(), nullable=True))
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    op.drop_column("conference_case", "place")
    op.drop_column("conference", "locked_at")
