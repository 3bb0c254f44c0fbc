"""The notice at the bottom left of the window, and the banner inside a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.labels import icon_label, label

SHOWN_MS = 10_000


class Notice(QFrame):
    """One dark strip over its parent, gone after ten seconds; it waits while the mouse or the focus is on it."""

    def __init__(self, parent: QWidget, bottom: Callable[[], int] = lambda: 0) -> None:
        super().__init__(parent)
        self.setProperty("kind", "notice")
        self._bottom = bottom
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(8)
        self._text = label("", "body", "surface")
        self._button = button("", kind="plain")
        self._button.setProperty("kind", "on-notice")
        self._button.clicked.connect(self._act)
        row.addWidget(self._text)
        row.addWidget(self._button)
        self._close = icon_button("x", "Close this message", on=self.hide, token="surface", size=14)
        row.addWidget(self._close)
        self._action: Callable[[], object] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._end)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str, action_text: str = "", action: Callable[[], object] | None = None) -> None:
        """Show a sentence with at most one thing to do."""
        self._text.setText(text)
        self.setAccessibleName(text)
        self._button.setText(action_text)
        self._button.setVisible(bool(action_text))
        self._action = action
        self._close.hide()
        self._place()
        self.show()
        self.raise_()
        self._timer.start(SHOWN_MS)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def fail(self, text: str, action_text: str = "", action: Callable[[], object] | None = None) -> None:
        """Show a failure: it stays until it is closed or something else is said."""
        self.say(text, action_text, action)
        self._timer.stop()
        self._close.show()
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        self._text.setWordWrap(False)
        self.adjustSize()
        if self.width() > parent.width() - 32:
            self._text.setWordWrap(True)
            self.resize(parent.width() - 32, self.heightForWidth(parent.width() - 32))
        self.move(16, parent.height() - self._bottom() - self.height() - 16)

    def _act(self) -> None:
        action = self._action
        self.hide()
        if action is not None:
            action()

    def _end(self) -> None:
        if self.underMouse() or self._button.hasFocus():
            self._timer.start(2_000)
        else:
            self.hide()


class Banner(QFrame):
    """A tinted strip inside a page: a heading, a sentence, and buttons. `tone`: warn, fail, pass, info."""

    _ICONS = {"warn": "triangle-alert", "fail": "circle-x", "pass": "circle-check", "info": "info"}  # noqa: RUF012

    def __init__(self, tone: str, title: str, text: str = "", buttons: Sequence[QWidget] = (), icon: str = "") -> None:
        super().__init__()
        self.setProperty("kind", tone)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(10)
        row.addWidget(icon_label(icon or self._ICONS[tone], tone, 18))
        words = QVBoxLayout()
        words.setSpacing(1)
        self.title = label(title, "body", tone if title and text else "text", 600 if text else 400, wrap=True)
        self.text = label(text, "body", "text2", wrap=True)
        self.text.setVisible(bool(text))
        words.addWidget(self.title)
        words.addWidget(self.text)
        row.addLayout(words, 1)
        for made in buttons:
            row.addWidget(made)
