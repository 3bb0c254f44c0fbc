"""Branches: named rewrites of a prompt beside its main line, each with a draft of its own, and which of them is written on.

The main line is the branch without a name. What asks for a prompt's newest version gets that of the main line, so that a rewrite
reaches nobody before it is brought there. Closing a branch keeps its versions and its draft.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from workbench import store
from workbench.library.cases import Query, asking
from workbench.library.names import clean_name
from workbench.library.records import BranchRow
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.values import BadInput, NotFound

MAIN = "main"
"""What faces call the branch without a name. No other can be called so."""

ASIDE = "kept aside"
"""The branch of unsaved texts that gave way to others. It is closed: nobody writes on it, and nothing takes its newest for a prompt's."""

NEWEST = "ORDER BY version.branch <> '', version.number DESC LIMIT 1"
"""Of a prompt's versions the newest of its main line; of all, where there is none."""

_NAMES = """SELECT branch AS name FROM version WHERE prompt_id = :id UNION SELECT name FROM branch WHERE prompt_id = :id
UNION SELECT branch FROM draft WHERE prompt_id = :id UNION SELECT ''"""
"""The names of a prompt's branches. One that only a draft has was renamed or removed elsewhere while that was typed."""

_ALL = f"""
SELECT names.name, tip.number, began.number, (SELECT count(*) FROM version WHERE prompt_id = :id AND branch = names.name),
       EXISTS (SELECT 1 FROM draft WHERE prompt_id = :id AND draft.branch = names.name), branch.closed_at
FROM ({_NAMES}) AS names
LEFT JOIN branch ON branch.prompt_id = :id AND branch.name = names.name
LEFT JOIN version AS tip ON tip.prompt_id = :id
 AND tip.number = (SELECT max(number) FROM version WHERE prompt_id = :id AND branch = names.name)
LEFT JOIN version AS first ON first.prompt_id = :id
 AND first.number = (SELECT min(number) FROM version WHERE prompt_id = :id AND branch = names.name)
LEFT JOIN version AS began ON began.id = coalesce(branch.from_version_id, first.parent_id)
ORDER BY names.name <> '', branch.closed_at IS NOT NULL, lower(names.name)
"""


