"""The prompt as it is sent, with the values that were filled in tinted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QTextEdit, QVBoxLayout, QWidget
from shiboken6 import isValid

from workbench.gui.library.attachments import kinds
from workbench.gui.library.message_block import ROLES
from workbench.gui.library.study import Preview, about_tokens
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.file_sources import described, title_of
from workbench.gui.widgets.labels import ElidedLabel, label

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from workbench.values import Part
    from workbench.workspace import PreviewMessage

_LONGEST = 200_000
"""Characters that are shown of one message."""
_MOST_ROWS = 200
"""Messages that are shown of a long conversation, half of them from its end."""
_GAP = -1
_LINE_END = re.compile("\r\n|[\r\n\u2029]")
_SLICE_S = 0.006
"""How long a preview is written at a stretch: a long one in several, so that keys come between them."""


class PreviewPane(QWidget):
    """Shows rendered messages. A message that cannot be rendered says why in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Preview")
        self._shown = Preview()
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
        self._writing: Iterator[None] = iter(())
        self._page = QTextDocument(self)
        """The one that is written, out of sight until it is whole."""
        self._scroll_to = 0
        self._more = QTimer(self)
        self._more.setInterval(0)
        self._more.timeout.connect(self._write_on)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 9, 8, 8)
        column.setSpacing(4)
        column.addLayout(self.head)
        column.addWidget(self.text, 1)
        self._is_snippet = False
        theme().follow(self._paint_again)

    def show_preview(self, found: Preview, *, is_snippet: bool = False) -> None:
        """Show these messages, or the text of a snippet; the place scrolled to stays."""
        if found.messages == self._shown.messages and is_snippet == self._is_snippet:
            return
        self._shown, self._is_snippet = found, is_snippet
        self._paint_again()

    def tokens(self) -> list[int]:
        """About how many tokens each message has."""
        return [about_tokens(sum(len(piece.text) for piece in message.pieces)) for message in self._shown.messages]

    def _paint_again(self) -> None:
        self._marked.setText(f"values filled in are {'underlined' if theme().high_contrast else 'tinted'}")
        attached = [part for message in self._shown.messages for part in message.attachments]
        words = f"about {sum(self.tokens()):,} tokens in" + (f" and {kinds(attached)}" if attached else "")
        self._tokens.setText(words if self._shown.messages else "")
        self._tokens.setToolTip("Counted as four characters for a token" + ("; pictures and files are not counted" if attached else ""))
        if self._page is not self.text.document():
            self._page.deleteLater()
        self._page = QTextDocument(self)
        self._page.setUndoRedoEnabled(False)
        self._page.setDocumentMargin(0)
        self._page.setDefaultFont(theme().font("body"))
        wrapped = QTextOption()
        wrapped.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._page.setDefaultTextOption(wrapped)
        self._writing = self._write(QTextCursor(self._page))
        self._write_on()

    def _write_on(self) -> None:
        until = time.perf_counter() + _SLICE_S
        for _ in self._writing:
            if time.perf_counter() > until:
                self._more.start()
                return
        self._more.stop()
        self._show_page()

    def _show_page(self) -> None:
        """Show what was written. A long page is laid out bit by bit: the place scrolled to comes when it reaches so far."""
        bar, before = self.text.verticalScrollBar(), self.text.document()
        self._scroll_to = max(bar.value(), self._scroll_to if bar.value() == bar.maximum() else 0)
        self.text.setDocument(self._page)
        if isValid(before):  # the one that the view made itself goes with it
            before.deleteLater()
        self._page.documentLayout().documentSizeChanged.connect(self._scroll_back)
        self._scroll_back()

    def _scroll_back(self) -> None:
        bar = self.text.verticalScrollBar()
        if self._scroll_to:
            bar.setValue(self._scroll_to)
            if bar.value() >= self._scroll_to:
                self._scroll_to = 0

    def _write(self, cursor: QTextCursor) -> Iterator[None]:
        """Write the messages, each with its role hanging before it; gives up its turn after each piece."""
        look = theme()
        count = len(self._shown.messages)
        shown = list(range(count)) if count <= _MOST_ROWS else [*range(_MOST_ROWS // 2), _GAP, *range(count - _MOST_ROWS // 2, count)]
        first, following = QTextBlockFormat(), QTextBlockFormat()
        for shape in (first, following):
            shape.setLineHeight(look.line("body"), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
            shape.setLeftMargin(look.px(66))
        first.setTextIndent(-look.px(66))
        first.setTabPositions([QTextOption.Tab(look.px(66), QTextOption.TabType.LeftTab)])
        for place, number in enumerate(shown):
            first.setTopMargin(look.px(4) if place else 0)
            if place:
                cursor.insertBlock(first)
            else:
                cursor.setBlockFormat(first)
            if number == _GAP:
                cursor.insertText(f"\t{count - _MOST_ROWS:,} more messages, sent but not shown here", _ink("text3"))
                continue
            message = self._shown.messages[number]
            nothing = message.is_turn and not message.pieces
            said = "Snippet" if self._is_snippet else "Chat" if nothing else ROLES[message.role][0]
            cursor.insertText(said, _ink("text2", small=True))
            cursor.insertText("\t", _ink("text"))
            if nothing:
                cursor.insertText("no messages yet, nothing is sent here", _ink("text3"))
            else:
                yield from self._write_message(cursor, following, message, self._shown.images[number])

    def _write_message(
        self, body: QTextCursor, following: QTextBlockFormat, message: PreviewMessage, images: Sequence[QImage]
    ) -> Iterator[None]:
        if message.problem is not None:
            body.insertText(f"Line {message.problem.line}: {message.problem.message}", _ink("fail"))
            return
        left = _LONGEST
        for piece in message.pieces:
            if left <= 0:
                body.insertText(" ... longer than is shown here", _ink("text3"))
                break
            missing = piece.variable is not None and not piece.filled
            text = f"{piece.variable}?" if missing else piece.text[:left]
            ink = _ink("warn", "warn-soft") if missing else _ink("text", "accent-soft" if piece.filled else "")
            for number, line in enumerate(_LINE_END.split(text)):
                if number:
                    body.insertBlock(following)
                body.insertText(line, ink)
            left -= len(text)
            yield
        for part, image in zip(message.attachments, images, strict=True):
            self._write_attachment(body, part, image)
            yield

    def _write_attachment(self, cursor: QTextCursor, part: Part, image: QImage) -> None:
        shape = QTextBlockFormat()  # as tall as the picture is
        shape.setLeftMargin(theme().px(66))
        cursor.insertBlock(shape)
        if not image.isNull():
            side = theme().px(72)
            cursor.insertImage(image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation))
            cursor.insertText("  ", _ink("text2"))
        cursor.insertText(f"{title_of(part)}, {described(part)}", _ink("text2", small=True))


def _ink(token: str, fill: str = "", *, small: bool = False) -> QTextCharFormat:
    look = theme()
    made = QTextCharFormat()
    made.setFont(look.font("small", 500) if small else look.font("body"))
    made.setForeground(look.color(token))
    if fill:
        made.setBackground(look.color(fill))
        made.setFontUnderline(look.high_contrast)  # there is no tint then
    return made
