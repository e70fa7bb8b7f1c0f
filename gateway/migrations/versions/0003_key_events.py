"""The published history of agencies' keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "key_event",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=True),
        sa.Column(
            "event",
            sa.Enum(
                "ADDED",
                "ENDED",
                "SUSPENDED",
                "RESUMED",
                name="keyevent",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_key_event")),
        sa.UniqueConstraint("commitment", name=op.f("uq_key_event_commitment")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("key_event")
