"""The base of the app's dialogs: a title, a body, buttons at the foot, and a veil over the window behind."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import Button, Kind, button
from workbench.gui.widgets.dialog_body import DialogBody
from workbench.gui.widgets.labels import label, line

MARGIN = 40
"""So much of the window stays free around a dialog."""
LEAST = 120
"""In a window lower than any, a dialog's body still has this height."""


class Veil(QWidget):
    """A flat tint over a window while one of its dialogs is open."""

    clicked = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("veil")
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()  # and nobody below hears of it

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("scrim"))
        painter.end()


class Dialog(QDialog):
    """Window-modal. Put widgets into `body`, buttons into the foot with `add_button`; Ctrl+Enter does the main one, Esc closes.

    The focus starts where `first` says, else on the first field; without one on the main button, and where that cannot be taken back on
    no button: never on Cancel, which Enter would then press. It goes back to where it was when the dialog opened.
    """

    def __init__(self, parent: QWidget, title: str, *, width: int = 560, padded: bool = True) -> None:
        super().__init__(parent.window())
        self.setWindowTitle(title)
        self.setProperty("kind", "dialog")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if not parent.window().styleSheet():  # a parent that is no window of ours has none to share
            theme().dress(self)
        self.first: QWidget | None = None
        self._main: Button | None = None
        self._cannot_be_taken_back = False
        self._opener = QApplication.focusWidget()
        self._veil: Veil | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.heading = label(title, "dialog")
        self.head = QHBoxLayout()
        self.head.setContentsMargins(20, 14, 14, 12)
        self.head.addWidget(self.heading)
        self.head.addStretch(1)
        self._column.addLayout(self.head)
        self._column.addWidget(line())
        self.area = DialogBody(self._room)
        self.body = self.area.column
        self.body.setSpacing(10)
        if padded:
            self.body.setContentsMargins(20, 16, 20, 16)
        else:
            self.body.setContentsMargins(0, 0, 0, 0)
            self.body.setSpacing(0)
        self._column.addWidget(self.area, 1)
        self._foot_line = line()
        self._column.addWidget(self._foot_line)
        self._foot = QFrame()
        self.foot = QHBoxLayout(self._foot)
        self.foot.setContentsMargins(20, 12, 20, 12)
        self.foot.setSpacing(8)
        self.foot.addStretch(1)
        self._column.addWidget(self._foot)
        self.resize(min(theme().px(width), parent.window().width() - MARGIN), self.sizeHint().height())

    def _room(self) -> int:
        """How high the body may be for the whole dialog to stay within the window."""
        parent = self.parentWidget()
        around = self.head.sizeHint().height() + self._foot.sizeHint().height() + 2
        return max(theme().px(LEAST), (parent.window().height() if parent is not None else 0) - MARGIN - around)

    def add_button(self, text: str, on: Callable[[], object], *, kind: Kind = "plain", icon: str | None = None) -> Button:
        """A button at the foot. The `primary` or `danger` one is what Ctrl+Enter does."""
        made = button(text, icon, kind, on=on)
        made.setAutoDefault(False)
        if kind in ("primary", "danger"):
            self._main = made
            self._cannot_be_taken_back = kind == "danger"
            made.setToolTip(f"{text} (Ctrl Enter)")
        self.foot.addWidget(made)
        return made

    def add_cancel(self, text: str = "Cancel") -> Button:
        """The button that closes without doing anything."""
        return self.add_button(text, self.reject, kind="quiet")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        # In a field of several lines Enter is a new line; it never reaches the dialog from there. A button with the focus is meant
        # itself: without Qt's "auto default", which moves the main button about, it does not hear of Enter.
        focused = self.focusWidget()
        itself = isinstance(focused, Button) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        wanted = focused if itself else self._main
        if focused is self and self._cannot_be_taken_back and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return  # nobody chose anything yet
        if isinstance(wanted, Button) and wanted.isEnabled():
            wanted.click()

    def showEvent(self, event: QShowEvent) -> None:
        parent = self.parentWidget()
        if self._veil is None and parent is not None:
            self._veil = Veil(parent)
        self._column.activate()  # the body has its width now, on which the height of wrapped text depends
        self._column.invalidate()
        needed = self._column.totalMinimumSize().height()
        if needed > self.height():
            self.resize(self.width(), needed)  # Qt places it in the middle of the window by this height
        if self.first is None and self._starts_on_a_button():
            self.first = self if self._cannot_be_taken_back else self._main
        if self.first is not None:
            self.first.setFocus(Qt.FocusReason.OtherFocusReason)
        super().showEvent(event)

    def _starts_on_a_button(self) -> bool:
        """True where Qt would put the focus on a button at the foot: nothing above it takes keys."""
        at = self.nextInFocusChain()
        while at is not None and at is not self:
            if at.focusPolicy() & Qt.FocusPolicy.TabFocus and at.isEnabled() and at.isVisibleTo(self):
                return self.foot.indexOf(at) >= 0
            at = at.nextInFocusChain()
        return False

    def done(self, result: int) -> None:
        if self._veil is not None:
            self._veil.hide()
            self._veil.deleteLater()
            self._veil = None
        super().done(result)
        if self._opener is not None:
            try:
                self._opener.setFocus(Qt.FocusReason.OtherFocusReason)
            except RuntimeError:  # the control that opened it is gone
                self._opener = None

    def closeEvent(self, event: QCloseEvent) -> None:
        self.done(0)
        super().closeEvent(event)


def ask(
    parent: QWidget, title: str, text: str, main: str, on: Callable[[], object], *, danger: bool = True, other: str = "Cancel"
) -> Dialog:
    """Ask before something that has no way back. `main` says in a verb what will happen."""
    made = Dialog(parent, title, width=440)
    made.body.addWidget(label(text, "body", "text2", wrap=True))

    def yes() -> None:
        made.accept()
        on()

    made.add_cancel(other)
    made.add_button(main, yes, kind="danger" if danger else "primary")
    made.open()
    return made


def ask_text(
    parent: QWidget,
    title: str,
    field: str,
    value: str,
    main: str,
    on: Callable[[str], object],
    *,
    allow_empty: bool = False,
    text: str = "",
) -> Dialog:
    """Ask for one line of text, such as a name or a note."""
    from PySide6.QtWidgets import QLineEdit  # kept with its only use

    made = Dialog(parent, title, width=440)
    if text:
        made.body.addWidget(label(text, "body", "text2", wrap=True))
    made.body.addWidget(label(field, "small", "text2", 500))
    edit = QLineEdit(value)
    edit.setAccessibleName(field)
    edit.selectAll()
    made.body.addWidget(edit)

    def yes() -> None:
        made.accept()
        on(edit.text().strip())

    made.add_cancel()
    go = made.add_button(main, yes, kind="primary")
    edit.textChanged.connect(lambda now: go.setEnabled(allow_empty or bool(now.strip())))
    go.setEnabled(allow_empty or bool(value.strip()))
    made.first = edit
    made.open()
    return made
