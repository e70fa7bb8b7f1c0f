"""The meeting itself: who signed for confidentiality, and who was in the room for which case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_UTC = gateway.store.types.Utc(timezone=True)
_SLUG, _ID = sa.String(length=64), sa.CHAR(length=36)


def _attending() -> sa.Enum:
    codes = ("REPRESENTATIVE", "DEPUTY", "OBSERVER", "APOLOGIES")
    return sa.Enum(*codes, name="attending", native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Apply."""
    op.add_column("conference", sa.Column("begun_at", _UTC, nullable=True))
    op.add_column("conference", sa.Column("ended_at", _UTC, nullable=True))
    op.add_column("case", sa.Column("sitting_id", _ID, nullable=True))
    op.create_table(
        "attendance",
        sa.Column("conference_id", _ID, nullable=False),
        sa.Column("agency_id", _SLUG, nullable=False),
        sa.Column("worker_id", _SLUG, nullable=False),
        sa.Column("attending", _attending(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("signed_at", _UTC, nullable=True),
        sa.Column("admitted_by", _SLUG, nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_attendance_agency_id")),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conference.id"], name=op.f("fk_attendance_conference_id")
        ),
        sa.PrimaryKeyConstraint(
            "conference_id", "agency_id", "worker_id", name=op.f("pk_attendance")
        ),
    )
    op.create_table(
        "presence",
        sa.Column("conference_id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("agency_id", _SLUG, nullable=False),
        sa.Column("worker_id", _SLUG, nullable=False),
        sa.Column("arrived_at", _UTC, nullable=False),
        sa.Column("left_at", _UTC, nullable=True),
        sa.Column("attending", _attending(), nullable=False),
        sa.Column("to_end", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_presence_agency_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_presence_case_id")),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conference.id"], name=op.f("fk_presence_conference_id")
        ),
        sa.PrimaryKeyConstraint(
            "conference_id",
            "case_id",
            "agency_id",
            "worker_id",
            "arrived_at",
            name=op.f("pk_presence"),
        ),
    )
    op.create_index(op.f("ix_presence_case_id"), "presence", ["case_id"])
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    for table in ("presence", "attendance"):
        op.drop_table(table)
    op.drop_column("case", "sitting_id")
    op.drop_column("conference", "ended_at")
    op.drop_column("conference", "begun_at")
