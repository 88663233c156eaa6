"""The deal's first tables: notices, devices, receipts, the dead list and what was refused."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "notice",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("sha256", sa.String, nullable=False, unique=True),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "device",
        sa.Column("subject", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("person", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("token", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("receipt", sa.Integer, unique=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "receipt",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "subject", sa.Integer, sa.ForeignKey("device.subject"), nullable=False, index=True
        ),
        sa.Column("may", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "dead",
        sa.Column("cell", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("receipt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("closed_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refused",
        sa.Column("day", sa.String, primary_key=True),
        sa.Column("reason", sa.String, primary_key=True),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
