"""The Qt application: paints the window first, opens the workspace beside it, ends everything in order."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6 import QtWidgets
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from workbench.gui import keys_first
from workbench.gui.bridge import Bridge
from workbench.gui.context import Context
from workbench.gui.icons import keep_icons
from workbench.gui.last_input import LastInput
from workbench.gui.theme import theme
from workbench.gui.window import Window
from workbench.settings import Settings, default_workspace

if TYPE_CHECKING:
    from workbench.gui.crash import CrashReporter
    from workbench.workspace import Workspace

NAME = "Prompt Workbench"
STYLE = "Fusion"
SERVICES = ("connections", "comparisons", "datasets", "runs", "ratings", "exports", "files")
QUIET_MS = 1200
"""After the first screen is there: what else will be needed is imported meanwhile."""
LOOK_MS = 1_500
"""Between two looks at a file that another window writes and this one only reads."""


def main(workspace: str | None = None) -> int:
    """The exit code after the window was closed. Raises Missing where there is no display."""
    if not has_display():
        from workbench.values import Missing  # not needed to paint

        raise Missing(
            "There is no display here to open a window on.",
            remedy="Run it on a desktop, or use the command line: workbench demo, workbench run.",
        )
    app = application(sys.argv[:1])
    sessions: list[Session] = []

    def hold(session: Session) -> None:
        sessions[:] = [session]
        session.replaced.connect(hold)
        session.window.painted.connect(lambda: _end_on_signals(app, session), Qt.ConnectionType.QueuedConnection)

    hold(Session(workspace))
    sessions[0].window.show()
    return app.exec()


def has_display() -> bool:
    """False on a Linux or BSD machine without X, Wayland or a chosen Qt platform."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def application(arguments: list[str] | None = None) -> QApplication:
    """The QApplication of this process in the app's style, made if there is none."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([*(arguments or [NAME]), "-style", STYLE])  # setStyle would make QStyle, 7 ms that no paint needs
    else:
        app.setStyle(STYLE)
    app.setApplicationName(NAME)
    app.setDesktopFileName("prompt-workbench")
    app.setQuitOnLastWindowClosed(False)
    LastInput.of(app)
    return app


class Session(QObject):
    """One window with its settings, bridge and workspace, from the first paint to the last write."""

    replaced = Signal(object)
    """The session that goes on with another workspace; this one has ended."""

    def __init__(self, workspace: str | Path | None = None, settings: Settings | None = None, *, open_now: bool = True) -> None:
        super().__init__()
        sys.setswitchinterval(0.001)  # the Qt thread asks for its turn again after 1 ms, not 5: a repaint asks often
        gc.disable()  # what a start makes stays: looking through it again and again costs a twentieth of the time
        self.settings = settings or Settings()
        self._look()
        self.bridge = Bridge(self)
        self.settings.write_behind(lambda: self.bridge.read(self.settings.flush))
        self.context = Context(self.settings, theme(), self.bridge, self)
        self.context.actions.allow_single_keys(self.settings.get("single_keys"))
        self.window = Window(self.context)
        self.window.on_close(self.end)
        self.ended = False
        self._crash: CrashReporter | None = None
        self._opening = False
        self._secret: tuple[str | None, bool] = (None, False)
        self.path = str(workspace or os.environ.get("WORKBENCH_WORKSPACE") or self.settings.get("last.workspace") or default_workspace())
        if not workspace and not os.environ.get("WORKBENCH_WORKSPACE") and "://" not in self.path and not Path(self.path).exists():
            self.path = str(default_workspace())
        self.settings.on_change(self._setting_changed)
        self.context.troubled.connect(self._troubled)
        self.context.changed.connect(lambda _changes: self._look_whether_back())
        if open_now:
            # The import of the store costs more than the whole window: it begins when the window stands on the screen.
            self.window.painted.connect(self._first_painted, Qt.ConnectionType.QueuedConnection)

    def _first_painted(self) -> None:
        from workbench.gui.crash import CrashReporter  # not needed to paint

        self._crash = CrashReporter(lambda: None if self.ended else self.window, self._without_keys)
        self._crash.install()
        secret, self._secret = self._secret, (None, False)
        self.open(self.path, *secret)
        self.window.preload(self.settings.get("last.place"))  # while the worker imports the store and opens the file
        self.window.setWindowIcon(QIcon(theme().pixmap("braces", "accent", 64)))
        from workbench.gui.services import WindowServices  # palette, key sheet, file dialogs: after the first paint

        self._services = WindowServices(self.context, self.window, self)

    # -- the workspace -----------------------------------------------------------------------------------------

    def open(self, path: str, password: str | None = None, keep: bool = False) -> None:
        """Open a workspace in the background and show it; the one that is open is closed first. Password: of a server, to `keep` or not."""
        if self._opening or self.ended:
            return
        if self.context.workspace is not None:
            self._hand_over(path, password, keep)
            return
        self._opening = True
        self.path = path
        self.window.opening.wait(path)
        self.bridge.call(_open, path, self.settings, password, keep, then=self._opened, failed=self._not_opened)

    def _hand_over(self, path: str, password: str | None, keep: bool) -> None:
        """Show another workspace in a window of its own, in the place of this one, which then closes."""
        if not self.window.let_go():
            return
        self.settings.flush()  # the next window reads the file
        successor = Session(path, Settings(self.settings.path))
        successor._secret = (password, keep)
        successor.window.show()
        self.replaced.emit(successor)
        self.window.hide()
        self.end(leave=False)

    def _opened(self, workspace: Workspace) -> None:
        self._opening = False
        self.context.use(workspace)
        self.settings.set("last.workspace", workspace.path if workspace.on_server else self.path)
        self.window.opened(workspace)
        QTimer.singleShot(QUIET_MS, self, self._get_ready)
        if workspace.read_only and not workspace.on_server:
            self._look_for_changes()

    def _look_for_changes(self) -> None:
        """See again and again whether the window or command that has the file has written: views then read anew. A server tells of it."""
        workspace = self.context.workspace
        if workspace is not None:
            later = partial(QTimer.singleShot, LOOK_MS, self, self._look_for_changes)
            self.bridge.read(workspace.look_for_changes, then=lambda _new: later(), failed=lambda _error: later(), owner=self)

    def _get_ready(self) -> None:
        """Import in the background what the user will need soon, and keep the icons for the next start."""
        _collect_again()
        workspace = self.context.workspace
        if workspace is not None:
            self._services.offer_to_go_on()
            self.context.in_step.start()
            self.context.batch_watch.start()
            self._go_on_getting_ready(_preload(self.window, workspace))
        keep_icons()

    def _go_on_getting_ready(self, steps: Iterator[Callable[[], object]]) -> None:
        """Take the next step on a reading thread; in the pauses of somebody who types, because an import holds the interpreter."""
        if keys_first.typing():
            QTimer.singleShot(keys_first.PAUSE_MS, self, lambda: self._go_on_getting_ready(steps))
        elif (step := next(steps, None)) is not None:
            go_on = partial(self._go_on_getting_ready, steps)
            self.bridge.read(step, then=lambda _none: go_on(), failed=lambda _error: go_on(), owner=self)

    def _not_opened(self, problem: BaseException) -> None:
        from workbench.values import Problem  # not needed to paint

        self._opening = False
        self.window.opening.fail(self.path, problem)
        if _is_server(self.path):
            self.window.opening.offer_server(lambda: self.open_server())
        self.bridge.read(_kept_copies, self.path, then=self._offer_backup, failed=lambda _error: None, owner=self)
        if not isinstance(problem, Problem) and self._crash is not None:
            self._crash.report(problem)

    def open_other(self) -> None:
        """Ask for a workspace file and open it."""
        chosen, _ = QtWidgets.QFileDialog.getOpenFileName(
            self.window, "Open a workspace", self._folder(), "Workspace (*.db);;All files (*)"
        )
        if chosen:
            self.open(chosen)

    def open_server(self, said: str = "") -> None:
        """Ask for the address of a team's workspace and open it."""
        from workbench.gui.server_dialog import ServerDialog  # rare

        ServerDialog(self.window, self.path if _is_server(self.path) else "", self.open, said).open()

    def _folder(self) -> str:
        return str((default_workspace() if _is_server(self.path) else Path(self.path)).parent)

    def open_new(self) -> None:
        """Ask for the name of a new workspace file and make it."""
        chosen, _ = QtWidgets.QFileDialog.getSaveFileName(self.window, "Start a new workspace", self._folder(), "Workspace (*.db)")
        if chosen:
            self.open(chosen if Path(chosen).suffix else f"{chosen}.db")

    def open_copy(self) -> None:
        """Ask where a copy of the open workspace goes, write it, open it."""
        workspace = self.context.workspace
        if workspace is None:
            return
        if workspace.on_server:
            self.context.notice("This workspace lies on a server, whose own backups keep it. Export the library to have it as files.")
            return
        here = Path(workspace.path)
        usual = str(here.with_name(f"{here.stem} copy.db"))
        chosen, _ = QtWidgets.QFileDialog.getSaveFileName(self.window, "Save a copy", usual, "Workspace (*.db)")
        if chosen:
            self.bridge.read(workspace.copy_to, Path(chosen), then=lambda _none: self.open(chosen), owner=self)

    def _offer_backup(self, backups: list[Any]) -> None:
        if backups:
            from workbench.gui.words import day  # rare

            newest = backups[0]
            self.window.opening.offer(f"Restore the copy of {day(newest.at)}", lambda: self._restore(newest.path))

    def _restore(self, backup: Path) -> None:
        self.bridge.call(_put_back, self.path, backup, then=self._restored, failed=self._not_opened, owner=self)

    def _restored(self, aside: Path | None) -> None:
        self.open(self.path)
        if aside is not None:
            self.context.notice(f"The copy is in place. What was there lies in {aside.name}.")

    # -- settings and failures ---------------------------------------------------------------------------------

    def _setting_changed(self, key: str) -> None:
        if self.ended:
            return
        if key in ("theme", "text_size", "contrast"):
            self._look()
        elif key == "single_keys":
            self.context.actions.allow_single_keys(self.settings.get("single_keys"))

    def _look(self) -> None:
        theme().choose(self.settings.get("theme"), self.settings.get("text_size"), self.settings.get("contrast"))

    def _troubled(self, problem: BaseException, retry: Any) -> None:
        from workbench.values import Problem  # not needed to paint

        if isinstance(problem, Problem):
            self.window.notice.fail(str(problem), "Try again" if retry else "", retry)
        elif self._crash is not None:
            self._crash.report(problem)
        else:
            sys.excepthook(type(problem), problem, problem.__traceback__)

    def _look_whether_back(self) -> None:
        workspace, said = self.context.workspace, self.bridge.unread
        if said and workspace is not None and not workspace.is_cut_off:
            self.bridge.unread = ""
            self.window.notice.take_back(said)

    def _without_keys(self, text: str) -> str:
        workspace = self.context.workspace
        return text if workspace is None else workspace.keys.hide(text)

    # -- the end -----------------------------------------------------------------------------------------------

    def end(self, *, leave: bool = True) -> None:
        """Stop the runs, close the workspace, end all threads, quit. What was unfinished can be gone on with."""
        if self.ended:
            return
        self.ended = True
        _collect_again()
        workspace = self.context.workspace
        if workspace is not None and self.bridge.running:
            self.settings.set("last.stopped", {"path": workspace.path, "runs": list(self.bridge.running)})
        self.context.use(None)
        keep_icons()
        self.bridge.close(workspace)
        self.settings.write_behind(None)
        self.settings.flush()
        if self._crash is not None:
            self._crash.uninstall()
        self.window.deleteLater()  # its timers must not ask for a workspace that is closed
        if leave:
            QApplication.quit()


