"""Which columns of a run wait for a mended key or quota, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_engine"
down_revision = "0005_dataset_versions"


def upgrade() -> None:
    op.add_column("run", sa.Column("held", sa.Text(), nullable=True))
