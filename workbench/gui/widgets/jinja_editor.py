"""The editor for one message of a prompt: line numbers, colours of the template language."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from PySide6.QtCore import QMimeData, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from workbench.gui import keys_first
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.brackets import is_bracket, pair_at
from workbench.gui.widgets.jinja_completion import Completion
from workbench.gui.widgets.jinja_highlighter import JinjaHighlighter, paint_chips
from workbench.gui.widgets.jinja_tokens import scan
from workbench.gui.widgets.popup_menu import begin_with_first
from workbench.gui.widgets.undo_together import UndoTogether
from workbench.gui.widgets.units import as_units, in_characters, in_units

_TALLEST_LINES = 2000
"""A longer message scrolls in itself: a page of that height would cost a layout of all its lines at every key."""
_MOST_COLOURED = 300_000
"""Characters from which a message is not coloured any more: the first colouring alone would hold the window for seconds."""
_LONG_LINE = 20_000
"""Characters from which a line's glyphs are kept: Qt would make those of the whole line again for each look at the caret and each paint."""
_BRACKET_LINES = 60
"""So many lines up and down are looked through for the other bracket."""


class Gutter(QWidget):
    """The line numbers beside an editor."""

    def __init__(self, editor: JinjaEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(self._editor.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._editor.paint_gutter(self, event.rect())


class JinjaEditor(QTextEdit):
    """As tall as its text. `edited` comes for a change of the text, not for colours; `focused` when the caret comes in."""

    edited = Signal()
    focused = Signal()
    given = Signal(list)
    """Files or pictures that were dropped or pasted: what `attachable` found in them."""

    def __init__(self, parent: QWidget | None = None, *, coloured: bool = True) -> None:
        super().__init__(parent)
        self._most_coloured = _MOST_COLOURED if coloured else -1
        self.setProperty("kind", "bare")
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setFrameShape(QTextEdit.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        set_role(self, "code")
        self.attachable: Callable[[QMimeData], list[Any]] | None = None
        """What of dropped or pasted data is no text; without it, only text is taken."""
        self.together: list[UndoTogether] = []
        """Steps of this text's history that are undone with those of other editors."""
        self._text = ""
        self._marks: dict[str, list[QTextEdit.ExtraSelection]] = {}
        self._problem: tuple[int, int] | None = None
        self._gutter = Gutter(self)
        self.highlighter = JinjaHighlighter(self.document())
        self.completion = Completion(self)
        self.document().setDocumentMargin(0)
        self.textChanged.connect(self._changed)
        self.cursorPositionChanged.connect(self._mark_brackets)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        theme().follow(self._restyle)
        self._restyle()

    # -- text --------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The text as typed."""
        return self._text

    def _read(self) -> str:
        # Qt's own plain text would turn hard spaces into soft ones.
        return self.document().toRawText().replace("\u2029", "\n")

    def set_text(self, text: str) -> None:
        """Show another text; nothing of the old one can be undone then, and `edited` does not come."""
        document = self.document()
        document.setUndoRedoEnabled(False)
        self.highlighter.setDocument(document if len(text) <= self._most_coloured else None)
        self.setPlainText(text)
        self.together.clear()
        self._text = self._read()
        block = document.begin()
        while len(text) > _LONG_LINE and block.isValid():
            _keep_glyphs(block)
            block = block.next()
        self._set_line_height()
        document.setUndoRedoEnabled(True)
        self._fit()

    def set_undefined(self, names: Collection[str]) -> None:
        """Mark the expressions that read one of these variables."""
        self.highlighter.set_undefined(names)
        self.viewport().update()

    def set_problem(self, place: tuple[int, int] | None) -> None:
        """Mark the place (line, column from 1) from which the template cannot be read; None for no mark."""
        if place == self._problem:
            return
        self._problem = place
        marks: list[QTextEdit.ExtraSelection] = []
        if place is not None:
            cursor = self._cursor_at(*place)
            block = cursor.block()
            if cursor.atBlockEnd():
                cursor.setPosition(block.position())
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            mark = QTextEdit.ExtraSelection()
            shape = QTextCharFormat()
            shape.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            shape.setUnderlineColor(theme().color("fail"))
            mark.format, mark.cursor = shape, cursor
            marks.append(mark)
        self._mark("problem", marks)
        self._gutter.update()

    def set_hits(self, hits: Sequence[tuple[int, int]]) -> None:
        """Tint stretches of the text, as a search found them."""
        if hits or self._marks.get("hits"):
            self._mark("hits", [self._tinted(start, end, "warn-soft") for start, end in hits])

    def _mark_brackets(self) -> None:
        caret = self.textCursor()
        place = caret.positionInBlock()
        if not is_bracket(as_units(caret.block().text())[max(0, place - 1) : place + 1]):
            if self._marks.get("brackets"):
                self._mark("brackets", [])
            return
        first = self.document().findBlockByNumber(max(0, caret.blockNumber() - _BRACKET_LINES))
        lines: list[str] = []
        block = first
        while block.isValid() and len(lines) <= 2 * _BRACKET_LINES:
            lines.append(as_units(block.text()))
            block = block.next()
        found = pair_at("\n".join(lines), caret.position() - first.position()) or ()
        if found or self._marks.get("brackets"):
            at = first.position()
            self._mark("brackets", [self._tinted(at + place, at + place + 1, "accent-soft", bold=True) for place in found])

    def _tinted(self, start: int, end: int, token: str, *, bold: bool = False) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        shape = QTextCharFormat()
        shape.setBackground(theme().color(token))
        if bold or theme().high_contrast:
            shape.setFontUnderline(True)
        mark.format, mark.cursor = shape, cursor
        return mark

    def _mark(self, what: str, marks: list[QTextEdit.ExtraSelection]) -> None:
        self._marks[what] = marks
        self.setExtraSelections([mark for kind in ("hits", "brackets", "problem") for mark in self._marks.get(kind, ())])

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the caret at a place, counted from 1."""
        self.setTextCursor(self._cursor_at(line, column))
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def place(self) -> tuple[int, int]:
        """Line and column of the caret, counted from 1."""
        cursor = self.textCursor()
        return cursor.blockNumber() + 1, in_characters(cursor.block().text(), cursor.positionInBlock()) + 1

    def select(self, start: int, end: int) -> None:
        """Select a stretch of the text."""
        cursor = self.textCursor()
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)

    def replace_stretches(self, stretches: Sequence[tuple[int, int, str]]) -> None:
        """Put a text in the place of each stretch, from its start to its end, all as one step to undo."""
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for start, end, text in reversed(stretches):
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(text)
        cursor.endEditBlock()

    def undo_step(self) -> None:
        """Take the last step back, in the other editors too where it was one with theirs."""
        if self.isReadOnly() or any(step.undo() for step in reversed(self.together)):
            return
        before = self._text
        self.undo()
        if self._text is before:  # only how tall its lines are, which follows the size of text
            self.undo()

    def redo_step(self) -> None:
        """Do it again, in all of them."""
        if not self.isReadOnly() and not any(step.redo() for step in self.together):
            self.redo()

    def insert(self, text: str) -> None:
        """Put text in at the caret, as one step to undo."""
        self.textCursor().insertText(text)

    def replace_name(self, old: str, new: str) -> None:
        """Rename a variable in all expressions, as one step to undo."""
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        block = self.document().begin()
        state = 0
        while block.isValid():
            text = as_units(block.text())
            tokens, next_state = scan(text, state)
            for token in reversed(tokens):
                if token.kind == "name" and text[token.start : token.end].split(".")[0] == old:
                    cursor.setPosition(block.position() + token.start)
                    cursor.setPosition(block.position() + token.start + len(old), QTextCursor.MoveMode.KeepAnchor)
                    cursor.insertText(new)
            state, block = next_state, block.next()
        cursor.endEditBlock()

    def _cursor_at(self, line: int, column: int) -> QTextCursor:
        block = self.document().findBlockByNumber(max(0, min(line, self.document().blockCount()) - 1))
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + min(in_units(block.text()[: max(0, column - 1)]), block.length() - 1))
        return cursor

    def _changed(self) -> None:
        text = self._read()
        if text != self._text:
            self._text = text
            _keep_glyphs(self.textCursor().block())
            self.edited.emit()

    # -- how it looks ------------------------------------------------------------------------------------------

    def gutter_width(self) -> int:
        """Room for the numbers of all lines."""
        digits = max(2, len(str(self.document().blockCount())))
        return self.fontMetrics().horizontalAdvance("0" * digits) + theme().px(20)

    def paint_gutter(self, gutter: QWidget, area: QRect) -> None:
        """Paint the numbers of the lines that lie in an area."""
        look = theme()
        painter = QPainter(gutter)
        painter.setFont(look.font("code"))
        metrics = painter.fontMetrics()
        digit, right = metrics.horizontalAdvance("0"), gutter.width() - look.px(10)  # digits are all as wide
        layout = self.document().documentLayout()
        scroll = self.verticalScrollBar().value()
        block, row = self._block_at(area.top() + scroll - self._top_margin()), theme().line("code")
        while block.isValid():
            rect = layout.blockBoundingRect(block)
            top = round(rect.top()) - scroll + self._top_margin()
            if top > area.bottom():
                break
            if top + rect.height() >= area.top():
                wrong = self._problem is not None and block.blockNumber() + 1 == self._problem[0]
                painter.setPen(look.color("fail" if wrong else "text3"))
                number = str(block.blockNumber() + 1)
                painter.drawText(right - digit * len(number), top + (row - metrics.height()) // 2 + metrics.ascent(), number)
            block = block.next()
        painter.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        layout = self.document().documentLayout()
        scroll = self.verticalScrollBar().value()
        block = self._block_at(event.rect().top() + scroll)
        while block.isValid() and self.highlighter.document() is not None:
            rect = layout.blockBoundingRect(block)
            top = rect.top() - scroll
            if top > event.rect().bottom():
                break
            if top + rect.height() >= event.rect().top():
                paint_chips(painter, self.highlighter.chips(block), (rect.left(), top))
            block = block.next()
        painter.end()
        super().paintEvent(event)
        keys_first.painted()

    def _block_at(self, y: int) -> QTextBlock:
        """The line of the text at a height: painting begins there, not at the first of thousands."""
        return self.document().findBlock(self.document().documentLayout().hitTest(QPointF(0, y), Qt.HitTestAccuracy.FuzzyHit))

    def _top_margin(self) -> int:
        return self.viewport().geometry().top()

    def _restyle(self) -> None:
        margin = theme().px(8)
        self.setViewportMargins(self.gutter_width(), margin, theme().px(8), margin)
        self._set_line_height()
        for kind, token in (("hits", "warn-soft"), ("brackets", "accent-soft")):  # the theme may be another one now
            self._marks[kind] = [
                self._tinted(mark.cursor.selectionStart(), mark.cursor.selectionEnd(), token, bold=kind == "brackets")
                for mark in self._marks.get(kind, ())
            ]
            self._mark(kind, self._marks[kind])
        self._fit()

    def _set_line_height(self) -> None:
        if self.document().begin().blockFormat().lineHeight() == theme().line("code"):
            return  # it would be a step to undo, and take away what could be done again
        shape = QTextBlockFormat()
        shape.setLineHeight(theme().line("code"), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        enabled = self.document().isUndoRedoEnabled()
        if enabled and not self.document().isUndoAvailable():
            self.document().setUndoRedoEnabled(False)  # how tall a line is drawn is nothing to undo
        cursor.mergeBlockFormat(shape)
        if enabled and not self.document().isUndoRedoEnabled():
            self.document().setUndoRedoEnabled(True)

    def _fit(self) -> None:
        row, margin = theme().line("code"), theme().px(8)
        height = self.document().size().height()  # a single line without ends, wrapped, may be as tall as many
        tall = self.document().blockCount() > _TALLEST_LINES or height > row * _TALLEST_LINES
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if tall else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)
        self.setFixedHeight((row * 30 if tall else max(row, round(height))) + 2 * margin)
        if self.viewportMargins().left() != self.gutter_width():
            self._restyle()
        self._gutter.setGeometry(QRect(0, 0, self.gutter_width(), self.height()))
        self._gutter.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
            event.ignore()  # the page scrolls, not the message
        else:
            super().wheelEvent(event)
            self._gutter.update()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._gutter.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasText() or source.hasUrls() or (self.attachable is not None and source.hasImage())

    def insertFromMimeData(self, source: QMimeData) -> None:
        if self.attachable is not None and (found := self.attachable(source)):
            self.given.emit(found)
        elif source.hasText():
            self.textCursor().insertText(source.text())

    # -- completion --------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys_first.typed()
        if self.completion.is_shown:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                event.ignore()  # the list takes it
                return
            super().keyPressEvent(event)
            self.completion.offer()
            return
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_step()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo_step()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.createStandardContextMenu(event.pos())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name, verb in (("edit-undo", self.undo_step), ("edit-redo", self.redo_step)):
            for action in menu.actions():
                if action.objectName() == name:
                    action.triggered.disconnect()
                    action.triggered.connect(verb)
        menu.popup(event.globalPos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            begin_with_first(menu)


def _keep_glyphs(block: QTextBlock) -> None:
    if block.length() > _LONG_LINE:
        block.layout().setCacheEnabled(True)
