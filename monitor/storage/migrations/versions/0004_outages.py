"""When devices were without power, and what the loads of UPSs did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "outage",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("outages", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device", name="pk_outage"),
    )
