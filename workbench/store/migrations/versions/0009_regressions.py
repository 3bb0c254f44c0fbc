"""What a person decided about a case of a rerun that is no longer as in its baseline."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_regressions"
down_revision = "0008_folder"


def upgrade() -> None:
    op.create_table(
        "change_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("baseline_job_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["baseline_job_id"], ["job.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id", "baseline_job_id"),
    )
    op.create_index("ix_change_decision_baseline_job_id", "change_decision", ["baseline_job_id"])
