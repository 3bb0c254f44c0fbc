"""The prompt as it is sent, with the values that were filled in tinted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor, QTextLength, QTextOption, QTextTableFormat
from PySide6.QtWidgets import QHBoxLayout, QTextEdit, QVBoxLayout, QWidget

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
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.text.setAccessibleName("Preview of the messages")
        self.text.document().setDocumentMargin(0)
        set_role(self.text, "body")
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
        bar = self.text.verticalScrollBar()
        at = bar.value()
        self.text.clear()
        tokens = sum(self.tokens())
        self._marked.setText(f"values filled in are {'underlined' if theme().high_contrast else 'tinted'}")
        attached = [part for message in self._shown.messages for part in message.attachments]
        words = f"about {tokens:,} tokens in" + (f" and {kinds(attached)}" if attached else "")
        self._tokens.setText(words if self._shown.messages else "")
        self._tokens.setToolTip("Counted as four characters for a token" + ("; pictures and files are not counted" if attached else ""))
        if self._shown.messages:
            cursor = self.text.textCursor()
            cursor.beginEditBlock()  # else the whole table is laid out again after each piece
            self._write(cursor)
            cursor.endEditBlock()
        bar.setValue(at)

    def _write(self, cursor: QTextCursor) -> None:
        look = theme()
        shape = QTextTableFormat()
        shape.setBorder(0)
        shape.setCellPadding(0)
        shape.setCellSpacing(look.px(2))
        shape.setMargin(0)
        fixed, rest = QTextLength.Type.FixedLength, QTextLength.Type.PercentageLength
        shape.setColumnWidthConstraints([QTextLength(fixed, look.px(64)), QTextLength(rest, 100)])
        count = len(self._shown.messages)
        shown = list(range(count)) if count <= _MOST_ROWS else [*range(_MOST_ROWS // 2), _GAP, *range(count - _MOST_ROWS // 2, count)]
        table = cursor.insertTable(len(shown), 2, shape)
        tall = QTextBlockFormat()
        tall.setLineHeight(look.line("body"), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        for row, number in enumerate(shown):
            role, body = (table.cellAt(row, column).firstCursorPosition() for column in (0, 1))
            role.setBlockFormat(tall)
            body.setBlockFormat(tall)
            if number == _GAP:
                body.insertText(f"{count - _MOST_ROWS:,} more messages, sent but not shown here", _ink("text3"))
                continue
            message = self._shown.messages[number]
            nothing = message.is_turn and not message.pieces
            said = "Snippet" if self._is_snippet else "Chat" if nothing else ROLES[message.role][0]
            role.insertText(said, _ink("text2", small=True))
            if nothing:
                body.insertText("no messages yet, nothing is sent here", _ink("text3"))
            else:
                self._write_message(body, message, self._shown.images[number])

    def _write_message(self, body: QTextCursor, message: PreviewMessage, images: Sequence[QImage]) -> None:
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
            body.insertText(text, _ink("warn", "warn-soft") if missing else _ink("text", "accent-soft" if piece.filled else ""))
            left -= len(text)
        for part, image in zip(message.attachments, images, strict=True):
            self._write_attachment(body, part, image, is_first=not body.block().length() > 1)

    def _write_attachment(self, cursor: QTextCursor, part: Part, image: QImage, *, is_first: bool) -> None:
        shape = QTextBlockFormat()  # as tall as the picture is
        if is_first:
            cursor.setBlockFormat(shape)
        else:
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
