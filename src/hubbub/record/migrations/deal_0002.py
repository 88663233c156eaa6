"""Who asked to be erased: a number that means nothing any more, and the certificate."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0002"
down_revision = "deal_0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "erasure",
        sa.Column("subject", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("about", sa.String, nullable=False, unique=True),
        sa.Column("requested_at", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger),
        sa.Column("receipts", sa.BigInteger),
        sa.Column("certificate", sa.LargeBinary),
    )
