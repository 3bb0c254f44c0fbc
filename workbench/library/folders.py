"""Folders of prompts: paths such as `support/refunds`, one row each."""

from __future__ import annotations

from workbench import store
from workbench.store.database import Database, Writer
from workbench.values.problems import BadInput, NotFound
from workbench.values.texts import whole_text

LONGEST_PATH = 600

# A folder and all below it. `substr` and not LIKE: a name may hold a percent sign.
_TREE = "(path = :top OR substr(path, 1, length(:top) + 1) = :top || '/')"


def clean_path(path: str) -> str:
    """The path in its one form: no empty parts, no spaces around a name. Raises BadInput for `.` and `..`, and a very long
    one: an index of PostgreSQL takes 2,704 bytes."""
    parts = [part.strip() for part in whole_text(path).replace("\\", "/").split("/")]
    if "." in parts or ".." in parts:
        raise BadInput(f"{path} is not a folder name.", remedy="Use names separated by a slash, such as support/refunds.")
    cleaned = "/".join(part for part in parts if part)
    if len(cleaned) > LONGEST_PATH:
        raise BadInput(f"This folder has {len(cleaned):,} characters, {LONGEST_PATH} are possible.", remedy="Shorten its name.")
    return cleaned


def folder_id(writer: Writer, path: str) -> int | None:
    """The id of a folder, made with all folders above it if it is new; None for no folder."""
    found = None
    parts = clean_path(path).split("/")
    for depth in range(1, len(parts) + 1):
        above = "/".join(parts[:depth])
        if not above:
            return None
        row = writer.run("SELECT id FROM folder WHERE path = :path", path=above).first()
        found = int(row[0]) if row else writer.add(store.tables.Folder(path=above))
        if not row:
            writer.touch("folder", found)
    return found


class Folders:
    """The verbs on folders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def folders(self) -> list[str]:
        """All folder paths, sorted, empty ones too."""
        return sorted((row[0] for row in self._database.query("SELECT path FROM folder")), key=str.casefold)

    def create_folder(self, path: str) -> None:
        """Make a folder and those above it. One that is there already is fine."""
        if not clean_path(path):
            raise BadInput("A folder needs a name.")
        with self._database.write() as writer:
            folder_id(writer, path)

    def rename_folder(self, old: str, new: str) -> None:
        """Rename or move a folder with all below it. Raises NotFound, and BadInput where the new path is taken or lies inside the old."""
        old, new = clean_path(old), clean_path(new)
        with self._database.write() as writer:
            rows = writer.run(f"SELECT id, path FROM folder WHERE {_TREE}", top=old).all()
            if not rows:
                raise NotFound(f"There is no folder {old}.")
            if new == old:
                return
            if not new or new.startswith(f"{old}/"):
                raise BadInput(f"The folder {old} cannot be moved into {new or 'a folder without a name'}.")
            if writer.run("SELECT 1 FROM folder WHERE path = :new", new=new).first():
                raise BadInput(f"There is already a folder {new}.", remedy="Choose another name.")
            if "/" in new:
                folder_id(writer, new.rsplit("/", 1)[0])
            for id, path in rows:
                writer.run("UPDATE folder SET path = :path WHERE id = :id", path=new + path[len(old) :], id=id)
                writer.touch("folder", id)
            inside = writer.run(f"SELECT id FROM prompt WHERE folder_id IN (SELECT id FROM folder WHERE {_TREE})", top=new)
            writer.touch("prompt", *(row[0] for row in inside))

    def delete_folder(self, path: str) -> None:
        """Remove an empty folder. Raises BadInput where a prompt or a folder is in it; archived prompts lose their folder."""
        path = clean_path(path)
        with self._database.write() as writer:
            row = writer.run("SELECT id FROM folder WHERE path = :path", path=path).first()
            if row is None:
                raise NotFound(f"There is no folder {path}.")
            live = writer.run("SELECT 1 FROM prompt WHERE folder_id = :id AND archived_at IS NULL", id=row[0]).first()
            below = writer.run(f"SELECT 1 FROM folder WHERE {_TREE} AND path <> :top", top=path).first()
            if live or below:
                raise BadInput(f"{path} is not empty.", remedy="Move or archive what is in it first.")
            writer.run("UPDATE prompt SET folder_id = NULL WHERE folder_id = :id", id=row[0])
            writer.run("DELETE FROM folder WHERE id = :id", id=row[0])
            writer.touch("folder", row[0])
