"""The page that stands in the window while no workspace is open: it is being opened, or it could not be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedLayout, QWidget

if TYPE_CHECKING:
    from workbench.gui.widgets.buttons import Button
    from workbench.gui.widgets.empty import EmptyState

QUIET_MS = 400
"""Opening is usually over by then; a page that flickers past helps nobody."""


class OpeningPage(QWidget):
    """Says what is being opened, or why it could not be, with the one thing to do."""

    def __init__(self, retry: Callable[[], None], other: Callable[[], None], new: Callable[[], None]) -> None:
        super().__init__()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(QWidget())
        self._wait: EmptyState | None = None
        self._retry, self._other, self._new = retry, other, new
        self._failed: EmptyState | None = None
        self._main: Button | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self._show_wait)
        self._path = ""
        self.problem: BaseException | None = None
        """Why the file could not be opened, while that is what is shown."""

    def wait(self, path: str) -> None:
        """Say that a file is being opened, should it take a while."""
        self._path = path
        self.problem = None
        self._stack.setCurrentIndex(0)
        self._timer.start()

    def _show_wait(self) -> None:
        from workbench.gui.widgets.empty import EmptyState  # this page is empty while the first window is painted
        from workbench.values import is_server, short_name

        if self._wait is None:
            self._wait = EmptyState("", "A file that was not closed well is checked first.", icon="database")
            self._stack.addWidget(self._wait)
        if is_server(self._path):
            self._wait.text.setText("The server is asked. It has 10 seconds to answer.")
        self._wait.title.setText(f"Opening {short_name(self._path)}")
        self._stack.setCurrentWidget(self._wait)

    def stop(self) -> None:
        """The file is open."""
        self._timer.stop()

    def fail(self, path: str, problem: BaseException) -> None:
        """Say why a file cannot be opened. Nothing was written to it."""
        from workbench.gui.widgets.buttons import button  # as above
        from workbench.gui.widgets.empty import EmptyState
        from workbench.values import Damaged, Problem, short_name

        self._timer.stop()
        self.problem = problem
        if self._failed is not None:
            self._stack.removeWidget(self._failed)
            self._failed.deleteLater()
        text = f"{problem.message} {problem.remedy}".strip() if isinstance(problem, Problem) else f"It could not be opened: {problem}"
        if isinstance(problem, Damaged):
            text = f"{problem.message} No backup of it was found. Open another workspace, or start a new one."
        self._main = button("Try again", kind="primary", on=self._retry)
        buttons = [self._main, button("Open another workspace", on=self._other), button("Start a new workspace", on=self._new)]
        self._failed = EmptyState(f"{short_name(path)} cannot be used as it is", text, buttons, icon="triangle-alert")
        self._stack.addWidget(self._failed)
        self._stack.setCurrentWidget(self._failed)

    def offer_server(self, on: Callable[[], None]) -> None:
        """Another address or password, where a server's workspace cannot be opened."""
        from workbench.gui.theme import set_kind  # as above
        from workbench.gui.widgets.buttons import button
        from workbench.values import NoPassword

        if self._failed is not None:
            wanted = isinstance(self.problem, NoPassword)
            if wanted and self._main is not None:
                set_kind(self._main, kind="plain")
            text = "Enter the password" if wanted else "Change the address"
            self._failed.add_button(
                button(text, "key-round" if wanted else "pencil", "primary" if wanted else "plain", on=on), first=wanted
            )

    def offer(self, text: str, on: Callable[[], None]) -> None:
        """The best thing to do about a file that cannot be opened: put a backup in its place."""
        from workbench.gui.theme import set_kind  # as above
        from workbench.gui.widgets.buttons import button

        if self._failed is not None and self.problem is not None:
            said = getattr(self.problem, "message", str(self.problem))
            self._failed.text.setText(f"{said} A backup of it is kept. The file as it is now will be kept beside it.")
            if self._main is not None:
                set_kind(self._main, kind="plain")
            self._failed.add_button(button(text, "history", "primary", on=on), first=True)
