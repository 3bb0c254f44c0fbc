"""The folder of a dataset: a path, as prompts have one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018_dataset_folders"
down_revision = "0017_further_content"


def upgrade() -> None:
    op.add_column("dataset", sa.Column("folder", sa.String(), nullable=True))
