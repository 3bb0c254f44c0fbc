"""What prompt versions say about their variables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_typed_variables"
down_revision = "0003_search"


def upgrade() -> None:
    op.add_column("content", sa.Column("typed", sa.Text(), nullable=True))
