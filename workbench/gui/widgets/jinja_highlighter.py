"""Colours of the template language and of Markdown in a text document, and the chips painted behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QPainter, QSyntaxHighlighter, QTextBlock, QTextCharFormat, QTextDocument

from workbench.gui.theme import theme
from workbench.gui.widgets.jinja_tokens import RAW, TEXT, Token, scan
from workbench.gui.widgets.markdown_tokens import marks

_INKS = {"var": "jvar", "tag": "jtag", "com": "jcom", "fil": "jfil", "str": "jstr"}
_FILLS = {"var": "jvar-bg", "tag": "jtag-bg", "bad": "warn-soft"}
_FENCED = 1 << 20
"""The bit of a line's state that says: it stands in Markdown's fence of code. The template language keeps the bits below."""
_MOST_IN_A_LINE = 20_000
_WAVE = QTextCharFormat.UnderlineStyle.WaveUnderline


class JinjaHighlighter(QSyntaxHighlighter):
    """Colours regions, filters, strings and comments; expressions that read an undefined variable get a wavy line."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._undefined: frozenset[str] = frozenset()
        theme().follow(self.rehighlight)

    def set_undefined(self, names: Collection[str]) -> None:
        """Root names of the variables that have no value."""
        if frozenset(names) != self._undefined:
            self._undefined = frozenset(names)
            self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        before = max(0, self.previousBlockState())
        if len(text) > _MOST_IN_A_LINE:
            self.setCurrentBlockState(before)
            return
        fenced = bool(before & _FENCED)
        if before & 7 in (TEXT, RAW):
            fenced = self._markdown(text, fenced)
        tokens, state = scan(text, before)
        self.setCurrentBlockState(state | _FENCED * fenced)
        bad = self._bad(text, tokens)
        for token in tokens:
            ink = _INKS.get(token.kind)
            if ink is None:
                continue
            wrong = any(region.start <= token.start and token.end <= region.end for region in bad)
            self.setFormat(
                token.start, token.end - token.start, ink_format("warn" if wrong else ink, wave=wrong, slanted=token.kind == "com")
            )

    def _markdown(self, text: str, fenced: bool) -> bool:
        found, fenced = marks(text, fenced=fenced)
        for start, end, kind in found:
            shape = QTextCharFormat()
            if kind in ("heading", "strong"):
                shape.setFontWeight(QFont.Weight.Bold)
            elif kind == "slanted":
                shape.setFontItalic(True)
            else:
                shape.setForeground(theme().color("accent" if kind == "link" else "text2"))
            self.setFormat(start, end - start, shape)
        return fenced

    def fills(self, block: QTextBlock) -> Iterator[tuple[int, int, str]]:
        """(start, end, colour token) of the chips behind a line."""
        if block.length() > _MOST_IN_A_LINE:
            return
        tokens, _state = scan(block.text(), block.previous().userState() if block.previous().isValid() else 0)
        bad = self._bad(block.text(), tokens)
        for token in tokens:
            fill = _FILLS.get("bad" if token in bad else token.kind)
            if fill:
                yield token.start, token.end, fill

    def _bad(self, text: str, tokens: list[Token]) -> list[Token]:
        if not self._undefined:
            return []
        reads = [token for token in tokens if token.kind == "name" and text[token.start : token.end].split(".")[0] in self._undefined]
        return [
            region
            for region in tokens
            if region.kind in ("var", "tag") and any(region.start <= token.start < region.end for token in reads)
        ]


def ink_format(ink: str, *, wave: bool = False, slanted: bool = False) -> QTextCharFormat:
    """The format of text in a colour token."""
    made = QTextCharFormat()
    made.setForeground(theme().color(ink))
    if wave:
        made.setUnderlineStyle(_WAVE)
        made.setUnderlineColor(theme().color(ink))
    if slanted:
        made.setFontItalic(True)
    return made


def paint_chips(painter: QPainter, block: QTextBlock, top_left: tuple[float, float], fills: Iterator[tuple[int, int, str]]) -> None:
    """Paint rounded chips behind stretches of a laid-out line, also where it wraps."""
    layout = block.layout()
    look = theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for start, end, token in fills:
        painter.setBrush(look.color(token))
        painter.setPen(look.color(token))
        for number in range(layout.lineCount()):
            line = layout.lineAt(number)
            first, last = max(start, line.textStart()), min(end, line.textStart() + line.textLength())
            if first >= last:
                continue
            x0, x1 = float(line.cursorToX(first)[0]), float(line.cursorToX(last)[0])  # type: ignore[index]
            rect = QRectF(top_left[0] + x0, top_left[1] + line.y(), x1 - x0, line.height())
            painter.drawRoundedRect(rect.adjusted(-1, 1, 1, -1), 3, 3)
    painter.restore()
