"""Sessions of people's browsers, and their passkeys."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0003"
down_revision = "deal_0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "session",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column(
            "subject", sa.Integer, sa.ForeignKey("device.subject"), nullable=False, index=True
        ),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("shown_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "passkey",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "subject", sa.Integer, sa.ForeignKey("device.subject"), nullable=False, index=True
        ),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("credential", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("uses", sa.BigInteger, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sqlite_autoincrement=True,
    )
