"""Sealed copies that are owed, and who made them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "seal_request",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.CHAR(length=36), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "OPEN",
                "ANSWERED",
                "CLOSED",
                name="sealrequest",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("asked_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("ended_at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.Column("by_agency", sa.String(length=64), nullable=True),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_seal_request_agency_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_seal_request_case_id")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["section.id"], name=op.f("fk_seal_request_source_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "agency_id", "source_id", name=op.f("pk_seal_request")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("seal_request")
