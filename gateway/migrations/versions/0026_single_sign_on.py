"""Whom a provider's subject is here, and sessions that began with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.migrations import wall
from gateway.store.types import Utc

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_BEFORE = ("hwk", "pwd otp", "kba", "link", "demo")
_AFTER = ("hwk", "pwd otp", "kba", "sso", "link", "demo")


def upgrade() -> None:
    """Apply."""
    moment = Utc(timezone=True)
    op.create_table(
        "sign_on",
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("linked_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id", "worker_id"],
            ["worker.agency_id", "worker.id"],
            name=op.f("fk_sign_on_agency_id_worker_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_sign_on_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "worker_id", name=op.f("pk_sign_on")),
        sa.UniqueConstraint("subject", name=op.f("uq_sign_on_subject")),
    )
    _methods(_AFTER)
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back; who was signed in that way signs in anew."""
    wall.take_down(op.get_bind())
    op.execute("DELETE FROM desk_session WHERE method = 'sso'")
    _methods(_BEFORE)
    op.drop_table("sign_on")
    wall.put_up(op.get_bind(), down_revision)


def _methods(codes: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{each}'" for each in codes)
    with op.batch_alter_table("desk_session") as table:
        table.drop_constraint(op.f("ck_desk_session_signedinby"), type_="check")
        table.create_check_constraint(op.f("ck_desk_session_signedinby"), f"method IN ({listed})")
