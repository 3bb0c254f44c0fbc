"""An answer as text that grows with it: plain while it arrives, Markdown when finished, nothing fetched from anywhere."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QTextEdit

from workbench.gui.marks import to_shown, to_written, written_places
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.units import in_units

MARKDOWN_LIMIT = 20_000
"""Longer answers stay plain text: turning them into Markdown would hold the window up for more than a second."""

ENDLESS = 10_000
"""Letters of a word. Qt looks for the end of a word from every line of it anew: a million letters would hold the window up for a minute."""
_LINK = re.compile(r"\]\(|\w://|<\w+:")
_PICTURE = re.compile(r"!\[([^\]\n]*)\](?=\()")
_FENCE = re.compile(r"(^```.*?^```[^\n]*$|^~~~.*?^~~~[^\n]*$)", re.MULTILINE | re.DOTALL)
_STRUCTURE = re.compile(r"\s*(\||[-*+] |\d+[.)] |#|>|```|~~~|    |\t)")


class AnswerView(QTextBrowser):
    """Shows one answer without a scroll bar of its own (`fit`) or with one. Never loads a picture, never opens a link."""

    link_clicked = Signal(str)

    def __init__(self, role: str = "answer", *, fit: bool = True, spacing: int = 125) -> None:
        super().__init__()
        self._shown = ""
        self._markdown = False
        self._found: list[QTextEdit.ExtraSelection] = []
        self._highlights: list[QTextEdit.ExtraSelection] = []
        self._highlighted: list[tuple[int, int]] = []
        self._fit = fit
        self._spacing = spacing
        self.as_text = False
        """True shows Markdown as it was written."""
        self.setProperty("kind", "bare")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(theme().px(18))
        self.viewport().setAutoFillBackground(False)
        set_role(self, role)
        self.anchorClicked.connect(lambda url: self.link_clicked.emit(url.toString()))
        if fit:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._measure())
        theme().follow(self._renew)

    def loadResource(self, type: int, name: QUrl | str) -> object:
        """Nothing: an answer must not be able to phone home."""
        return None

    @property
    def text(self) -> str:
        """The answer as it was written."""
        return self._shown

    @property
    def has_links(self) -> bool:
        """True where it is laid out with links, which Tab and Enter reach."""
        return self._markdown and bool(_LINK.search(self._shown))

    def grow(self, text: str) -> None:
        """Show an answer that is still arriving, as plain text; only what is new is added."""
        if not self._markdown and self._shown and text.startswith(self._shown):
            if len(text) > ENDLESS and self.wordWrapMode() != QTextOption.WrapMode.WrapAnywhere:
                self._break_words(text[max(0, len(self._shown) - ENDLESS) :])
            cursor = QTextCursor(self.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(text[len(self._shown) :])
            self._shown = text
        elif text != self._shown or self._markdown:
            self._plain(text)

    def finish(self, text: str) -> None:
        """Show a finished answer."""
        if self.as_text or len(text) > MARKDOWN_LIMIT or not looks_like_markdown(text):
            self.grow(text)
            return
        if self._markdown and text == self._shown:
            return
        self._shown, self._markdown = text, True
        self.document().clear()
        self._break_words(text)
        features = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
        self.document().setMarkdown(keep_lines(text), features)
        self._space()
        self._tidy_blocks()
        self._measure()

    def show_text(self, text: str, *, finished: bool) -> None:
        """Show an answer, finished or not."""
        if finished:
            self.finish(text)
        else:
            self.grow(text)

    def mark(self, places: Sequence[tuple[int, int]], token: str = "add-bg", *, strike: bool = False) -> None:
        """Mark (start, end) places of the plain text; none takes the marks away."""
        looks = QTextCharFormat()
        looks.setBackground(theme().color(token))
        looks.setFontStrikeOut(strike)
        looks.setFontUnderline(not strike)
        self._found = self._selections(places, looks)
        self.setExtraSelections([*self._highlights, *self._found])

    def highlight(self, places: Sequence[tuple[int, int]]) -> None:
        """Paint what raters marked, (start, end) in the text as it was written, below what `mark` shows."""
        self._highlighted = list(places)
        looks = QTextCharFormat()
        looks.setBackground(theme().color("accent-soft"))
        looks.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DashUnderline)
        looks.setUnderlineColor(theme().color("accent"))
        written = self._written_places() if places else None
        if written is not None:
            places = [to_shown(written, start, end) for start, end in places]
        length = len(self.toPlainText()) if places else 0
        self._highlights = self._selections([(start, min(end, length)) for start, end in places if start < length], looks)
        self.setExtraSelections([*self._highlights, *self._found])

    def chosen(self) -> tuple[int, int] | None:
        """The selected stretch, (start, end) in the text as it was written; None where nothing is selected."""
        cursor, text = self.textCursor(), self.toPlainText()
        wide = [at for at, letter in enumerate(text) if letter > "\uffff"]
        after = [at + number for number, at in enumerate(wide)]  # where Qt counts those letters
        start, end = (place - bisect_left(after, place) for place in (cursor.selectionStart(), cursor.selectionEnd()))
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start >= end:
            return None
        written = self._written_places()
        return (start, end) if written is None else to_written(written, start, end)

    def _written_places(self) -> list[int] | None:
        """For each letter as it is shown its place in what was written; None where both are the same."""
        shown = self.toPlainText()
        return None if shown == self._shown else written_places(shown, self._shown)

    def _selections(self, places: Sequence[tuple[int, int]], looks: QTextCharFormat) -> list[QTextEdit.ExtraSelection]:
        selections = []
        text = self.toPlainText() if places else ""
        wide = [at for at, letter in enumerate(text) if letter > "\uffff"]  # Qt counts such a letter as two
        for start, end in places:
            selection = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            cursor.setPosition(start + bisect_left(wide, start))
            cursor.setPosition(end + bisect_left(wide, end), QTextCursor.MoveMode.KeepAnchor)
            selection.cursor, selection.format = cursor, looks
            selections.append(selection)
        return selections

    def top_of(self, place: int) -> int:
        """How far below the top of this widget a place of the plain text is now, in pixels."""
        return self.cursorRect(self._cursor_at(place)).top() + self.viewport().y()

    def go_to(self, place: int) -> None:
        """Scroll to a place of the plain text."""
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.top_of(place) - self.height() // 3)

    def _cursor_at(self, place: int) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.setPosition(in_units(self.toPlainText()[:place]))
        return cursor

    def turn(self, as_text: bool) -> None:
        """Show Markdown as it was written, or laid out."""
        self.as_text = as_text
        text, self._shown = self._shown, "\0"
        self.finish(text)

    def _break_words(self, text: str) -> None:
        """End lines at any letter where a text has a word without end, such as a picture written in letters."""
        at_any = len(text) > ENDLESS and any(len(word) > ENDLESS for word in text.split())
        mode = QTextOption.WrapMode.WrapAnywhere if at_any else QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
        if self.wordWrapMode() != mode:
            self.setWordWrapMode(mode)

    def _plain(self, text: str) -> None:
        self._shown, self._markdown = text, False
        self.document().clear()  # before its lines are broken in another way
        self._break_words(text)
        self.setCurrentCharFormat(QTextCharFormat())
        cursor = QTextCursor(self.document())
        cursor.setBlockFormat(self._block())
        cursor.setBlockCharFormat(QTextCharFormat())
        cursor.insertText(text, QTextCharFormat())
        self._measure()

    def _block(self) -> QTextBlockFormat:
        made = QTextBlockFormat()
        made.setLineHeight(self._spacing, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        return made

    def _space(self) -> None:
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(self._block())

    def _tidy_blocks(self) -> None:
        """Room between paragraphs, and headings of an answer as headings inside a panel: a little larger than its text."""
        gap = theme().px(7)
        block = self.document().begin()
        while block.isValid():
            below = block.next()
            cursor = QTextCursor(block)
            spacing = QTextBlockFormat()
            close = block.textList() is not None and below.isValid() and below.textList() is not None
            spacing.setTopMargin(0)
            spacing.setBottomMargin(theme().px(2) if close or not below.isValid() else gap)
            cursor.mergeBlockFormat(spacing)
            level = block.blockFormat().headingLevel()
            if level:
                looks = QTextCharFormat()
                looks.setProperty(QTextFormat.Property.FontSizeAdjustment, 1 if level == 1 else 0)
                cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
                cursor.mergeCharFormat(looks)
            block = below

    def _renew(self) -> None:
        text, markdown, self._shown = self._shown, self._markdown, "\0"
        if markdown:
            self._markdown = False
            self.finish(text)
        else:
            self._plain(text)
        self.highlight(self._highlighted)

    def _measure(self) -> None:
        if self._fit:
            width = self.viewport().width()
            if self.document().textWidth() != width:  # Qt lays out the whole text again even for the width that it has
                self.document().setTextWidth(width)
            height = int(self.document().size().height()) + 2
            if self.horizontalScrollBar().maximum() > 0:
                height += self.horizontalScrollBar().sizeHint().height()
            if height != self.height():
                self.setFixedHeight(max(height, QFontMetrics(self.font()).height()))

    def sizeHint(self) -> QSize:
        return QSize(200, self.height() if self._fit else 200)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._measure()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._fit:
            event.ignore()  # the panel around it scrolls
        else:
            super().wheelEvent(event)


def looks_like_markdown(text: str) -> bool:
    """True if the text has any mark that Markdown would turn into something."""
    return bool(re.search(r"(\*\*|__|`|^\s*#{1,6} |^\s*[-*+] |^\s*\d+[.)] |^\s*>|\]\(|^\|.*\|$|~~)", text, re.MULTILINE))


def keep_lines(text: str) -> str:
    """The Markdown with every single line break kept as one: an answer's lines are meant, `Kind regards,` and the name below it.
    A picture, which is not fetched, becomes a link that says so."""
    parts = _FENCE.split(text)
    for number in range(0, len(parts), 2):
        made = ""
        lines = _PICTURE.sub(lambda found: f"[Picture: {found[1]}]" if found[1] else "[Picture]", parts[number]).split("\n")
        for at, line in enumerate(lines):
            below = lines[at + 1] if at + 1 < len(lines) else ""
            joined = line.strip() and below.strip() and not _STRUCTURE.match(below) and not _STRUCTURE.match(line)
            made += line + ("" if at + 1 == len(lines) else "\u2028" if joined else "\n")
        parts[number] = made
    return "".join(parts)
