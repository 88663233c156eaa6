"""Who may fetch which certificate of erasure."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0005"
down_revision = "deal_0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "claim",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("subject", sa.Integer, sa.ForeignKey("erasure.subject"), nullable=False),
        sqlite_with_rowid=False,
    )
