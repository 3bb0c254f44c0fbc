"""What few prompt versions hold, such as parameters for one model alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017_further_content"
down_revision = "0016_spend"


def upgrade() -> None:
    op.add_column("content", sa.Column("further", sa.Text(), nullable=True))
