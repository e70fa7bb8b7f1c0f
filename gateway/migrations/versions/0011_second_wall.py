"""Put up the second wall: row-level security on every table, and private keys in their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.migrations import wall

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put what only one agency may read in a table of its own, and put up the wall."""
    op.create_table(
        "hosted_key",
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "kid"],
            ["agency_key.agency_id", "agency_key.kid"],
            name=op.f("fk_hosted_key_agency_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "kid", name=op.f("pk_hosted_key")),
    )
    op.execute(
        "INSERT INTO hosted_key (agency_id, kid, private)"
        " SELECT agency_id, kid, private FROM agency_key WHERE private IS NOT NULL"
    )
    with op.batch_alter_table("agency_key") as table:
        table.drop_column("private")
    op.create_index(op.f("ix_tombstone_case_id"), "tombstone", ["case_id"])
    wall.put_up(op.get_bind(), revision)


def downgrade() -> None:
    """Leave the tables as open as they were before."""
    wall.take_down(op.get_bind())
    op.drop_index(op.f("ix_tombstone_case_id"), table_name="tombstone")
    with op.batch_alter_table("agency_key") as table:
        table.add_column(sa.Column("private", sa.LargeBinary(), nullable=True))
    op.execute(
        "UPDATE agency_key SET private = (SELECT h.private FROM hosted_key h"
        " WHERE h.agency_id = agency_key.agency_id AND h.kid = agency_key.kid)"
    )
    op.drop_table("hosted_key")
