"""The composing station: opens one workspace file, builds the services, announces what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.library.comparisons import Comparisons
from workbench.library.connections import Connections
from workbench.library.datasets import Datasets
from workbench.library.keys import Keys
from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.settings import Settings, default_workspace
from workbench.store import backups as copies
from workbench.store.backups import Backup
from workbench.store.database import Database
from workbench.store.search import Search
from workbench.values import Changes, Content, Price

if TYPE_CHECKING:
    from workbench.analysis.differences import ContentDiff as ContentDiff
    from workbench.analysis.differences import Line as Line
    from workbench.analysis.differences import TextDiff as TextDiff
    from workbench.engine.control import Control as Control
    from workbench.engine.one_call import Answer as Answer
    from workbench.engine.one_call import one_call as one_call
    from workbench.providers.direct import direct_endpoint as direct_endpoint
    from workbench.templates import PreviewMessage as PreviewMessage
    from workbench.templates import TemplateProblem as TemplateProblem
    from workbench.templates import Variable as Variable

_LENT = {
    "Answer": "engine.one_call", "Control": "engine.control", "direct_endpoint": "providers.direct", "one_call": "engine.one_call",
}  # fmt: skip
"""What the faces need from stations that they do not see, by module: imported when first asked for."""


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
        self.datasets = Datasets(database)
        self.keys = Keys()
        self.connections = Connections(database, self.keys, _price)
        self.comparisons = Comparisons(database, self.connections)
        self.search = Search(database)

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

    # -- templates and differences, for the faces: they are pure, may be called on any thread, and are imported when first used ----

    def variables(self, text: str) -> tuple[Variable, ...]:
        """Every place where a template reads a value."""
        from workbench import templates

        return templates.variables(text)

    def check(self, text: str) -> TemplateProblem | None:
        """What is wrong with a template, with line and column; None if nothing is."""
        from workbench import templates

        return templates.check(text)

    def preview(self, content: Content, values: Mapping[str, Any]) -> list[PreviewMessage]:
        """The messages with values in place, in pieces that say what was filled in. Never raises."""
        from workbench import templates

        return templates.preview(content, values)

    def diff(self, left: Content, right: Content) -> ContentDiff:
        """What differs between two contents: lines, words, parameters, variables."""
        from workbench import templates
        from workbench.analysis import differences

        return differences.contents(left, right, (templates.names(left), templates.names(right)))

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
        self._database.close()


def __getattr__(name: str) -> Any:
    """A name that this module lends to the faces."""
    if name in _LENT:
        return getattr(import_module(f"workbench.{_LENT[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _price(vendor: str, model: str, base_url: str) -> Price:
    from workbench.providers.catalog import price  # only the lists of models need the catalogue

    return price(vendor, model, base_url)