class Branches:
    """The verbs on branches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, prompt_id: int) -> tuple[BranchRow, ...]:
        """The main line, then the others by name, the closed ones last."""
        current = written_on(self._database.query, prompt_id)
        rows = self._database.query(_ALL, {"id": prompt_id})
        return tuple(
            BranchRow(name, tip, began if name else None, count, bool(draft), closed_at is not None, name == current)
            for name, tip, began, count, draft, closed_at in rows
        )

    def named(self) -> Mapping[int, Sequence[BranchRow]]:
        """By prompt id the branches beside the main line, of all prompts; of those without any, none."""
        sql = """SELECT prompt_id FROM version WHERE branch <> '' UNION SELECT prompt_id FROM branch
                 UNION SELECT prompt_id FROM draft WHERE branch <> ''"""
        found = {row[0]: self.list(row[0])[1:] for row in self._database.query(sql)}
        return defaultdict(tuple, found)

    def start(self, version_id: int, name: str, *, with_draft: bool = False) -> None:
        """A new branch that begins at a version, to be written on from now. Raises BadInput for a name in use. Unsaved edits stay in
        the branch that they were made in, or come along."""
        with self._database.write() as writer:
            prompt_id = writer.run("SELECT prompt_id FROM version WHERE id = :id", id=version_id).scalar()
            if prompt_id is None:
                raise NotFound(f"There is no version {version_id}.")
            name = _free(writer, prompt_id, name)
            writer.add(store.tables.Branch(prompt_id=prompt_id, name=name, from_version_id=version_id))
            if with_draft:
                sql = "UPDATE draft SET branch = :name WHERE prompt_id = :id AND branch = :left"
                writer.run(sql, name=name, id=prompt_id, left=written_on(asking(writer), prompt_id))
            _write_on(writer, prompt_id, name)

    def switch(self, prompt_id: int, name: str) -> None:
        """Write on this branch from now; a closed one is open again. Raises NotFound."""
        with self._database.write() as writer:
            _refuse_unknown(writer, prompt_id, name)
            if name == ASIDE:
                raise BadInput(f"{ASIDE} holds texts that gave way to others.", remedy="Start a branch from the version that you want.")
            writer.run("UPDATE branch SET closed_at = NULL WHERE prompt_id = :id AND name = :name", id=prompt_id, name=name)
            _write_on(writer, prompt_id, name)

    def rename(self, prompt_id: int, name: str, new: str) -> None:
        """Raises BadInput for a name in use, NotFound."""
        with self._database.write() as writer:
            _refuse_unknown(writer, prompt_id, name)
            if not name:
                raise BadInput(f"The branch {MAIN} keeps its name.")
            new = _free(writer, prompt_id, new, but=name)
            for table, column in (("branch", "name"), ("version", "branch"), ("draft", "branch")):
                sql = f"UPDATE {table} SET {column} = :new WHERE prompt_id = :id AND {column} = :name"
                writer.run(sql, new=new, id=prompt_id, name=name)
            if written_on(asking(writer), prompt_id) == name:
                writer.run("UPDATE prompt SET branch = :new WHERE id = :id", new=new, id=prompt_id)
            writer.touch("prompt", prompt_id)

    def close(self, prompt_id: int, name: str) -> None:
        """Put a branch away: its versions and unsaved edits are kept, and the main line is written on. Raises NotFound, and BadInput
        for the main line."""
        with self._database.write() as writer:
            _refuse_unknown(writer, prompt_id, name)
            if not name:
                raise BadInput(f"The branch {MAIN} is always open.", remedy="Close another one.")
            known = "SELECT id FROM branch WHERE prompt_id = :id AND name = :name"
            row_id = writer.run(known, id=prompt_id, name=name).scalar() or writer.add(store.tables.Branch(prompt_id=prompt_id, name=name))
            writer.run("UPDATE branch SET closed_at = coalesce(closed_at, :at) WHERE id = :id", at=stamps.now(), id=row_id)
            if written_on(asking(writer), prompt_id) == name:
                _write_on(writer, prompt_id, "")
            writer.touch("prompt", prompt_id)

    def remove(self, prompt_id: int, name: str) -> None:
        """Take back a branch that holds nothing yet. Raises BadInput where it has versions or unsaved edits."""
        with self._database.write() as writer:
            sql = """SELECT 1 FROM version WHERE prompt_id = :id AND branch = :name
                     UNION ALL SELECT 1 FROM draft WHERE prompt_id = :id AND branch = :name"""
            if not name or writer.run(sql, id=prompt_id, name=name).first():
                raise BadInput(f"The branch {name or MAIN} holds text.", remedy="Close it: its versions are kept.")
            writer.run("DELETE FROM branch WHERE prompt_id = :id AND name = :name", id=prompt_id, name=name)
            if written_on(asking(writer), prompt_id) == name:
                _write_on(writer, prompt_id, "")
            writer.touch("prompt", prompt_id)


def written_on(query: Query, prompt_id: int) -> str:
    """The branch of a prompt that is written on; empty for the main line."""
    rows = query("SELECT branch FROM prompt WHERE id = :id", {"id": prompt_id})
    return str(rows[0][0]) if rows else ""


def tip(query: Query, prompt_id: int, branch: str) -> int | None:
    """The id of a branch's newest version; of the one that it began at, where it has none; else of the prompt's newest."""
    for sql in (
        "SELECT id FROM version WHERE prompt_id = :id AND branch = :branch ORDER BY number DESC LIMIT 1",
        "SELECT from_version_id FROM branch WHERE prompt_id = :id AND name = :branch AND from_version_id IS NOT NULL",
        f"SELECT id FROM version WHERE prompt_id = :id {NEWEST}",
    ):
        rows = query(sql, {"id": prompt_id, "branch": branch} if ":branch" in sql else {"id": prompt_id})
        if rows:
            return int(rows[0][0])
    return None


def _write_on(writer: Writer, prompt_id: int, name: str) -> None:
    writer.run("UPDATE prompt SET branch = :name WHERE id = :id", name=name, id=prompt_id)
    writer.touch("prompt", prompt_id)


def _names(writer: Writer, prompt_id: int) -> set[str]:
    return {row[0] for row in writer.run(_NAMES, id=prompt_id)}


def _refuse_unknown(writer: Writer, prompt_id: int, name: str) -> None:
    names = _names(writer, prompt_id)
    if name not in names:
        known = ", ".join(sorted(names - {""}, key=str.casefold))
        raise NotFound(f"This prompt has no branch {name}.{f' It has {known}.' if known else ''}")


def _free(writer: Writer, prompt_id: int, name: str, but: str = "") -> str:
    name = clean_name(name)
    taken = {other.casefold() for other in _names(writer, prompt_id) - {but}} | {MAIN, ASIDE}
    if name.casefold() in taken:
        raise BadInput(f"There is already a branch named {name}.", remedy="Choose another name.")
    return name
