"""Which paragraph was not given to which reader, for the chair."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "held_text",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_held_text_agency_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_held_text_case_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["agency.id"], name=op.f("fk_held_text_owner_id")),
        sa.PrimaryKeyConstraint(
            "case_id", "agency_id", "section", "owner_id", "place", name=op.f("pk_held_text")
        ),
    )
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    op.drop_table("held_text")
