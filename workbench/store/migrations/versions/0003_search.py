"""Notes of cases and of ratings can be searched: only the search indexes change, and every upgrade makes those anew."""

from __future__ import annotations

revision = "0003_search"
down_revision = "0002_pictures"


def upgrade() -> None:
    """No table changes."""
