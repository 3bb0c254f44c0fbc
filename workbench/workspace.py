"""The composing station: opens one workspace file, builds the services, announces what changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.settings import Settings, default_workspace
from workbench.store import backups as copies
from workbench.store.backups import Backup
from workbench.store.database import Database
from workbench.values import Changes


class Workspace:
    """One open workspace file with its services."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self.settings = settings
        self.path = database.path
        self.read_only = database.read_only
        self.notice = database.notice
        self.prompts = Prompts(database)
        self.versions = Versions(database)

    @staticmethod
    def open(path_or_url: str | Path | None = None, settings: Settings | None = None) -> Workspace:
        """The workspace at this path (the user's own if None), made if there is none. Raises a Problem where it cannot be used."""
        settings = settings or Settings()
        database = Database.open(path_or_url or default_workspace(), backups_kept=int(settings.get("backups_kept")))
        return Workspace(database, settings)

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Call `listener(changes)` once after each committed write, on the thread that wrote. The answer ends the subscription."""
        return self._database.subscribe(listener)

    def backups(self) -> list[Backup]:
        """The copies of this file that are kept, newest first."""
        return copies.backups(Path(self.path))

    def back_up(self) -> Backup:
        """A new copy, made while the file stays open; older ones than the setting keeps are removed."""
        return copies.make(Path(self.path), "day", int(self.settings.get("backups_kept")))

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
        self._database.close()
