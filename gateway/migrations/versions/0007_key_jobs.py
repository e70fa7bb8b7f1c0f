"""What each person is indexed with, when a case key was made, and which exchange is under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring about."""
    op.create_table(
        "key_job",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("started_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_key_job")),
    )
    with op.batch_alter_table("party", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("index_key", sa.String(length=40), server_default="", nullable=False)
        )
    with op.batch_alter_table("case_key", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("made_at", gateway.store.types.Utc(timezone=True), nullable=True)
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("case_key", schema=None) as batch_op:
        batch_op.drop_column("made_at")
    with op.batch_alter_table("party", schema=None) as batch_op:
        batch_op.drop_column("index_key")
    op.drop_table("key_job")