def _is_server(path: str) -> bool:
    return "://" in path


def _open(path: str, settings: Settings, password: str | None, keep: bool) -> Workspace:
    from workbench.workspace import Workspace  # half a second of imports, on the worker thread

    workspace = Workspace.open(path, settings, password=password, keep=keep)
    workspace.read_long_beside()
    return workspace


def _kept_copies(path: str) -> list[Any]:
    from workbench.workspace import Workspace  # on a reading thread

    return Workspace.backups_of(path)


def _put_back(path: str, backup: Path) -> Path | None:
    from workbench.workspace import Workspace  # on the worker thread

    return Workspace.restore(path, backup)


def _collect_again() -> None:
    gc.freeze()
    gc.enable()


def _preload(window: Window, workspace: Workspace) -> Iterator[Callable[[], object]]:
    """Step by step, for a reading thread: the modules of screens and services that were not needed yet; then what the settings keep no
    longer."""
    yield from window.preloads()
    for name in SERVICES:
        yield partial(getattr, workspace, name)
    yield workspace.warm_up
    yield workspace.tidy


def _end_on_signals(app: QApplication, session: Session) -> None:
    """Close the window in order at SIGTERM and Ctrl+C. Python sees a signal only when it runs, so a socket wakes Qt."""
    import signal  # with socket, after the first paint
    import socket

    from PySide6.QtCore import QSocketNotifier

    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    notifier = QSocketNotifier(near.fileno(), QSocketNotifier.Type.Read, app)

    def woken() -> None:
        near.recv(64)

    def asked(_number: int, _frame: object) -> None:
        QTimer.singleShot(0, session.window.close)

    notifier.activated.connect(woken)
    signal.set_wakeup_fd(far.fileno(), warn_on_full_buffer=False)
    session._sockets = (near, far)  # type: ignore[attr-defined]  # they live as long as the session
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked)
