"""The workspace file as a whole: its backups, copies, and whether it is sound."""

from __future__ import annotations

from pathlib import Path

from workbench.settings import Settings, default_workspace
from workbench.store import backups as copies
from workbench.store.backups import Backup
from workbench.store.opening import path_of
from workbench.values import BadInput, is_server

_THEIRS = "This workspace lies on a server, whose own backups keep it."


class Copies:
    """The verbs on the file of a workspace."""

    path: str
    on_server: bool
    settings: Settings

    def backups(self) -> list[Backup]:
        """The copies of this file that are kept, newest first."""
        return [] if self.on_server else copies.backups(Path(self.path))

    def back_up(self) -> Backup:
        """A new copy, made while the file stays open; older ones than the setting keeps are removed."""
        self._refuse_on_server()
        return copies.make(Path(self.path), "day", int(self.settings.get("backups_kept")))

    def copy_to(self, path: Path) -> None:
        """Write a copy of this workspace as it is now; for "Open a copy" and "Save elsewhere". A file that is there is not overwritten."""
        self._refuse_on_server()
        if path.exists():
            raise BadInput(f"{path.name} is there already.", remedy="Choose another name.")
        copies.copy(Path(self.path), path)

    def integrity(self) -> list[str]:
        """What SQLite's full check finds wrong with this file; empty if it is sound."""
        return [] if self.on_server else copies.check(Path(self.path))

    def _refuse_on_server(self) -> None:
        if self.on_server:
            raise BadInput(_THEIRS, remedy="Use pg_dump for a copy of your own, or export the library as files.")

    @staticmethod
    def backups_of(path_or_url: str | Path | None) -> list[Backup]:
        """The copies that are kept of a workspace which may be too damaged to open, newest first. Raises BadInput for one on a server."""
        return copies.backups(_file_of(path_or_url))

    @staticmethod
    def restore(path_or_url: str | Path | None, backup: Path) -> Path | None:
        """Put a copy in the place of a workspace; the answer says where the file that was there lies now."""
        return copies.restore(_file_of(path_or_url), backup)


def _file_of(path_or_url: str | Path | None) -> Path:
    place = path_or_url or default_workspace()
    if is_server(place):
        raise BadInput(_THEIRS, remedy="Ask who looks after the server.")
    return path_of(place)
