"""What happened to a run beside its answers: begun, paused, tried again, held, ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_log"
down_revision = "0013_batches"


def upgrade() -> None:
    op.create_table(
        "log_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("column_index", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_log_line_job_id", "log_line", ["job_id"])
    op.create_index("ix_log_line_run_id", "log_line", ["run_id"])
