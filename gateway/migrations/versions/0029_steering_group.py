"""A role for the steering group, which sees counts alone."""

from __future__ import annotations

from alembic import op

from gateway.migrations import wall

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_WALL = "0027"  # it stays as it is
_BEFORE = (
    "COORDINATOR",
    "CHAIR",
    "IDVA",
    "AGENCY_REP",
    "REFERRER",
    "DPO_AUDITOR",
    "AGENCY_ADMIN",
)
_AFTER = (*_BEFORE, "GOVERNANCE")


def upgrade() -> None:
    """Apply."""
    wall.take_down(op.get_bind())
    _roles(_AFTER)
    wall.put_up(op.get_bind(), _WALL)


def downgrade() -> None:
    """Take back; who had the role has none."""
    wall.take_down(op.get_bind())
    op.execute("DELETE FROM person_role WHERE role = 'GOVERNANCE'")
    _roles(_BEFORE)
    wall.put_up(op.get_bind(), _WALL)


def _roles(codes: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{each}'" for each in codes)
    with op.batch_alter_table("person_role") as table:
        table.drop_constraint(op.f("ck_person_role_personrole"), type_="check")
        table.create_check_constraint(op.f("ck_person_role_personrole"), f"role IN ({listed})")
