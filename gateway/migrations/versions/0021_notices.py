"""Who is told that something waits, and that nobody has read it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_UTC = gateway.store.types.Utc(timezone=True)


def _code(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "contact",
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("contact", _code("contact", "DUTY", "LEAD", "CHAIR"), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_contact_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "contact", name=op.f("pk_contact")),
    )
    op.create_table(
        "announcement",
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("leaf", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("told_at", _UTC, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", _UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_announcement_agency_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_announcement")),
    )
    op.create_table(
        "notice",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("rung", _code("rung", "WORKER", "LEAD", "COORDINATOR", "CHAIR"), nullable=False),
        sa.Column("to_id", sa.String(length=64), nullable=False),
        sa.Column("contact", _code("contact", "DUTY", "LEAD", "CHAIR"), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.Column(
            "sending",
            _code("sending", "WAITING", "SENT", "NO_CONTACT", "NOT_NEEDED", "WALLED"),
            nullable=False,
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", _UTC, nullable=False),
        sa.Column("settled_at", _UTC, nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_notice_agency_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_notice_case_id")),
        sa.ForeignKeyConstraint(["to_id"], ["agency.id"], name=op.f("fk_notice_to_id")),
        sa.PrimaryKeyConstraint("case_id", "agency_id", "rung", name=op.f("pk_notice")),
    )
    op.create_table(
        "beat",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_beat")),
    )
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    for table in ("beat", "notice", "announcement", "contact"):
        op.drop_table(table)
