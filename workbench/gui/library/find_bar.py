"""Find and replace in all messages of a prompt."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from workbench.gui.library.find_places import NoPattern, Place, places
from workbench.gui.library.message_block import MessageBlock
from workbench.gui.library.messages_pane import MessagesPane
from workbench.gui.theme import set_kind
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.jinja_editor import JinjaEditor
from workbench.gui.widgets.labels import label, line
from workbench.gui.widgets.undo_together import UndoTogether
from workbench.gui.widgets.units import in_units

_MOST_TINTED = 500
"""Hits that are tinted in one message. All are replaced."""
_MOST_COUNTED = 10_000
"""Hits that are counted while somebody types."""

Hit = tuple[MessageBlock, Place]


class FindBar(QWidget):
    """A bar above the messages: Enter goes on, Shift+Enter back, Esc closes it."""

    def __init__(self, messages: MessagesPane) -> None:
        super().__init__()
        self.setProperty("kind", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Find and replace")
        self._messages = messages
        self.field, self.new = QLineEdit(), QLineEdit()
        for field, name in ((self.field, "Find in the messages"), (self.new, "Replace with")):
            field.setPlaceholderText(name)
            field.setAccessibleName(name)
            field.installEventFilter(self)
        self.exact = QCheckBox("Match case")
        self.regex = QCheckBox("Regex")
        self.regex.setToolTip("A regular expression. In the replacement, $1 is its first group and $0 all that it found")
        self.regex.setAccessibleName("Regular expression")
        self._why = label("", "small", "fail", wrap=True)
        self._why.hide()
        self._count = label("", "small", "text3")
        self._count.setMinimumWidth(self._count.fontMetrics().horizontalAdvance("10,000 of 10,000+"))
        self.one = button("Replace", size="small", on=self.replace_one)
        self.all = button("Replace all", size="small", on=self.replace_all)
        self._replacing = (self.new, self.one, self.all)
        self._compose()
        self.field.textChanged.connect(lambda _text: self._typed())
        for choice in (self.exact, self.regex):
            choice.toggled.connect(lambda _on: self._typed())
        messages.edited.connect(self._show_hits)
        self.hide()

    def _compose(self) -> None:
        beside = QHBoxLayout()
        beside.setSpacing(4)
        beside.addWidget(icon_button("arrow-up", "Previous (Shift Enter)", on=lambda: self.step(-1), size=15))
        beside.addWidget(icon_button("arrow-down", "Next (Enter)", on=lambda: self.step(1), size=15))
        beside.addWidget(self._count)
        beside.addWidget(self.exact)
        beside.addWidget(self.regex)
        beside.addStretch(1)
        close = icon_button("x", "Close (Esc)", on=self.leave, size=15)
        beside.addWidget(close)
        below = QHBoxLayout()
        below.setSpacing(6)
        below.addWidget(self.one)
        below.addWidget(self.all)
        below.addStretch(1)
        grid = QGridLayout()
        grid.setContentsMargins(16, 6, 8, 6)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(6)
        grid.addWidget(self.field, 0, 0)
        grid.addLayout(beside, 0, 1)
        grid.addWidget(self.new, 1, 0)
        grid.addLayout(below, 1, 1)
        grid.addWidget(self._why, 2, 0, 1, 2)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        column = QGridLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(grid, 0, 0)
        column.addWidget(line(), 1, 0)
        order = (self.field, self.new, self.one, self.all, self.exact, self.regex, close)
        for before, behind in pairwise(order):  # from what is looked for to what comes into its place
            QWidget.setTabOrder(before, behind)

    def open(self, *, replace: bool) -> None:
        """Show the bar, with what is selected in the messages, and put the keyboard into it."""
        block = self._messages.current()
        chosen = block.editor.textCursor().selectedText() if block is not None else ""
        if chosen and "\u2029" not in chosen and not self.field.hasFocus():
            self.field.setText(chosen)
        for part in self._replacing:
            part.setVisible(replace)
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._show_hits()

    def leave(self) -> None:
        """Close the bar; the keyboard goes back to the message."""
        block = self._messages.current() or (self._messages.blocks[0] if self._messages.blocks else None)
        self.close_bar()
        if block is not None:
            block.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_bar(self) -> None:
        """Close the bar and take the tints away."""
        self.hide()
        self._show_hits()

    def hits(self) -> list[Hit]:
        """Where it is found, in the order of the messages."""
        return list(self._found())

    def _found(self) -> Iterator[Hit]:
        text = self.field.text()
        self._say("")
        if not text or self.isHidden():
            return
        try:
            for block in self._messages.blocks:
                for place in places(block.editor.text, text, exact=self.exact.isChecked(), is_regex=self.regex.isChecked()):
                    yield block, place
        except NoPattern as problem:
            self._say(f"{problem}.")

    def _say(self, why: str) -> None:
        self._why.setText(why)
        self._why.setVisible(bool(why))

    def step(self, step: int) -> None:
        """Select the next (1) or the previous (-1) place."""
        found = self.hits()
        if found:
            here = self._here()
            order = self._order(found)
            if step > 0:
                chosen = next((n for n, place in enumerate(order) if place > here), 0)
            else:
                chosen = next((n for n in reversed(range(len(order))) if order[n] < here), len(order) - 1)
            self._choose(found, chosen)

    def replace_one(self) -> None:
        """Replace the place that is selected and go to the next; where none is selected, only go there."""
        for block, place in self._found():
            cursor = block.editor.textCursor()
            if block is self._messages.current() and (cursor.selectionStart(), cursor.selectionEnd()) == (place.start, place.end):
                new = place.filled(self.new.text())
                block.editor.replace_stretches([(place.start, place.end, new)])
                block.editor.select(place.start + in_units(new), place.start + in_units(new))  # what was put in is not found again
                self._go_on_from(block, place.start + in_units(new))
                return
        self.step(1)

    def _go_on_from(self, block: MessageBlock, at: int) -> None:
        found = self.hits()
        if found:
            here = (self._messages.blocks.index(block), at)
            self._choose(found, next((n for n, place in enumerate(self._order(found)) if place >= here), 0))

    def replace_all(self) -> None:
        """Replace all places; in all messages together that is one step to undo."""
        found, new = self.hits(), self.new.text()
        changed: list[JinjaEditor] = []
        for block in self._messages.blocks:
            stretches = [(place.start, place.end, place.filled(new)) for one, place in found if one is block]
            if stretches:
                block.editor.replace_stretches(stretches)
                changed.append(block.editor)
        step = UndoTogether(changed)
        for editor in changed:
            editor.together.append(step)
        self._count.setText(f"replaced {len(found):,}" if found else "none found")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:  # on one of its buttons
            self.leave()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        mine = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() not in mine or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return False
        if event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif watched is self.new:
            self.replace_one()
        else:
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        return True

    def _here(self) -> tuple[int, int]:
        block = self._messages.current()
        if block is None:
            return (-1, 0)
        return self._messages.blocks.index(block), block.editor.textCursor().selectionStart()

    def _order(self, found: list[Hit]) -> list[tuple[int, int]]:
        numbers = {block: number for number, block in enumerate(self._messages.blocks)}
        return [(numbers[block], place.start) for block, place in found]

    def _choose(self, found: list[Hit], number: int) -> None:
        block, place = found[number]
        self._messages.make_current(block)
        self._messages.show_stretch(block, place.start, place.end)
        self._count.setText(f"{number + 1:,} of {_counted(found)}")

    def _typed(self) -> None:
        found = self._show_hits()
        if found:
            here = self._here()
            self._choose(found, next((n for n, place in enumerate(self._order(found)) if place >= here), 0))

    def _show_hits(self) -> list[Hit]:
        found = list(islice(self._found(), _MOST_COUNTED))
        for block in self._messages.blocks:
            block.editor.set_hits([(place.start, place.end) for one, place in found if one is block][:_MOST_TINTED])
        many = f"{_counted(found)} places" if len(found) > 1 else "1 place" if found else "none found"
        self._count.setText(many if self.field.text() else "")
        set_kind(self.field, state="error" if self.field.text() and not found else "")
        for part in (self.one, self.all):
            part.setEnabled(bool(found))
        return found


def _counted(found: list[Hit]) -> str:
    return f"{_MOST_COUNTED:,}+" if len(found) == _MOST_COUNTED else f"{len(found):,}"
