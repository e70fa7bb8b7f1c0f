"""People at the desk: their roles, with what they prove who they are, where they are signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.migrations import wall
from gateway.store.types import Utc

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ROLES = (
    "COORDINATOR",
    "CHAIR",
    "IDVA",
    "AGENCY_REP",
    "REFERRER",
    "DPO_AUDITOR",
    "AGENCY_ADMIN",
)
_KINDS = ("INVITATION", "RECOVERY", "DEMONSTRATION")
_METHODS = ("hwk", "pwd otp", "kba", "link", "demo")


def upgrade() -> None:
    """Apply."""
    _add(
        "person_role",
        sa.Column("role", _code("personrole", _ROLES), nullable=False),
        sa.Column("given_by", sa.String(length=64), nullable=True),
        sa.Column("at", Utc(timezone=True), nullable=False),
        key=("agency_id", "worker_id", "role"),
    )
    _add(
        "passkey",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("added_at", Utc(timezone=True), nullable=False),
        sa.Column("used_at", Utc(timezone=True), nullable=True),
        sa.Column("ended_at", Utc(timezone=True), nullable=True),
        key=("id",),
        is_indexed=True,
    )
    _add(
        "password",
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("set_at", Utc(timezone=True), nullable=False),
        key=("agency_id", "worker_id"),
    )
    _add(
        "one_time",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", _code("onetime", _KINDS), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=True),
        sa.Column("made_at", Utc(timezone=True), nullable=False),
        sa.Column("expires_at", Utc(timezone=True), nullable=True),
        sa.Column("used_at", Utc(timezone=True), nullable=True),
        key=("digest",),
        is_indexed=True,
    )
    _add(
        "desk_session",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("method", _code("signedinby", _METHODS), nullable=False),
        sa.Column("began_at", Utc(timezone=True), nullable=False),
        sa.Column("authenticated_at", Utc(timezone=True), nullable=False),
        sa.Column("seen_at", Utc(timezone=True), nullable=False),
        sa.Column("ended_at", Utc(timezone=True), nullable=True),
        key=("digest",),
        is_indexed=True,
    )
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    for table in ("desk_session", "one_time", "password", "passkey", "person_role"):
        op.drop_table(table)


def _add(
    table: str, *columns: sa.Column[object], key: tuple[str, ...], is_indexed: bool = False
) -> None:
    """A table about a worker of an agency."""
    op.create_table(
        table,
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f(f"fk_{table}_agency_id")),
        sa.ForeignKeyConstraint(
            ["agency_id", "worker_id"],
            ["worker.agency_id", "worker.id"],
            name=op.f(f"fk_{table}_agency_id_worker_id"),
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    )
    if is_indexed:
        op.create_index(f"ix_{table}_agency_id_worker_id", table, ["agency_id", "worker_id"])


def _code(name: str, codes: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*codes, name=name, native_enum=False, create_constraint=True, length=40)
