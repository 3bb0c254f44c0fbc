"""What every screen of one window shares: settings, theme, bridge, workspace, and the ways to say something to the user."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from workbench.gui.actions import ActionSet
from workbench.gui.bridge import Bridge
from workbench.gui.theme import Theme
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.gui.batch_watch import BatchWatch
    from workbench.gui.fetch import Fetch
    from workbench.gui.in_step import InStep
    from workbench.gui.work import Work
    from workbench.values import Changes
    from workbench.workspace import Workspace


class Context(QObject):
    """One per window. Screens never know each other: they know this."""

    changed = Signal(object)
    """Changes after a committed write, on the Qt thread; several close together come as one."""
    navigated = Signal(str, dict)
    noticed = Signal(str, str, object)
    warned = Signal(str, str, object)
    troubled = Signal(object, object)
    working = Signal(object)
    """The Work that began, got further or ended."""

    def __init__(self, settings: Settings, theme: Theme, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.theme = theme
        self.bridge = bridge
        self.workspace: Workspace | None = None
        self.actions = ActionSet(self)
        self._fetch: Fetch | None = None
        self._work: Work | None = None
        self._in_step: InStep | None = None
        self._batch_watch: BatchWatch | None = None
        self._pending: list[Changes] = []
        self._guard = threading.Lock()
        self._unsubscribe: Callable[[], None] | None = None
        bridge.trouble.connect(self.failed)

    @property
    def ws(self) -> Workspace:
        """The open workspace. Screens exist only while one is open."""
        if self.workspace is None:
            raise RuntimeError("no workspace is open")
        return self.workspace

    @property
    def fetch(self) -> Fetch:
        """The fetch of the built-in model's weights."""
        if self._fetch is None:
            from workbench.gui.fetch import Fetch  # not needed to paint

            self._fetch = Fetch(self)
        return self._fetch

    @property
    def work(self) -> Work:
        """The long import or export that is going on."""
        if self._work is None:
            from workbench.gui.work import Work  # not needed to paint

            self._work = Work(self)
        return self._work

    @property
    def in_step(self) -> InStep:
        """The library folder that the workspace is kept in step with."""
        if self._in_step is None:
            from workbench.gui.in_step import InStep  # not needed to paint

            self._in_step = InStep(self)
        return self._in_step

    @property
    def batch_watch(self) -> BatchWatch:
        """What asks batch services how far they are."""
        if self._batch_watch is None:
            from workbench.gui.batch_watch import BatchWatch  # not needed to paint

            self._batch_watch = BatchWatch(self)
        return self._batch_watch

    def use(self, workspace: Workspace | None) -> None:
        """Take a workspace that was opened, or let go of the one that is closing."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self.workspace = workspace
        if workspace is not None:
            self._unsubscribe = workspace.subscribe(self._written)

    def action(self, id: str) -> QAction:
        """The QAction of one row of the table of actions."""
        return self.actions.action(id)

    def go(self, place: str, **at: Any) -> None:
        """Show a screen (library, compare, insights, raters, settings and so on) at a place such as `prompt_id=3`."""
        self.navigated.emit(place, at)

    def notice(self, text: str, action_text: str = "", action: Callable[[], object] | None = None) -> None:
        """Say something low in the window for ten seconds, with one thing to do, such as Undo."""
        self.noticed.emit(text, action_text, action)

    def warn(self, text: str, action_text: str = "", action: Callable[[], object] | None = None) -> None:
        """The same for what nobody may miss: it stays until it is closed."""
        self.warned.emit(text, action_text, action)

    def say_read_only(self) -> None:
        """Say that nothing can be written, and the way out: a copy of a file; of a server there is none."""
        words = "This workspace can only be read now."
        if self.ws.on_server:
            self.notice(f"{words} {self.ws.remedy}".rstrip())
        else:
            self.notice(f"{words} Open a copy of it to write.", "Open a copy", self.action("file.copy").trigger)

    def failed(self, problem: BaseException, retry: Callable[[], object] | None = None) -> None:
        """Tell the user about a failure. One that nobody foresaw gets the dialog with its details."""
        self.troubled.emit(problem, retry)

    def start_run(self, run_id: int, **options: Any) -> None:
        """Hand a run to the background loop; what it says comes as `bridge.run_events`."""
        self.bridge.start_run(self.ws, run_id, **options)

    def _written(self, changes: Changes) -> None:
        # On the thread that wrote. Two may end a write at the same time, and the news of neither may get lost.
        with self._guard:
            self._pending.append(changes)
            is_first = len(self._pending) == 1
        if is_first:
            self.bridge.post(self._tell)

    def _tell(self) -> None:
        from workbench.values import Changes  # somebody wrote: it is loaded already

        with self._guard:
            taken, self._pending = self._pending, []
        touched: dict[Any, frozenset[int]] = {}
        for changes in taken:
            for kind, ids in changes.touched.items():
                touched[kind] = touched.get(kind, frozenset()) | ids
        if touched and self.workspace is not None:
            self.changed.emit(Changes(touched))
