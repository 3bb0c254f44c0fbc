"""Who rates: the name at this desk, the rater's row, and which judgements count."""

from __future__ import annotations

from workbench.store import stamps
from workbench.store.database import Database, Query, Writer

NAMELESS = "me"
"""Who rates in a workspace file before a name was given."""


def rater_name(database: Database) -> str:
    """The name under which is judged now: the person on a server, else whoever sits at this desk."""
    return database.person or database.rater or database.owner or NAMELESS


def own_rater(database: Database, query: Query | None = None) -> int:
    """Id of the rater who judges now; -1 where that one has not judged yet."""
    name = rater_name(database)
    rows = (query or database.query)("SELECT name, id FROM rater WHERE name IN (:name, :nameless)", {"name": name, "nameless": NAMELESS})
    found = dict(rows)
    return int(found.get(name, found.get(NAMELESS, -1) if _is_owner(database) else -1))


def ensure_rater(database: Database, writer: Writer, name: str | None = None) -> int:
    """Id of a rater, made if there is none of this name; whoever judges now where no name is given.

    Who rated without a name and has given it since keeps the row: the name is written into it.
    """
    wanted = name or rater_name(database)
    found = writer.run("SELECT id FROM rater WHERE name = :name ORDER BY id", name=wanted).scalar()
    if found is None and name is None and _is_owner(database):
        found = writer.run("UPDATE rater SET name = :name WHERE name = :old RETURNING id", name=wanted, old=NAMELESS).scalar()
    if found is None:
        row = writer.run("INSERT INTO rater (uid, name) VALUES (:uid, :name) RETURNING id", uid=stamps.new_uid(), name=wanted)
        found = row.scalar_one()
    return int(found)


def _is_owner(database: Database) -> bool:
    return not database.person and not database.rater
