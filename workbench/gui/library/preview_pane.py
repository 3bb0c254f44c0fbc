"""The prompt as it is sent, with the values that were filled in tinted."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QTextEdit, QVBoxLayout, QWidget

from workbench.gui import keys_first
from workbench.gui.library.attachments import kinds
from workbench.gui.library.preview_rows import Row, Tone
from workbench.gui.library.study import Preview
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.labels import ElidedLabel, label

_SLICE_S = 0.002
"""How long a preview is written at a stretch: a long one in several."""


class PreviewPane(QWidget):
    """Shows rendered messages. A message that cannot be rendered says why in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Preview")
        self.shown = Preview()
        self._written = [Row(())]
        """What stands in the blocks of the text, each of them."""
        self._tokens = label("", "small", "text3")
        self._tokens.setToolTip("Counted as four characters for a token")
        self.head = QHBoxLayout()
        self.head.setSpacing(8)
        self.head.addWidget(label("Preview, as sent", "small", "text2", 600))
        self._marked = ElidedLabel("", "small", "text3")
        self.head.addWidget(self._marked)
        self.head.addStretch(1)
        self.head.addWidget(self._tokens)
        self.text = QTextEdit()
        self.text.setReadOnly(True)
        self.text.setProperty("kind", "bare")
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Preview of the messages")
        set_role(self.text, "body")
        self.text.setUndoRedoEnabled(False)
        self.text.document().setDocumentMargin(0)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._writing: Iterator[None] = iter(())
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.setInterval(keys_first.BREATH_MS)
        self._more.timeout.connect(self._write_on)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 9, 8, 8)
        column.setSpacing(4)
        column.addLayout(self.head)
        column.addWidget(self.text, 1)
        theme().follow(self._paint_again)

    def show_preview(self, found: Preview) -> None:
        """Show this one. Only lines that are others are written, so that the place scrolled to stays."""
        self.shown = found
        self._marked.setText(f"values filled in are {'underlined' if theme().high_contrast else 'tinted'}")
        attached = f" and {kinds(found.attached)}" if found.attached else ""
        self._tokens.setText(f"about {sum(found.tokens):,} tokens in{attached}" if found.tokens else "")
        self._tokens.setToolTip("Counted as four characters for a token" + ("; pictures and files are not counted" if attached else ""))
        self._writing = self._write(list(found.rows) or [Row(())])
        self._write_on()

    def _paint_again(self) -> None:
        self.text.clear()
        self.text.document().setDefaultFont(theme().font("body"))
        self._written = [Row(())]
        self.show_preview(self.shown)

    def _write_on(self) -> None:
        if keys_first.painting():
            self._more.start()
            return
        until = time.perf_counter() + _SLICE_S
        whole = QTextCursor(self.text.document())
        whole.beginEditBlock()  # the lines of a stretch are laid out together
        for _ in self._writing:
            if time.perf_counter() > until:
                self._more.start()
                break
        whole.endEditBlock()
        layout = self.text.document().documentLayout()
        layout.blockBoundingRect(self.text.document().lastBlock())  # laid out now: Qt would do the rest later, twice as much each time

    def _write(self, rows: list[Row]) -> Iterator[None]:
        """Make of the lines that are written those that shall stand there; gives up its turn after each line."""
        old = len(self._written)
        most = min(old, len(rows))
        first = next((at for at in range(most) if self._written[at] != rows[at]), most)
        last = next((n for n in range(most - first) if self._written[old - 1 - n] != rows[-1 - n]), most - first)
        if first == 0 and last == most and old != len(rows):
            last -= 1  # one line to begin at: what comes before the first block takes that block's shape
        end, new_end = old - last, len(rows) - last
        shared = min(end, new_end)
        for at in range(first, shared):
            self._put(at, rows[at])
            yield
        if end > shared:
            self._cut(shared, end)
        for at in range(shared, new_end):
            cursor = QTextCursor(self.text.document().findBlockByNumber(at - 1))
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
            cursor.insertBlock()
            self._written.insert(at, Row(()))
            self._put(at, rows[at])
            yield

    def _put(self, at: int, row: Row) -> None:
        """Write a line into the block of that number."""
        cursor = QTextCursor(self.text.document().findBlockByNumber(at))
        cursor.setBlockFormat(_shape(row))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        if row.image is not None and not row.image.isNull():
            side = theme().px(72)
            small = row.image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
            cursor.insertImage(small)
            cursor.insertText("  ", _ink("text2"))
        for text, tone in row.stretches:
            cursor.insertText(text, _tone(tone, small=row.part is not None))
        self._written[at] = row

    def _cut(self, first: int, end: int) -> None:
        """Take blocks away; there is one before them."""
        document = self.text.document()
        cursor = QTextCursor(document.findBlockByNumber(first - 1))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        behind = document.findBlockByNumber(end - 1)
        cursor.setPosition(behind.position() + behind.length() - 1, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        cursor.setBlockFormat(_shape(self._written[first - 1]))  # an empty block has taken that of the last one which went
        del self._written[first:end]


def _shape(row: Row) -> QTextBlockFormat:
    look = theme()
    made = QTextBlockFormat()
    made.setLeftMargin(look.px(66))
    if row.part is None:  # a picture is as tall as it is
        made.setLineHeight(look.line("body"), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    if row.begins:
        made.setTextIndent(-look.px(66))
        made.setTabPositions([QTextOption.Tab(look.px(66), QTextOption.TabType.LeftTab)])
        made.setTopMargin(look.px(4) if row.apart else 0)
    return made


def _tone(tone: Tone, *, small: bool = False) -> QTextCharFormat:
    if tone == "role":
        return _ink("text2", small=True)
    if tone == "missing":
        return _ink("warn", "warn-soft")
    if tone == "quiet":
        return _ink("text2" if small else "text3", small=small)
    return _ink("fail") if tone == "fail" else _ink("text", "accent-soft" if tone == "filled" else "")


def _ink(token: str, fill: str = "", *, small: bool = False) -> QTextCharFormat:
    look = theme()
    made = QTextCharFormat()
    made.setFont(look.font("small", 500) if small else look.font("body"))
    made.setForeground(look.color(token))
    if fill:
        made.setBackground(look.color(fill))
        made.setFontUnderline(look.high_contrast)  # there is no tint then
    return made
