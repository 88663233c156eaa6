"""As much of a person's age as is asked for: who is here already said nothing, and is an adult."""

import sqlalchemy as sa
from alembic import op

revision = "deal_0008"
down_revision = "deal_0007"


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "device", sa.Column("age_band", sa.String, nullable=False, server_default="adult")
    )
