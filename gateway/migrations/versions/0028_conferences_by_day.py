"""An agency's conferences by their day: each agenda asks for the one before."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_NAME = "ix_conference_agency_id_starts_at"


def upgrade() -> None:
    """Apply."""
    op.create_index(_NAME, "conference", ["agency_id", "starts_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_index(_NAME, table_name="conference")
