"""Actions with their dated steps, who was told that one is overdue, and the flag of a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import gateway.store.types
from gateway.migrations import wall

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_WITH_CONTACT = ("contact", "notice")
_BEFORE = ("DUTY", "LEAD", "CHAIR")


def _contacts(*codes: str) -> None:
    """Let the mailboxes of an agency be these."""
    said = "contact IN (" + ", ".join(f"'{code}'" for code in codes) + ")"
    for table in _WITH_CONTACT:
        name = op.f(f"ck_{table}_contact")
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(name, type_="check")
            batch.create_check_constraint(name, sa.text(said))


def upgrade() -> None:
    """Apply."""
    wall.take_down(op.get_bind())
    _contacts(*_BEFORE, "STEERING")
    op.create_table(
        "action",
        sa.Column("id", sa.CHAR(length=36), nullable=False),
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("conference_id", sa.CHAR(length=36), nullable=True),
        sa.Column(
            "theme",
            sa.Enum(
                "FLAG",
                "IDVA_CONTACT",
                "SAFETY_PLAN",
                "TARGET_HARDEN",
                "REHOUSE",
                "MGMT_TRANSFER",
                "REFUGE",
                "POLICE_MARKER",
                "ARREST_ENFORCE",
                "DVPN_DVPO",
                "DAPN_DAPO",
                "NMO",
                "OCC_ORDER",
                "INJUNCTION_ASB",
                "STALKING_SPO",
                "DVDS",
                "CSC_REFERRAL",
                "CP_MEETING",
                "SCHOOL_INFORM",
                "ASC_REFERRAL",
                "HEALTH_APPT",
                "MH_REFERRAL",
                "SUBSTANCE",
                "PROBATION_RECALL_LICENCE",
                "MAPPA_REF",
                "PERP_PROGRAMME",
                "TENANCY_ENFORCE",
                "IMMIGRATION_ADVICE",
                "FMU_FMPO",
                "PET_FOSTER",
                "WORKPLACE_SAFETY",
                "TRANSFER",
                "INFO_GATHER",
                "FEEDBACK",
                name="actiontheme",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "about",
            sa.Enum(
                "VICTIM",
                "CHILD",
                "PERP",
                "STAFF",
                name="actionabout",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "urgency",
            sa.Enum(
                "ROUTINE",
                "URGENT",
                name="actionurgency",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("depends_on", sa.Integer(), nullable=True),
        sa.Column("due_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_action_case_id")),
        sa.ForeignKeyConstraint(
            ["conference_id"], ["conference.id"], name=op.f("fk_action_conference_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["agency.id"], name=op.f("fk_action_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_action_case_id_number")),
    )
    op.create_index(op.f("ix_action_owner_id"), "action", ["owner_id"], unique=False)
    op.create_table(
        "flag",
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "PLACED",
                "RENEWED",
                "REMOVED",
                name="flagact",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "PERIOD_ENDED",
                "PLACED_IN_ERROR",
                "MOVED_AWAY",
                "SAFETY",
                name="flagreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("by_agency", sa.String(length=64), nullable=False),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_flag_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_flag")),
    )
    op.create_table(
        "action_notice",
        sa.Column("action_id", sa.CHAR(length=36), nullable=False),
        sa.Column(
            "rung",
            sa.Enum(
                "OWNER",
                "LEAD",
                "CHAIR",
                "AGENDA",
                "STEERING",
                name="actionrung",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column("to_id", sa.String(length=64), nullable=False),
        sa.Column(
            "contact",
            sa.Enum(
                "DUTY",
                "LEAD",
                "CHAIR",
                "STEERING",
                name="contact",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column(
            "sending",
            sa.Enum(
                "WAITING",
                "SENT",
                "NO_CONTACT",
                "NOT_NEEDED",
                "WALLED",
                name="sending",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("settled_at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.id"], name=op.f("fk_action_notice_action_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_action_notice_case_id")),
        sa.ForeignKeyConstraint(["to_id"], ["agency.id"], name=op.f("fk_action_notice_to_id")),
        sa.PrimaryKeyConstraint("action_id", "rung", name=op.f("pk_action_notice")),
    )
    op.create_index(op.f("ix_action_notice_case_id"), "action_notice", ["case_id"], unique=False)
    op.create_table(
        "action_step",
        sa.Column("action_id", sa.CHAR(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.CHAR(length=36), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "PROPOSE",
                "ACCEPT",
                "START",
                "COMPLETE",
                "CANNOT",
                "MISS",
                "SUPERSEDE",
                "VERIFY",
                "SEND",
                name="actionact",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "PROPOSED",
                "ACCEPTED",
                "IN_PROGRESS",
                "COMPLETED",
                "NOT_POSSIBLE",
                "NOT_DONE",
                "SUPERSEDED",
                name="actionstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "CIRCUMSTANCES_CHANGED",
                "VICTIM_DECLINED",
                "VICTIM_MOVED",
                "NOT_REACHED",
                "NO_POWER",
                "NOT_OURS",
                "OTHER",
                name="notpossible",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("by_agency", sa.String(length=64), nullable=False),
        sa.Column("by_worker", sa.String(length=64), nullable=True),
        sa.Column("at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.id"], name=op.f("fk_action_step_action_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_action_step_case_id")),
        sa.PrimaryKeyConstraint("action_id", "seq", name=op.f("pk_action_step")),
    )
    op.create_index(op.f("ix_action_step_case_id"), "action_step", ["case_id"], unique=False)
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.take_down(op.get_bind())  # before rows are removed: the owner of the tables passes it, too
    for table in ("action_notice", "action_step", "flag", "action"):
        op.drop_table(table)
    for table in _WITH_CONTACT:
        mailbox = sa.table(table, sa.column("contact"))
        op.execute(sa.delete(mailbox).where(mailbox.c.contact == "STEERING"))
    _contacts(*_BEFORE)
    wall.put_up(op.get_bind(), down_revision)
