"""Referrals that are typed in at the desk, and the originals that came with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_KINDS = ("RISK_ASSESSMENT", "BODY_MAP", "ORDER_COPY", "OTHER")


def _kind() -> sa.Column[str]:
    kinds = sa.Enum(
        *_KINDS, name="attachmentkind", native_enum=False, create_constraint=True, length=40
    )
    return sa.Column("kind", kinds, nullable=False)


def upgrade() -> None:
    """Apply."""
    moment = gateway.store.types.Utc(timezone=True)
    with op.batch_alter_table("referral") as batch:
        batch.add_column(sa.Column("entered_agency_id", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("entered_worker_id", sa.String(length=64), nullable=True))
        batch.create_foreign_key(
            op.f("fk_referral_entered_agency_id"), "agency", ["entered_agency_id"], ["id"]
        )
    op.create_table(
        "draft",
        sa.Column("id", sa.CHAR(length=36), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.String(length=40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_draft_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_index("ix_draft_agency_id_expires_at", "draft", ["agency_id", "expires_at"])
    op.create_table(
        "draft_file",
        sa.Column("draft_id", sa.CHAR(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _kind(),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_draft_file_draft_id")),
        sa.PrimaryKeyConstraint("draft_id", "number", name=op.f("pk_draft_file")),
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.CHAR(length=36), nullable=False),
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("reference", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        _kind(),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("by_agency", sa.String(length=64), nullable=False),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("at", moment, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_attachment_case_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["agency.id"], name=op.f("fk_attachment_owner_id")),
        sa.ForeignKeyConstraint(
            ["reference"], ["referral.reference"], name=op.f("fk_attachment_reference")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(
        "ix_attachment_case_id_number",
        "attachment",
        ["case_id", "reference", "number"],
        unique=True,
    )
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    op.drop_table("attachment")
    op.drop_table("draft_file")
    op.drop_table("draft")
    with op.batch_alter_table("referral") as batch:
        batch.drop_constraint(op.f("fk_referral_entered_agency_id"), type_="foreignkey")
        batch.drop_column("entered_worker_id")
        batch.drop_column("entered_agency_id")
