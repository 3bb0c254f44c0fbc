"""The composing station: opens one workspace file, builds the services, announces what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from workbench.library.keys import Keys
from workbench.library.prompts import Prompts
from workbench.library.versions import Versions
from workbench.settings import Settings, default_workspace
from workbench.store import backups as copies
from workbench.store.backups import Backup
from workbench.store.database import Database
from workbench.store.opening import path_of
from workbench.store.search import Search
from workbench.values import BadInput, Changes, Content, Endpoint, Message, ModelSpec, NotFound, Price, Request, Spec

if TYPE_CHECKING:
    from workbench.analysis.differences import ContentDiff as ContentDiff
    from workbench.analysis.differences import Line as Line
    from workbench.analysis.differences import Marks as Marks
    from workbench.analysis.differences import TextDiff as TextDiff
    from workbench.engine.control import Control as Control
    from workbench.engine.events import Cancelled as Cancelled
    from workbench.engine.events import Failed as Failed
    from workbench.engine.events import Finished as Finished
    from workbench.engine.events import Skipped as Skipped
    from workbench.engine.events import Started as Started
    from workbench.engine.events import Streamed as Streamed
    from workbench.engine.events import Waiting as Waiting
    from workbench.engine.one_call import Answer as Answer
    from workbench.engine.one_call import one_call as one_call
    from workbench.exports import Exports
    from workbench.exports import run_document as run_document
    from workbench.library.comparisons import Comparisons
    from workbench.library.connections import Connections
    from workbench.library.datasets import Datasets
    from workbench.library.records import ComparisonRow as ComparisonRow
    from workbench.library.records import ConnectionRow as ConnectionRow
    from workbench.library.records import DatasetRow as DatasetRow
    from workbench.library.records import ModelRow as ModelRow
    from workbench.library.records import PromptRow as PromptRow
    from workbench.library.records import VersionRow as VersionRow
    from workbench.library.reports import ExportReport as ExportReport
    from workbench.library.reports import ImportReport as ImportReport
    from workbench.library.sources import Source as Source
    from workbench.library.sources import Sources
    from workbench.plan import Estimate as Estimate
    from workbench.plan import PlanProblem as PlanProblem
    from workbench.providers import LocalServer as LocalServer
    from workbench.providers import TestReport as TestReport
    from workbench.providers import WireFormat
    from workbench.providers.builtin.models import BuiltinModels
    from workbench.providers.direct import direct_endpoint as direct_endpoint
    from workbench.ratings import Ratings
    from workbench.ratings import ReviewItem as ReviewItem
    from workbench.ratings import ReviewQueue as ReviewQueue
    from workbench.runs.records import Cell as Cell
    from workbench.runs.records import ColumnInfo as ColumnInfo
    from workbench.runs.records import OutputRow as OutputRow
    from workbench.runs.records import RunRow as RunRow
    from workbench.runs.runs import Runs
    from workbench.templates import PreviewMessage as PreviewMessage
    from workbench.templates import TemplateProblem as TemplateProblem
    from workbench.templates import Variable as Variable

STARTER = "Starter"
"""Name of the comparison that the app brings along."""

_LENT = {
    "Answer": "engine.one_call", "Cancelled": "engine.events", "Control": "engine.control", "Failed": "engine.events",
    "Finished": "engine.events", "LocalServer": "providers", "Skipped": "engine.events", "Source": "library.sources",
    "Started": "engine.events", "Streamed": "engine.events", "TestReport": "providers", "Waiting": "engine.events",
    "direct_endpoint": "providers.direct", "one_call": "engine.one_call", "run_document": "exports",
}  # fmt: skip
"""What the faces need from stations that they do not see, by module: imported when first asked for."""


T = TypeVar("T")


class late(Generic[T]):
    """A service that is built when it is first asked for: once, whichever threads ask. (`cached_property` has no lock any more.)"""

    def __init__(self, build: Callable[[Any], T]) -> None:
        self._build = build
        self._lock = RLock()
        self.__doc__ = build.__doc__

    def __get__(self, workspace: Workspace, owner: type[Workspace]) -> T:
        with self._lock:
            name = self._build.__name__
            if name not in workspace.__dict__:  # from then on it is found there without coming here
                workspace.__dict__[name] = self._build(workspace)
            return cast("T", workspace.__dict__[name])


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
        self.keys = Keys()
        self.search = Search(database)

    @staticmethod
    def open(path_or_url: str | Path | None = None, settings: Settings | None = None) -> Workspace:
        """The workspace at this path (the user's own if None), made if there is none. Raises a Problem where it cannot be used."""
        settings = settings or Settings()
        database = Database.open(path_or_url or default_workspace(), backups_kept=int(settings.get("backups_kept")))
        return Workspace(database, settings)

    # Services beyond the first list on the screen are imported and built when they are first used: most verbs and the first window
    # need few of them, and all together they double the time of a start.

    @late
    def datasets(self) -> Datasets:
        """Datasets and their cases."""
        from workbench.library.datasets import Datasets

        return Datasets(self._database)

    @late
    def connections(self) -> Connections:
        """Connections and models."""
        from workbench.library.connections import Connections

        return Connections(self._database, self.keys, _price)

    @late
    def comparisons(self) -> Comparisons:
        """Saved comparisons."""
        from workbench.library.comparisons import Comparisons

        return Comparisons(self._database, self.connections)

    @late
    def runs(self) -> Runs:
        """Runs: started, made, read back."""
        from workbench.runs.runs import Runs

        endpoint, resolve = self.connections.endpoint, self._resolved
        return Runs(self._database, endpoint=endpoint, resolve=resolve, settings=self.settings, wire_formats=self._wire_format)

    @late
    def ratings(self) -> Ratings:
        """What people think of outputs."""
        from workbench.ratings import Ratings

        return Ratings(self._database)

    @late
    def exports(self) -> Exports:
        """Runs as documents, tables and files."""
        from workbench.exports import Exports

        return Exports(self._database, self.runs)

    @late
    def builtin(self) -> BuiltinModels:
        """The built-in models: their files, their servers, and their rows here."""
        from workbench.providers.builtin.models import BuiltinModels

        return BuiltinModels(self.connections, writes=not self.read_only)

    @late
    def sources(self) -> Sources:
        """What a run can start from: saved comparisons and files."""
        from workbench.library.sources import Sources

        return Sources(self.comparisons, self.connections, self.keys, _price)

    async def ask(self, model: ModelSpec, request: Request, *, timeout_s: float, **how: Any) -> Answer:
        """The answer to one request outside of any run; `how` as in `one_call`. Raises Missing where the model cannot be asked."""
        from workbench.engine.one_call import one_call

        return await one_call(self._endpoint(model, timeout_s), request, wire_formats=self._wire_format, **how)

    async def test_connection(self, id: int) -> TestReport:
        """Whether a connection's server answers and takes the key. What came of it is kept with the connection."""
        from workbench import providers

        row = self.connections.get(id)
        spec = ModelSpec("", row.name, row.wire_format, row.base_url, row.name, row.uid, options=row.options, place=row.place)
        async with providers.client(calls=1, local_only=bool(self.settings.get("local_only"))) as client:
            report = await providers.test_connection(client, self.connections.endpoint(spec, 20.0))
        if not self.read_only:
            tested = {"ok": report.ok, "sentence": report.sentence, "models": list(report.models), "seconds": report.seconds}
            tested["at"] = datetime.now(UTC).isoformat(timespec="seconds")
            self.connections.set_state(id, {"test": tested})
        return report

    async def try_connection(self, vendor: str, base_url: str, key: str | None = None) -> TestReport:
        """How a connection that is not saved would do. Without a key, the environment's is used. Nothing is kept."""
        from workbench import providers
        from workbench.library.connections import clean_address
        from workbench.library.vendors import vendor as vendor_row

        row = vendor_row(vendor)
        if not key:
            key, _ = self.keys.get("", row.key_env or None)
        endpoint = Endpoint(row.wire_format, clean_address(base_url or row.base_url), key, row.options, 20.0)
        async with providers.client(calls=1, local_only=bool(self.settings.get("local_only"))) as client:
            return await providers.test_connection(client, endpoint)

    def prices(self, vendor: str, base_url: str, models: Sequence[str]) -> dict[str, Price]:
        """What the catalogue knows of each model of a vendor; a price that it does not know is unknown."""
        return {model: _price(vendor, model, base_url) for model in models}

    async def find_local(self) -> list[LocalServer]:
        """The model servers that run on this computer now."""
        from workbench import providers

        async with providers.client(calls=1, local_only=True) as client:
            return await providers.find_local(client)

    def add_starter(self) -> int:
        """The id of the starter comparison; its prompts and cases are brought in where they are not here yet."""
        from workbench.assets import asset

        self.builtin.ensure_connection()
        try:
            return self.comparisons.find(STARTER).id
        except NotFound:
            self.files.import_paths([asset("starter")])
        return self.comparisons.find(STARTER).id

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Call `listener(changes)` once after each committed write, on the thread that wrote. The answer ends the subscription."""
        return self._database.subscribe(listener)

    def backups(self) -> list[Backup]:
        """The copies of this file that are kept, newest first."""
        return copies.backups(Path(self.path))

    def back_up(self) -> Backup:
        """A new copy, made while the file stays open; older ones than the setting keeps are removed."""
        return copies.make(Path(self.path), "day", int(self.settings.get("backups_kept")))

    def copy_to(self, path: Path) -> None:
        """Write a copy of this workspace as it is now; for "Open a copy" and "Save elsewhere". A file that is there is not overwritten."""
        if path.exists():
            raise BadInput(f"{path.name} is there already.", remedy="Choose another name.")
        copies.copy(Path(self.path), path)

    def integrity(self) -> list[str]:
        """What SQLite's full check finds wrong with this file; empty if it is sound."""
        return copies.check(Path(self.path))

    @staticmethod
    def backups_of(path_or_url: str | Path | None) -> list[Backup]:
        """The copies that are kept of a workspace which may be too damaged to open, newest first."""
        return copies.backups(path_of(path_or_url or default_workspace()))

    @staticmethod
    def restore(path_or_url: str | Path | None, backup: Path) -> Path | None:
        """Put a copy in the place of a workspace; the answer says where the file that was there lies now."""
        return copies.restore(path_of(path_or_url or default_workspace()), backup)

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

    def render(self, content: Content, values: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages with values in place, to send. Raises BadInput as the template verbs do."""
        from workbench import templates

        return templates.render(content, values)

    def diff(self, left: Content, right: Content) -> ContentDiff:
        """What differs between two contents: lines, words, parameters, variables."""
        from workbench import templates
        from workbench.analysis import differences

        return differences.contents(left, right, (templates.names(left), templates.names(right)))

    def changed_words(self, left: str, right: str) -> tuple[Marks, Marks]:
        """What changed within two texts, as (start, end) in the left and in the right one."""
        from workbench.analysis import differences

        return differences.words(left, right)

    def _endpoint(self, model: ModelSpec, timeout_s: float) -> Endpoint:
        if model.wire_format == "builtin":
            self.builtin.check(model.name)
        return self.connections.endpoint(model, timeout_s)

    def _wire_format(self, name: str) -> WireFormat:
        from workbench import providers

        return providers.wire_format(name, self.builtin if name == "builtin" else None)

    def _resolved(self, comparison_id: int) -> Spec:
        return self.comparisons.resolve(self.comparisons.get(comparison_id).definition)

    def close(self) -> None:
        """Close the file and end the built-in models' servers. Closing twice is fine."""
        if "builtin" in self.__dict__:
            self.builtin.close_now()
        self._database.close()


def __getattr__(name: str) -> Any:
    """A name that this module lends to the faces."""
    if name in _LENT:
        return getattr(import_module(f"workbench.{_LENT[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _price(vendor: str, model: str, base_url: str) -> Price:
    from workbench.providers.catalog import price  # only the lists of models need the catalogue

    return price(vendor, model, base_url)
