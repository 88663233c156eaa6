"""Categories and recipients: what was agreed to before is about locations, for the own service."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0004"
down_revision = "deal_0003"

_NEW = (
    "account",
    "phone_number",
    "transactions",
    "service_use",
    "interactions",
    "device",
    "ip_address",
)


def upgrade() -> None:
    """Give each category its stamp, and the dead list its category."""
    recipient = op.create_table(
        "recipient",
        sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String, nullable=False, unique=True),
    )
    op.bulk_insert(recipient, [{"slot": 0, "key": "own"}])
    op.execute("ALTER TABLE receipt RENAME COLUMN may TO may_location")
    for name in _NEW:
        column = sa.Column(f"may_{name}", sa.BigInteger, nullable=False, server_default="0")
        op.add_column("receipt", column)
    op.rename_table("dead", "dead_before")
    op.create_table(
        "dead",
        sa.Column("category", sa.String, primary_key=True),
        sa.Column("cell", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("receipt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("closed_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO dead SELECT 'user.location.precise', cell, receipt, closed_at FROM dead_before"
    )
    op.drop_table("dead_before")
