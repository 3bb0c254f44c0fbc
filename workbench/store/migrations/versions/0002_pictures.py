"""Pictures as outputs; how long a model was loading; which parameters were not sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_pictures"
down_revision = "0001_first_schema"


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "output_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("output_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["output_id"], ["output.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("output_id", "position"),
    )
    op.create_index("ix_output_attachment_attachment_id", "output_attachment", ["attachment_id"])
    op.add_column("output", sa.Column("load_ms", sa.Float(), nullable=True))
    op.add_column("output", sa.Column("left_out", sa.Text(), nullable=True))
