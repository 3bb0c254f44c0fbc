"""Named branches of prompts, each with a draft of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_branches"
down_revision = "0006_engine"


def upgrade() -> None:
    op.create_table(
        "branch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("prompt_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("from_version_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("closed_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["from_version_id"], ["version.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("prompt_id", "name"),
    )
    op.create_index("ix_branch_from_version_id", "branch", ["from_version_id"])
    op.add_column("prompt", sa.Column("branch", sa.String(), nullable=False, server_default=""))
    op.add_column("draft", sa.Column("branch", sa.String(), nullable=False, server_default=""))
    op.drop_index("ix_draft_prompt_id", "draft")
    op.create_index("draft_of_branch", "draft", ["prompt_id", "branch"], unique=True)
