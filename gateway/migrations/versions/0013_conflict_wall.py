"""Declared interests and what follows from them; workers' own keys; glass that was broken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "interest_token",
        sa.Column("token", sa.LargeBinary(length=32), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_interest_token_agency_id")
        ),
        sa.PrimaryKeyConstraint("token", "agency_id", "worker_id", name=op.f("pk_interest_token")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_interest_token_agency_id_worker_id",
        "interest_token",
        ["agency_id", "worker_id"],
        unique=False,
    )
    op.create_table(
        "case_token",
        sa.Column("token", sa.LargeBinary(length=32), nullable=False),
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_token_case_id")),
        sa.PrimaryKeyConstraint("token", "case_id", name=op.f("pk_case_token")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_case_token_case_id"), "case_token", ["case_id"], unique=False)
    op.create_table(
        "conflict_act",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "DEPUTY",
                "END_DEPUTY",
                "CONFIRM",
                "EXCLUDE",
                "LIFT",
                "EMPLOYER",
                "RESTRICT",
                name="conflictact",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=True),
        sa.Column("account", sa.LargeBinary(), nullable=True),
        sa.Column("by_agency", sa.String(length=64), nullable=False),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_conflict_act_agency_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_conflict_act_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_conflict_act")),
    )
    op.create_table(
        "counter_review",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "PRIMARY_VICTIM_A",
                "PRIMARY_VICTIM_B",
                "BIDIRECTIONAL_UNCLEAR",
                "INSUFFICIENT",
                name="primaryvictim",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("account", sa.LargeBinary(), nullable=True),
        sa.Column("by_agency", sa.String(length=64), nullable=False),
        sa.Column("by_worker", sa.String(length=64), nullable=False),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_counter_review_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_counter_review")),
    )
    op.create_table(
        "glass",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.Column(
            "category",
            sa.Enum(
                "D01",
                "D02",
                "D03",
                "D04",
                "D05",
                "D06",
                "D07",
                "D08",
                "D09",
                "D10",
                "D11",
                "D12",
                "D13",
                "D14",
                "D15",
                "D16",
                "D17",
                "D18",
                "D19",
                "D20",
                "D21",
                "D22",
                "D23",
                "D24",
                "D25",
                "D26",
                "D27",
                name="category",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "P1",
                "P2",
                "P3",
                "P4",
                "P5",
                "P6",
                "P7",
                "P8",
                "P9",
                "P10",
                "P11",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("method", sa.String(length=80), nullable=False),
        sa.Column("authenticated_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("asked_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("until", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.Column("due_at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.Column(
            "finding",
            sa.Enum(
                "JUSTIFIED",
                "NOT_JUSTIFIED",
                name="glassfinding",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("review", sa.LargeBinary(), nullable=True),
        sa.Column("reviewed_by", sa.String(length=64), nullable=True),
        sa.Column("reviewed_at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_glass_agency_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_glass_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_glass")),
    )
    op.create_index(
        "ix_glass_agency_id_worker_id", "glass", ["agency_id", "worker_id"], unique=False
    )
    op.create_table(
        "interest",
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("index_key", sa.String(length=40), nullable=False),
        sa.Column("declared_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "worker_id"],
            ["worker.agency_id", "worker.id"],
            name=op.f("fk_interest_agency_id_worker_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_interest_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "worker_id", name=op.f("pk_interest")),
    )
    op.create_table(
        "worker_key",
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.Column("jwk", sa.JSON(), nullable=False),
        sa.Column("thumbprint", sa.String(length=43), nullable=False),
        sa.Column("asked_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("approved_at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.Column("ended_at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id", "worker_id"],
            ["worker.agency_id", "worker.id"],
            name=op.f("fk_worker_key_agency_id_worker_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_worker_key_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "kid", name=op.f("pk_worker_key")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_worker_key_thumbprint")),
    )
    with op.batch_alter_table("worker") as table:
        table.add_column(sa.Column("vouched_by", sa.String(length=64), nullable=True))
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    with op.batch_alter_table("worker") as table:
        table.drop_column("vouched_by")
    op.drop_table("worker_key")
    op.drop_table("interest")
    op.drop_index("ix_glass_agency_id_worker_id", table_name="glass")
    op.drop_table("glass")
    op.drop_table("counter_review")
    op.drop_table("conflict_act")
    op.drop_index(op.f("ix_case_token_case_id"), table_name="case_token")
    op.drop_table("case_token")
    op.drop_index("ix_interest_token_agency_id_worker_id", table_name="interest_token")
    op.drop_table("interest_token")
