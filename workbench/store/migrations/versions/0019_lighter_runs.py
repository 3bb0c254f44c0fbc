"""A run writes less with each answer: the search index takes outputs in later, and the index of questions holds answered ones only.

The search needs no change of a table: every upgrade makes its triggers anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019_lighter_runs"
down_revision = "0018_dataset_folders"


def upgrade() -> None:
    op.drop_index("job_fingerprint", "job")
    done = sa.text("status = 'done'")
    op.create_index("job_fingerprint", "job", ["fingerprint"], sqlite_where=done, postgresql_where=done)
