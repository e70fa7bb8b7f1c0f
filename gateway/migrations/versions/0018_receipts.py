"""What each agency was given of a case, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "receipt",
        sa.Column("id", sa.CHAR(length=36), nullable=False),
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_receipt_agency_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_receipt_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
    )
    op.create_index(
        "ix_receipt_case_id_agency_id_id", "receipt", ["case_id", "agency_id", "id"], unique=False
    )
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    op.drop_index("ix_receipt_case_id_agency_id_id", table_name="receipt")
    op.drop_table("receipt")
