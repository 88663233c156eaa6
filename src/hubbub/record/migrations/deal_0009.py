"""Up to which version people have dismissed what changed in the notice."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0009"
down_revision = "deal_0008"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "notice_seen",
        sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
    )
