"""From which day on no link tells of a case; a job of keys may be dated anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

from gateway.migrations import wall

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_CONSENT = sa.table(
    "consent",
    sa.column("case_id", sa.CHAR(36)),
    sa.column("seq", sa.Integer()),
    sa.column("outcome", sa.String()),
    sa.column("lapses_on", sa.Date()),
    sa.column("lapsed_outcome", sa.String()),
    sa.column("at", sa.String()),
)
_CASE = sa.table("case", sa.column("id", sa.CHAR(36)), sa.column("unshared_from", sa.Date()))


def upgrade() -> None:
    """Apply, and say it of the cases that there are by their newest decision."""
    op.add_column("case", sa.Column("unshared_from", sa.Date(), nullable=True))
    connection = op.get_bind()
    wall.take_down(connection)
    rows = connection.execute(sa.select(_CONSENT).order_by(_CONSENT.c.case_id, _CONSENT.c.seq))
    newest = {row.case_id: row for row in rows}
    for case_id, row in newest.items():
        since = None
        if row.outcome == "NO_SHARE":
            since = datetime.fromisoformat(str(row.at)).date()
        elif row.lapsed_outcome == "NO_SHARE":
            since = row.lapses_on + timedelta(days=1)
        if since is not None:
            of_it = sa.update(_CASE).where(_CASE.c.id == case_id)
            connection.execute(of_it.values(unshared_from=since))
    wall.put_up(connection, revision)


def downgrade() -> None:
    """Take back."""
    wall.put_up(op.get_bind(), down_revision)
    op.drop_column("case", "unshared_from")
