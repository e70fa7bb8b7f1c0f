"""Research: who is asked about a listed case, and each version of what came back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_KEY = ("conference_id", "case_id", "agency_id")


def upgrade() -> None:
    """Apply."""
    moment = gateway.store.types.Utc(timezone=True)
    op.create_table(
        "research_request",
        sa.Column("conference_id", sa.CHAR(length=36), nullable=False),
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("returned_at", moment, nullable=True),
        sa.Column("changed_at", moment, nullable=True),
        sa.Column("is_nil", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_research_request_agency_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_research_request_case_id")),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conference.id"], name=op.f("fk_research_request_conference_id")
        ),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_research_request")),
    )
    op.create_index(op.f("ix_research_request_case_id"), "research_request", ["case_id"])
    op.create_index(op.f("ix_research_request_agency_id"), "research_request", ["agency_id"])
    op.create_table(
        "research_return",
        sa.Column("conference_id", sa.CHAR(length=36), nullable=False),
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("at", moment, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_research_return_agency_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_research_return_case_id")),
        sa.ForeignKeyConstraint(
            _KEY,
            [f"research_request.{name}" for name in _KEY],
            name=op.f("fk_research_return_conference_id_case_id_agency_id"),
        ),
        sa.PrimaryKeyConstraint(*_KEY, "version", name=op.f("pk_research_return")),
    )
    op.create_index(op.f("ix_research_return_case_id"), "research_return", ["case_id"])
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    op.drop_table("research_return")
    op.drop_table("research_request")
