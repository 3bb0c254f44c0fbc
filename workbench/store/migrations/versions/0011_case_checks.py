"""Checks of a single case, and those that it had when a version of its dataset was saved. Cases of before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_case_checks"
down_revision = "0010_judgement"


def upgrade() -> None:
    op.add_column("case", sa.Column("checks", sa.Text(), nullable=True))
    op.add_column("case_content", sa.Column("checks", sa.Text(), nullable=True))
