"""Deals that are paused, and go on."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0007"
down_revision = "deal_0006"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "pause",
        sa.Column("step", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "subject", sa.Integer, sa.ForeignKey("device.subject"), nullable=False, index=True
        ),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
