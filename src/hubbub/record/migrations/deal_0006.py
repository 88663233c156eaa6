"""Recipients by name, partners' clients, and what signals were against."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0006"
down_revision = "deal_0005"


def upgrade() -> None:
    """Make the tables. The own service was there from the beginning."""
    card = op.create_table(
        "recipient_card",
        sa.Column("slot", sa.Integer, sa.ForeignKey("recipient.slot"), primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
    )
    own = {"slot": 0, "name": "the operator's own service", "kind": "own", "added_at": 0}
    op.bulk_insert(card, [own])
    op.create_table(
        "client",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("slot", sa.Integer, sa.ForeignKey("recipient.slot"), nullable=False),
        sa.Column("token", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("requests_a_minute", sa.Integer, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "scope",
        sa.Column("client", sa.Integer, sa.ForeignKey("client.number"), primary_key=True),
        sa.Column("product", sa.String, primary_key=True),
        sa.Column("purpose", sa.String, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "conflict",
        sa.Column("subject", sa.Integer, sa.ForeignKey("device.subject"), primary_key=True),
        sa.Column("signal", sa.String, primary_key=True),
        sa.Column("category", sa.String, primary_key=True),
        sa.Column("cells", sa.BigInteger, primary_key=True),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
