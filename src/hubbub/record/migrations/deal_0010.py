"""Which account of the messenger is whose."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0010"
down_revision = "deal_0009"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "messenger_account",
        sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), primary_key=True),
        sa.Column("account", sa.String, nullable=False, unique=True),
        sa.Column("joined_at", sa.BigInteger, nullable=False),
        sa.Column("told_receipt", sa.Integer, nullable=False),
        sa.Column("told_notice", sa.Integer, nullable=False),
        sa.Column("leaves", sa.Boolean, nullable=False),
        sa.Column("left", sa.Boolean, nullable=False),
    )
