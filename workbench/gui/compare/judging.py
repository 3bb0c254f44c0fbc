"""Stars, pass or fail, and a note on one output: the foot of the detail panel."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout

from workbench.gui.theme import set_icon, set_kind, theme
from workbench.gui.widgets.buttons import Button, button
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.stars import StarRating

SAVE_MS = 700


class Judging(QFrame):
    """Says what the user judged; it keeps nothing itself but a note that is still being typed."""

    rated = Signal(object)
    """1 to 5, or None."""
    verdict_given = Signal(object)
    """pass, fail or None."""
    noted = Signal(object, str)
    """(key of the output that the note belongs to, text)."""
    left = Signal()
    """Esc in the note."""
    rater_wanted = Signal()
    """Another person may want to rate here."""

    def __init__(self, hint: str = "Keys 1 to 5 give stars. Arrow keys move to the next cell.") -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self._key: object = None
        self._said: object = ()
        self._verdict: str | None = None
        self.stars = StarRating(size=17)
        self.stars.rated.connect(self.rated)
        self.passed = self._verdict_button("Pass", "check", "P", "pass")
        self.failed = self._verdict_button("Fail", "x", "F", "fail")
        self.note = QPlainTextEdit()
        self.note.setPlaceholderText("Note (N)")
        self.note.setAccessibleName("Note on this answer")
        self.note.setTabChangesFocus(True)
        self.note.textChanged.connect(self._typed)
        self.note.installEventFilter(self)
        self.hint = label(hint, "micro", "text3", wrap=True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self.save_note)
        self._dirty = False
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(8)
        head = QHBoxLayout()
        self.rater = button("Your rating", kind="link", size="small", on=self.rater_wanted.emit, tip="Who rates here")
        head.addWidget(self.rater)
        head.addStretch(1)
        head.addWidget(self.stars)
        column.addLayout(head)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.passed)
        row.addWidget(self.failed)
        column.addLayout(row)
        column.addWidget(self.note)
        column.addWidget(self.hint)
        theme().follow(self._measure)
        self._measure()

    def _verdict_button(self, text: str, icon: str, key: str, word: str) -> Button:
        made = button(text, icon, on=lambda: self.verdict_given.emit(None if self._verdict == word else word), keys=key, size="small")
        made.setCheckable(True)
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        made.setToolTip(f"{text} ({key}), again takes it back")
        return made

    def _measure(self) -> None:
        line = self.note.fontMetrics().lineSpacing()
        self.note.setFixedHeight(2 * line + theme().px(18))

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_output(self, key: object, stars: int | None, verdict: str | None, note: str) -> None:
        """Show the judgement of an output; `key` says whose. A note being typed is saved before another output is shown."""
        if key != self._key:
            self.save_note()
            self._key = key
        said = (key, stars, verdict, note)
        if said == self._said:
            return
        self._said = said
        self._verdict = verdict
        self.setEnabled(key is not None)
        self.stars.set_value(stars)
        for made, word, icon in ((self.passed, "pass", "check"), (self.failed, "fail", "x")):
            on = verdict == word
            made.setChecked(on)
            set_kind(made, state=word if on else "")
            set_icon(made, icon, word if on else "text2", 14)
            made.setAccessibleName(f"{made.text()}, chosen" if on else made.text())
        if not self._dirty and self.note.toPlainText() != note:
            self.note.blockSignals(True)
            self.note.setPlainText(note)
            self.note.blockSignals(False)

    def name_rater(self, name: str, can_switch: bool) -> None:
        """Say whose ratings these are."""
        words = "Your rating" if name == "me" else f"Rated by {name}"
        if self.rater.text() != words:
            self.rater.setText(words)
        self.rater.setEnabled(can_switch)
        self.rater.setToolTip("Let somebody else rate here" if can_switch else "On a server everyone rates under their own name")

    def save_note(self) -> None:
        """Hand over a note that was typed and not yet saved."""
        self._timer.stop()
        if self._dirty:
            self._dirty = False
            self.noted.emit(self._key, self.note.toPlainText().strip())

    def write_note(self) -> None:
        """Put the caret into the note."""
        if self.isEnabled():
            self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.note.selectAll()

    def _typed(self) -> None:
        self._dirty = True
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.note:
            if event.type() == QEvent.Type.FocusOut:
                self.save_note()
            elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                ctrl_enter = (
                    event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & Qt.KeyboardModifier.ControlModifier
                )
                if event.key() == Qt.Key.Key_Escape or ctrl_enter:
                    self.save_note()
                    self.left.emit()
                    return True
        return False
