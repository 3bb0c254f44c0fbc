"""Criteria, votes, highlights, the runs of judges, and review packets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_judgement"
down_revision = "0009_regressions"


def upgrade() -> None:
    _criteria()
    _votes()
    _packets()
    op.add_column("run", sa.Column("judged_run_id", sa.Integer(), nullable=True))
    op.add_column("score", sa.Column("label", sa.String(), nullable=True))
    op.add_column("score", sa.Column("cost", sa.Integer(), nullable=True))
    op.add_column("score", sa.Column("judge_output_id", sa.Integer(), nullable=True))
    op.add_column("rating", sa.Column("criterion_id", sa.Integer(), nullable=True))
    op.add_column("rating", sa.Column("spans", sa.Text(), nullable=True))


def _criteria() -> None:
    op.create_table(
        "criterion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("comparison_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scale", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("help", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("archived_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["comparison_id"], ["comparison.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid"),
    )
    op.create_index("criterion_order", "criterion", ["comparison_id", "position"])


def _votes() -> None:
    op.add_column("session", sa.Column("plan", sa.Text(), nullable=True))
    op.add_column("session", sa.Column("settings", sa.Text(), nullable=True))
    op.add_column("session", sa.Column("seconds", sa.Float(), nullable=False, server_default="0"))
    op.create_table(
        "vote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("left_output_id", sa.Integer(), nullable=False),
        sa.Column("right_output_id", sa.Integer(), nullable=False),
        sa.Column("winner", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("saw", sa.Text(), nullable=True),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("replaced_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["left_output_id"], ["output.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["right_output_id"], ["output.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["vote.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("session_id", "left_output_id", "right_output_id"):
        op.create_index(f"ix_vote_{column}", "vote", [column])


def _packets() -> None:
    op.create_table(
        "packet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("made_for", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid"),
    )
    op.create_index("ix_packet_run_id", "packet", ["run_id"])
