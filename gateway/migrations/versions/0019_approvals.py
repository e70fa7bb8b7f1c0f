"""Sections opened case by case: who asked, and who answers for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "approval",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=60), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ASKED",
                "APPROVED",
                "REFUSED",
                "ENDED",
                name="approvalstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("by_agency", sa.String(length=64), nullable=True),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_approval_agency_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_approval_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_approval")),
    )
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    op.drop_table("approval")
