"""Keeps the library and its folder in step while the window is open: looks at the folder now and then, never on the Qt thread.

Files are asked for their time and size, and read only where those changed. However many there are and however often they are touched,
looking takes at most one part in fifty of the time: the pause after each look is fifty times as long as the look was. Nothing is watched
through the system's own events: cloud drives send thousands of them for files that say the same, and network drives none at all.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from workbench.gui.words import counted
from workbench.values import Changes, Problem, Stopped

if TYPE_CHECKING:
    from workbench.gui.context import Context
    from workbench.values import Progress
    from workbench.workspace import Settled, StepReport, Workspace

LEAST_MS, MOST_MS = 2_000, 30_000
SHARE = 50
"""The pause after a look, as a multiple of what it took."""
SETTLE_MS = 1_000
MOST_WAITS = 10
"""Files that change all the time are not waited for longer than so many looks."""
LATER_MS = 3_000
"""After a change here: several that follow each other are one."""
RETRY_MS, LONGEST_RETRY_MS = 10_000, 120_000
KINDS = ("prompt", "version", "label", "folder", "dataset", "case", "comparison", "model", "connection")


class InStep(QObject):
    """What the window knows of the folder."""

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self.folder = ""
        self.at: str | None = None
        self.report: StepReport | None = None
        self.problem: Problem | None = None
        """Why the folder cannot be used at the moment."""
        self.running = False
        self._chosen: dict[str, Settled] = {}
        """What was chosen while a round went on: the next one does it."""
        self._deletions = "ask"
        self._seen = self._pending = ""
        self._waits = 0
        self._retry = RETRY_MS
        self._looking = False
        self._poll = self._timer(self._look)
        self._later = self._timer(lambda: self.sync(quiet=True))
        context.changed.connect(self._written)
        context.settings.on_change(lambda key: self._plan(LEAST_MS) if key == "folder_sync" else None)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.connect(self._activated)

    def _timer(self, verb: Any) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.timeout.connect(verb)
        return made

    def start(self) -> None:
        """Learn which folder the workspace is kept in step with, and begin."""
        workspace = self._context.workspace
        if workspace is not None and not workspace.read_only:
            self._context.bridge.read(_chosen, workspace, then=self._learned, failed=lambda _problem: None, owner=self)

    def _learned(self, chosen: tuple[str, str | None] | None) -> None:
        self.folder, self.at = chosen or ("", None)
        self.changed.emit()
        if self.folder and self._is_auto:
            self.sync(quiet=True)

    @property
    def _is_auto(self) -> bool:
        return bool(self._context.settings.get("folder_sync") == "auto")

    @property
    def name(self) -> str:
        """The folder's own name."""
        return Path(self.folder).name

    def sentence(self) -> str:
        """How things stand, in one sentence."""
        if not self.folder:
            return "No folder was chosen. The library is in this workspace only."
        if self.problem is not None:
            return str(self.problem)
        report = self.report
        if report is None:
            return f"{self.name} was not looked at yet."
        if report.is_empty:
            return f"All files in {self.name} are gone. Nothing was changed here."
        parts = [
            (len(report.conflicts), "choice waits", "choices wait"),
            (len(report.aside), "file is set aside", "files are set aside"),
            (len(report.missing), "file is gone", "files are gone"),
            (len(report.unwritten), "file could not be written", "files could not be written"),
            (len(report.waiting), "file is not downloaded yet", "files are not downloaded yet"),
        ]
        said = ", ".join(counted(number, one, many) for number, one, many in parts if number)
        if report.is_busy:
            said = "git is at work there"
        return f"{self.name}: {said}." if said else f"The library and {self.name} are in step."

    # -- doing -------------------------------------------------------------------------------------------------

    def use(self, folder: str) -> None:
        """Keep the library in step with this folder from now on; empty: with none."""
        workspace = self._context.ws

        def chosen(_none: object) -> None:
            self.report = self.problem = None
            self._seen, self._chosen, self._deletions = "", {}, "ask"
            self.folder, self.at = folder, None
            self.changed.emit()
            if folder:
                self.sync()

        self._context.bridge.call(_choose, workspace, folder, then=chosen, failed=self._context.failed, owner=self)

    def sync_now(self, _window: QWidget | None = None) -> None:
        """Bring both sides in step; without a folder ask for one."""
        if self.folder:
            self.sync()
        else:
            self._context.action("folder.choose").trigger()

    def sync(self, settled: Mapping[str, Settled] | None = None, deletions: str = "ask", *, quiet: bool = False) -> None:
        """One round, off the Qt thread. `quiet`: it began by itself, and says something only where something came in."""
        workspace = self._context.workspace
        if workspace is None or workspace.read_only or not self.folder:
            return
        self._chosen |= settled or {}
        self._deletions = deletions if deletions != "ask" else self._deletions
        if self.running:
            self._later.start(LATER_MS)
            return
        settled, self._chosen = self._chosen, {}
        deletions, self._deletions = self._deletions, "ask"
        self.running = True
        self._poll.stop()
        self._later.stop()

        def done(found: tuple[StepReport, StepReport, str, str | None]) -> None:
            self._done(*found, quiet=quiet)

        def failed(problem: BaseException) -> None:
            self._failed(problem, quiet=quiet)

        if quiet:
            self._context.bridge.call(_round, workspace, settled, deletions, None, then=done, failed=failed, owner=self)
        else:
            title = f"Bringing {self.name} in step"
            self._context.work.begin(title, _round, workspace, settled, deletions, then=done, failed=failed, owner=self)

    def _done(self, did: StepReport, report: StepReport, mark: str, at: str | None, *, quiet: bool) -> None:
        self.running, self.report, self.problem, self._seen, self.at = False, report, None, mark, at
        self._retry = RETRY_MS
        self.changed.emit()
        said = _said(did, self.name)
        if did.archived:
            prompts = [gone.id for gone in did.archived if gone.kind == "prompt"]
            self._context.notice(said, "Bring them back" if prompts else "", lambda: self._restore(prompts) if prompts else None)
        elif did.brought or (not quiet and report.is_in_step):
            self._context.notice(said or self.sentence())
        self._plan(LEAST_MS)
        self._go_on()

    def _go_on(self) -> None:
        """Do at once what was chosen meanwhile."""
        if self._chosen or self._deletions != "ask":
            self.sync()

    def _restore(self, ids: list[int]) -> None:
        workspace = self._context.ws
        self._context.bridge.call(workspace.prompts.restore, ids, failed=self._context.failed, owner=self)

    def _failed(self, problem: BaseException, *, quiet: bool) -> None:
        self.running = False
        if isinstance(problem, Stopped):
            self._context.notice("Stopped. What was done so far stays, and the next time goes on from there.")
        elif isinstance(problem, Problem):
            self.problem = problem
            if not quiet:
                self._context.notice(str(problem))
        else:
            self._context.failed(problem)
        self.changed.emit()
        self._plan(self._retry)
        self._go_on()
        self._retry = min(LONGEST_RETRY_MS, 2 * self._retry)

    # -- looking -----------------------------------------------------------------------------------------------

    def _plan(self, delay_ms: int) -> None:
        if self.folder and self._is_auto and not self.running:
            self._poll.start(delay_ms)
        else:
            self._poll.stop()

    def _look(self) -> None:
        workspace = self._context.workspace
        if workspace is None or self.running or self._looking or not self.folder:
            return
        self._looking = True
        self._context.bridge.read(_looked, workspace, then=self._saw, failed=self._saw_nothing, owner=self)

    def _saw(self, found: tuple[str, float]) -> None:
        self._looking = False
        mark, took_s = found
        pause = int(min(MOST_MS, max(LEAST_MS, SHARE * 1000 * took_s)))
        if self.running:
            return
        if mark == self._seen and self.problem is None:
            self._waits = 0
            self._plan(pause)
        elif mark == self._pending or self._waits >= MOST_WAITS:  # quiet since the last look: a checkout or download has ended
            self._waits = 0
            self.sync(quiet=True)
        else:
            self._pending = mark
            self._waits += 1
            self._plan(max(SETTLE_MS, int(SHARE * 1000 * took_s)))

    def _saw_nothing(self, problem: BaseException) -> None:
        self._looking = False
        self._failed(problem, quiet=True)

    def _written(self, changes: Changes) -> None:
        if self.folder and not self.running and self._is_auto and changes.has(*KINDS):  # type: ignore[arg-type]
            self._later.start(LATER_MS)

    def _activated(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive and self._poll.isActive():
            self._poll.start(0)


# On the threads that work.


def _chosen(workspace: Workspace) -> tuple[str, str | None] | None:
    chosen = workspace.folder.chosen()
    return (chosen.path, chosen.in_step_at) if chosen else None


def _choose(workspace: Workspace, folder: str) -> None:
    if folder:
        workspace.folder.choose(folder)
    else:
        workspace.folder.forget()


def _round(
    workspace: Workspace, settled: Mapping[str, Settled] | None, deletions: str, progress: Progress | None
) -> tuple[StepReport, StepReport, str, str | None]:
    """What the first round did, how things stand, the mark of the folder for that, and when. Rounds go on until one has nothing to do,
    so that the mark is of a folder in which everything was looked at."""
    first: StepReport | None = None
    for _ in range(3):
        mark = workspace.folder.look() if first is not None else ""
        report = workspace.folder.sync(answers=settled if first is None else None, deletions=deletions, progress=progress)  # type: ignore[arg-type]
        first = first or report
        if mark and not report.did_something:
            break
    assert first is not None
    chosen = workspace.folder.chosen()
    return first, report, mark, chosen.in_step_at if chosen else None


def _looked(workspace: Workspace) -> tuple[str, float]:
    start = time.thread_time()
    mark = workspace.folder.look()
    return mark, time.thread_time() - start


def _said(did: StepReport, name: str) -> str:
    """What one round did."""
    parts = []
    if did.brought:
        first = did.brought[0]
        parts.append(f"From {name}: {first.name}, {first.changes}" + (f", and {len(did.brought) - 1} more" if len(did.brought) > 1 else ""))
    if did.archived:
        first_gone = did.archived[0].name
        what = first_gone if len(did.archived) == 1 else f"{first_gone} and {len(did.archived) - 1} more"
        parts.append(f"{what}: the file was deleted from {name}, so it is in the archive now")
    if did.written and not parts:
        parts.append(f"Wrote {counted(len(did.written), 'file')} to {name}")
    return ". ".join(parts) + "." if parts else ""
