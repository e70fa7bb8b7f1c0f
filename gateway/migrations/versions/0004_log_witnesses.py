"""Who countersigns the log, and what they signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "log_witness",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=300), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_log_witness_agency_id_agency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_witness")),
        sa.UniqueConstraint("verifier", name=op.f("uq_log_witness_verifier")),
    )
    op.create_table(
        "log_cosignature",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness_id", sa.BigInteger(), nullable=False),
        sa.Column("cosignature", sa.LargeBinary(length=72), nullable=False),
        sa.ForeignKeyConstraint(
            ["witness_id"],
            ["log_witness.id"],
            name=op.f("fk_log_cosignature_witness_id_log_witness"),
        ),
        sa.PrimaryKeyConstraint("size", "witness_id", name=op.f("pk_log_cosignature")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("log_cosignature")
    op.drop_table("log_witness")
