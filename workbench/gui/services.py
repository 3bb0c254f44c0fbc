"""What the window offers everywhere and needs only after the first paint: palette, key sheet, opening files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from workbench.gui.code_dialog import with_consent
from workbench.gui.context import Context
from workbench.gui.unsaved import UnsavedNotice
from workbench.values.wishes import Followed

if TYPE_CHECKING:
    from workbench.gui.app import Session
    from workbench.gui.window import Window
    from workbench.workspace import RunRow, Workspace


_OFFERS_KEPT = 100


class WindowServices(QObject):
    """Connects the actions of the table that belong to no screen."""

    def __init__(self, context: Context, window: Window, session: Session) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        verbs = {
            "go.palette": self.palette,
            "help.keys": self.key_sheet,
            "file.open": session.open_other,
            "file.server": session.open_server,
            "file.new": session.open_new,
            "file.copy": session.open_copy,
            "file.retry": lambda: session.open(session.path),
            "file.backup": self.back_up,
            "folder.choose": self.choose_folder,
            "folder.sync": lambda: context.in_step.sync_now(window),
            "folder.show": self.show_folder,
            "connection.new": lambda: context.go("models", connect=""),
            "file.import": lambda: context.go("datasets" if window.place == "datasets" else "library", start="import"),
            "file.export": lambda: context.go("compare" if window.place == "compare" else "library", start="export"),
            "compare.new": lambda: context.go("compare", new=True),
            "library.new": lambda: context.go("library", start="new"),
            "dataset.new": lambda: context.go("datasets", start="new"),
        }
        for id, verb in verbs.items():
            context.action(id).triggered.connect(lambda _checked=False, verb=verb: verb())
        window.top.search.connect(self.palette)
        self._unsaved = UnsavedNotice(context, window.notice)
        context.bridge.run_events.connect(self._tell_followed)

    def _tell_followed(self, run_id: int, events: Sequence[Any]) -> None:
        """Say what was done with a run once it had finished. What could not be done stays to be read."""
        told = [event for event in events if isinstance(event, Followed)]
        if not told:
            return
        say = self._context.warn if any(event.why for event in told) else self._context.notice
        words = " ".join(map(str, told))
        if any(event.pairs for event in told):
            say(words, "Review", lambda: self._context.go("review", run_id=run_id))
        else:
            say(words)

    def offer_to_go_on(self) -> None:
        """Say which run was cut off, by a crash or by closing the window, and offer to go on with it."""
        workspace = self._context.workspace
        stopped = self._context.settings.get("last.stopped")
        if workspace is not None and not workspace.read_only:
            mine = isinstance(stopped, dict) and stopped.get("path") == workspace.path
            ids = list(stopped.get("runs") or ()) if mine else []
            self._context.bridge.read(_cut_off, workspace, ids, then=self._offer, failed=lambda _error: None, owner=self)

    def _offer(self, rows: list[RunRow]) -> None:
        settings = self._context.settings
        settings.set("last.stopped", None)
        # Once for each run, and again only when it has got further since: who does not go on has said so.
        told = settings.get("last.offered")
        told = told if isinstance(told, list) else []
        marks = {row.id: f"{self._context.ws.path} {row.id} {row.queued}" for row in rows}
        rows = [row for row in rows if marks[row.id] not in told]
        if not rows:
            return
        settings.set("last.offered", [*told, *(marks[row.id] for row in rows)][-_OFFERS_KEPT:])
        first, more = rows[0], len(rows) - 1
        rest = f" {more} other run{'s' if more > 1 else ''} as well." if more else ""
        left = f"{first.queued:,} of {first.jobs:,} answers to come"
        text = f"{first.comparison}, run {first.number}, was cut off with {left}. Nothing is lost.{rest}"
        self._context.notice(text, "Go on", lambda: self._go_on(rows))

    def _go_on(self, rows: list[RunRow]) -> None:
        self._context.go("compare", run_id=rows[0].id)
        for row in reversed(rows):
            with_consent(self._context, self._window, partial(self._context.start_run, row.id), run_id=row.id)

    def choose_folder(self) -> None:
        """Ask for the folder that the library is to be kept in step with."""
        from workbench.gui.folder_dialog import choose_folder  # first used here

        choose_folder(self._window, self._context)

    def show_folder(self) -> None:
        """Show what both sides changed, and what was set aside."""
        from workbench.gui.folder_dialog import FolderDialog  # first used here

        report = self._context.in_step.report
        if report is None or report.is_in_step:
            self._context.notice(self._context.in_step.sentence())
        else:
            FolderDialog(self._window, self._context, report).open()

    def palette(self) -> None:
        """Open the palette."""
        from workbench.gui.palette.dialog import Palette  # first used here

        Palette(self._context, self._window).open()

    def key_sheet(self) -> None:
        """Show the keys of this screen."""
        from workbench.gui.keys_sheet import KeySheet  # first used here

        KeySheet(self._context, self._window, self._window.place).open()

    def back_up(self) -> None:
        """Make a backup of the workspace file now."""
        workspace = self._context.workspace
        if workspace is not None:
            self._context.bridge.call(workspace.back_up, then=lambda copy: self._context.notice(f"Backed up to {copy.path.name}."))


def _cut_off(workspace: Workspace, stopped: list[int]) -> list[RunRow]:
    """Runs with answers still to come: those a crash cut off, and those that the last close of the window stopped."""
    found = {row.id: row for row in workspace.runs.unfinished()}
    for row in workspace.runs.list() if stopped else ():
        if row.id in stopped:
            found[row.id] = row
    return sorted((row for row in found.values() if row.queued), key=lambda row: -row.id)
