"""A second person before a team that serves both sides learns where she is; workers' teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("worker", sa.Column("team", sa.String(length=64), nullable=True))
    op.create_table(
        "release",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("team", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "WAITING",
                "APPROVED",
                "REFUSED",
                name="releasestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("given_at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.Column("asked_by", sa.String(length=64), nullable=True),
        sa.Column("asked_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("due_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("by_agency", sa.String(length=64), nullable=True),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_release_agency_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_release_case_id")),
        sa.PrimaryKeyConstraint("case_id", "agency_id", "team", name=op.f("pk_release")),
    )
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    op.drop_table("release")
    op.drop_column("worker", "team")
