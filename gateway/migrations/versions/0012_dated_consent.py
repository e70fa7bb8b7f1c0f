"""Agreements that end, limits on purposes and classes of data, override records, recalls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_POSITION = ("narrowed", "broken", "scope")


def upgrade() -> None:
    """Apply. What was recorded before never ends and limits whole cases alone: NULL says so."""
    with op.batch_alter_table("position") as table:
        for name in _POSITION:
            table.add_column(sa.Column(name, sa.JSON(), nullable=True))
        table.add_column(sa.Column("starts_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("expires_on", sa.Date(), nullable=True))
    with op.batch_alter_table("consent") as table:
        table.add_column(sa.Column("lapses_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("lapsed_rule", sa.String(length=8), nullable=True))
        table.add_column(sa.Column("lapsed_outcome", sa.String(length=40), nullable=True))
    op.create_table(
        "override",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=4), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column(
            "is_signed", sa.Boolean(create_constraint=True, name="is_signed"), nullable=False
        ),
        sa.Column("decided_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("by_agency", sa.String(length=64), nullable=False),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_override_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_override")),
    )
    op.create_table(
        "recall",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("by_agency", sa.String(length=64), nullable=False),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_recall_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_recall")),
    )
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    op.drop_table("recall")
    op.drop_table("override")
    with op.batch_alter_table("consent") as table:
        for name in ("lapsed_outcome", "lapsed_rule", "lapses_on"):
            table.drop_column(name)
    with op.batch_alter_table("position") as table:
        for name in ("expires_on", "starts_on", *reversed(_POSITION)):
            table.drop_column(name)
