"""The note at the foot of a review: on one answer, or on a vote."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

from workbench.gui.theme import theme


class Note(QPlainTextEdit):
    """Two lines. Enter, Esc and leaving it keep what was written; Shift and Enter is a new line."""

    written = Signal(str)
    """The text, where it is another than before."""
    done = Signal()
    """The user wants to go back to the answers."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * 2 + theme().px(18))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(theme().px(120))

    def show_note(self, text: str, about: str) -> None:
        """Show a note; `about` is what it is on."""
        self.setPlainText(text)
        self.setPlaceholderText(f"Why? A note on {about} (N)")
        self.setAccessibleName(f"Note on {about}")
        self.document().setModified(False)

    @property
    def text(self) -> str:
        """What is written."""
        return self.toPlainText().strip()

    def keep(self) -> None:
        """Tell what was written since."""
        if self.document().isModified():
            self.document().setModified(False)
            self.written.emit(self.text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.keep()
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if enter or event.key() == Qt.Key.Key_Escape:
            self.keep()
            self.done.emit()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # letters are text here, not keys of the page
        return super().event(event)
