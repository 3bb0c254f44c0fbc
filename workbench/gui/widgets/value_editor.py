"""A small editor for one value, as a cell of a table and as a popup: Enter keeps, Esc undoes, Alt+Enter is a new line."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.theme import set_kind, set_role, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.file_sources import Source, sources_of
from workbench.gui.widgets.labels import key_label, label, line

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _FileText(QPlainTextEdit):
    """A path as text that also takes dropped and pasted files."""

    def __init__(self, give: Callable[[Source], object]) -> None:
        super().__init__()
        self._give = give

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return super().canInsertFromMimeData(source) or bool(sources_of(source))

    def insertFromMimeData(self, source: QMimeData) -> None:
        found = sources_of(source)
        if found:
            self._give(found[0])
        else:
            super().insertFromMimeData(source)


class ValueEditor(QFrame):
    """Text of several lines with its keys written below. It closes itself: the owner hears `kept` or `undone`."""

    kept = Signal(str)
    undone = Signal()
    tabbed = Signal(int)
    """Tab (1) or Shift+Tab (-1) was pressed; `kept` came before."""
    file_wanted = Signal()
    """The user wants to choose a file."""
    given = Signal(object)
    """A file or picture was dropped or pasted."""

    def __init__(self, parent: QWidget | None = None, *, code: bool = False, files: bool = False) -> None:
        """`files`: the value is a file. It can be chosen, dropped and pasted, or its path typed."""
        super().__init__(parent)
        self.setProperty("kind", "value")
        self.setAutoFillBackground(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.edit = _FileText(self.given.emit) if files else QPlainTextEdit()
        self.edit.setProperty("kind", "bare")
        self.edit.installEventFilter(self)
        set_role(self.edit, "code" if code else "body")
        self._error = label("", "small", "fail", wrap=True)
        self._error.hide()
        keys = QHBoxLayout()
        keys.setContentsMargins(6, 3, 6, 4)
        keys.setSpacing(5)
        for key, what in (("Enter", "keep"), ("Esc", "undo"), ("Alt Enter", "new line")):
            keys.addWidget(key_label(key))
            keys.addWidget(label(what, "micro", "text3"))
            keys.addSpacing(4)
        keys.addStretch(1)
        if files:
            self.choose = button("Choose file...", kind="link", size="small", on=self.file_wanted.emit, tip="Choose file (Ctrl O)")
            keys.addWidget(self.choose)
        self._files = files
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(2, 2, 2, 2)
        self.column.setSpacing(0)
        self.column.addWidget(self.edit, 1)
        self.column.addWidget(self._error)
        self.column.addWidget(line())
        self.column.addLayout(keys)
        self.setFocusProxy(self.edit)
        look = theme()
        self.setStyleSheet(
            f'QFrame[kind="value"] {{ background: {look.tokens["surface"]}; border: 2px solid {look.tokens["focus"]}; }}'
            'QPlainTextEdit[kind="bare"] { padding: 3px 5px; }'
        )

    def set_text(self, text: str, name: str) -> None:
        """Show a value; `name` is what a screen reader says."""
        self.edit.setPlainText(text)
        self.edit.selectAll()
        self.edit.setAccessibleName(name)

    def text(self) -> str:
        """The text as typed, hard spaces and all."""
        return self.edit.document().toRawText().replace("\u2029", "\n")

    def say_error(self, text: str) -> None:
        """Say why the value cannot be kept; empty takes it away."""
        self._error.setText(text)
        self._error.setVisible(bool(text))
        set_kind(self.edit, state="error" if text else "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        opens = self._files and event.matches(QKeySequence.StandardKey.Open)
        if event.type() == QEvent.Type.ShortcutOverride and (opens or event.key() in (*_ENTER, Qt.Key.Key_Escape)):
            event.accept()  # these keys are the editor's, whatever the window uses them for
            return False
        if event.type() != QEvent.Type.KeyPress:
            return False
        if opens:
            self.file_wanted.emit()
            return True
        if event.key() in _ENTER:
            if event.modifiers() & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier):
                self.edit.insertPlainText("\n")
            else:
                self.kept.emit(self.text())
            return True
        if event.key() == Qt.Key.Key_Escape:
            self.undone.emit()
            return True
        if event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self.kept.emit(self.text())
            self.tabbed.emit(1 if event.key() == Qt.Key.Key_Tab else -1)
            return True
        return False


class ValuePopup(QFrame):
    """A ValueEditor in a popup below a button, with a heading. A click outside keeps what was typed."""

    kept = Signal(str)

    def __init__(
        self, parent: QWidget, heading: str, text: str, name: str, *, code: bool = False, hint: str = "", files: bool = False
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("kind", "card")
        self.editor = ValueEditor(self, code=code, files=files)
        self.editor.set_text(text, name)
        self._before, self._over = text, False
        self.editor.kept.connect(self._keep)
        self.editor.undone.connect(self.give_up)
        self.top = QHBoxLayout()
        self.top.addWidget(label(heading, "small", "text", 600))
        self.top.addStretch(1)
        self.hint: QLabel = label(hint, "micro", "text3", wrap=True)
        self.hint.setVisible(bool(hint))
        self.foot = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 10)
        column.setSpacing(6)
        column.addLayout(self.top)
        column.addWidget(self.editor, 1)
        column.addWidget(self.hint)
        column.addLayout(self.foot)
        self.resize(theme().px(360), theme().px(190))

    def popup(self, at: QPoint) -> None:
        """Show it with its top left here, moved to stay on the screen."""
        screen = self.screen()
        if screen is not None:
            room = screen.availableGeometry()
            at.setX(max(room.left(), min(at.x(), room.right() - self.width())))
            at.setY(max(room.top(), min(at.y(), room.bottom() - self.height())))
        self.move(at)
        self.show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.editor.edit.setFocus(Qt.FocusReason.PopupFocusReason)

    def accepts(self, text: str) -> str:
        """Why a text cannot be kept; empty if it can."""
        return ""

    def _keep(self, text: str) -> None:
        trouble = self.accepts(text)
        self.editor.say_error(trouble)
        if not trouble:
            self._over = True
            self.close()
            self.kept.emit(text)

    def give_up(self) -> None:
        """Close without keeping what was typed."""
        self._over = True
        self.close()

    def hideEvent(self, event: object) -> None:
        text = self.editor.text()
        if not self._over and text != self._before and not self.accepts(text):
            self._over = True
            self.kept.emit(text)
