"""Colours of the template language and of Markdown in a text document, and the chips painted behind it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QFont, QPainter, QSyntaxHighlighter, QTextBlock, QTextCharFormat, QTextDocument, QTextLayout

from workbench.gui import keys_first
from workbench.gui.theme import theme
from workbench.gui.widgets.jinja_tokens import RAW, TEXT, Token, scan
from workbench.gui.widgets.markdown_tokens import marks
from workbench.gui.widgets.units import as_units

_INKS = {"var": "jvar", "tag": "jtag", "com": "jcom", "fil": "jfil", "str": "jstr"}
_FILLS = {"var": "jvar-bg", "tag": "jtag-bg", "bad": "warn-soft"}
_FENCED = 1 << 20
"""The bit of a line's state that says: it stands in Markdown's fence of code. The template language keeps the bits below."""
_MOST_IN_A_LINE = 20_000
_AT_ONCE = 40
"""Lines that are coloured at once when a text is shown: as many as are seen."""
_AT_A_KEY = 8
"""Lines that are coloured at once when it is edited. An open `{{` may change the colours of thousands: they follow bit by bit."""
_SLICE_S = 0.0015
"""How long those that follow are coloured at a stretch: a key that comes in that moment waits for it."""
_MOST_KEPT = 2000
"""Lines whose chips are not looked for again: a key paints all lines that are seen, and most of them are as they were."""
_WAVE = QTextCharFormat.UnderlineStyle.WaveUnderline


class JinjaHighlighter(QSyntaxHighlighter):
    """Colours regions, filters, strings and comments; expressions that read an undefined variable get a wavy line."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._undefined: frozenset[str] = frozenset()
        self._chips: dict[tuple[str, int, float, str], list[tuple[QRectF, str]]] = {}
        self._done = 0
        self._waiting: tuple[int, int, int] | None = None
        """First and last line that wait for their colours, and how many lines there were then."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)
        theme().follow(self._all_again)

    def set_undefined(self, names: Collection[str]) -> None:
        """Root names of the variables that have no value."""
        if frozenset(names) != self._undefined:
            self._undefined = frozenset(names)
            self._all_again()

    def highlightBlock(self, text: str) -> None:
        block = self.currentBlock()
        self._done += 1
        self._start()
        if self._done > (_AT_A_KEY if keys_first.painting() else _AT_ONCE):
            self._wait(block.blockNumber(), block.blockNumber())
            self.setCurrentBlockState(block.userState())
            ranges = block.layout().formats()
        else:
            ranges, state = self._ranges(as_units(text), max(0, self.previousBlockState()))
            self.setCurrentBlockState(state)
        for stretch in ranges:
            self.setFormat(stretch.start, stretch.length, stretch.format)

    def _all_again(self) -> None:
        self._chips.clear()
        if self.document() is not None:
            self._wait(0, self.document().blockCount() - 1)
            self._start()

    def _start(self) -> None:
        if not self._timer.isActive():
            self._timer.start(0)

    def _wait(self, first: int, last: int) -> None:
        if self._waiting is not None:
            first, last = min(first, self._waiting[0]), max(last, self._waiting[1])
        self._waiting = (first, last, self.document().blockCount())

    def _go_on(self) -> None:
        """Colour the next lines that wait. Written past `rehighlightBlock`, which would lay the whole text out again after each line."""
        self._done = 0  # also afterwards: a line that is typed meanwhile has its colours at once
        if self._waiting is not None and keys_first.painting():
            self._timer.start(keys_first.BREATH_MS)
            return
        waiting, self._waiting = self._waiting, None
        if waiting is None or self.document() is None:
            return
        first, last, lines = waiting
        moved = abs(self.document().blockCount() - lines)
        first, last = max(0, first - moved), last + moved
        block, more = self.document().findBlockByNumber(first), True
        changed: list[int] = []
        until = time.perf_counter() + _SLICE_S
        while block.isValid() and more and time.perf_counter() < until:
            before = block.previous().userState() if block.previous().isValid() else 0
            ranges, state = self._ranges(as_units(block.text()), max(0, before))
            if block.layout().formats() != ranges:
                block.layout().setFormats(ranges)
                changed += [block.position(), block.position() + block.length()]
            more = block.blockNumber() < last or state != block.userState()
            block.setUserState(state)
            block = block.next()
        if changed:
            self._lay_out(changed[0], changed[-1])
        if more and block.isValid():
            self._wait(block.blockNumber(), max(last, block.blockNumber()))
            self._timer.start(keys_first.BREATH_MS)

    def _lay_out(self, start: int, end: int) -> None:
        """Let a stretch of the text be laid out and painted anew. Nobody else is told: the text itself is as it was, and this highlighter
        would colour the same lines once more."""
        held = self.document().blockSignals(True)
        self.document().markContentsDirty(start, end - start)
        self.document().blockSignals(held)

    def _ranges(self, text: str, before: int) -> tuple[list[QTextLayout.FormatRange], int]:
        """The colours of a line that begins in a state, and the state that it ends in."""
        if len(text) > _MOST_IN_A_LINE:
            return [], before
        found: list[QTextLayout.FormatRange] = []
        fenced = bool(before & _FENCED)
        if before & 7 in (TEXT, RAW):
            fenced = self._markdown(text, fenced, found)
        tokens, state = scan(text, before)
        bad = self._bad(text, tokens)
        for token in tokens:
            ink = _INKS.get(token.kind)
            if ink is None:
                continue
            wrong = any(region.start <= token.start and token.end <= region.end for region in bad)
            shape = ink_format("warn" if wrong else ink, wave=wrong, slanted=token.kind == "com")
            found.append(_range(token.start, token.end, shape))
        return _flat(found), state | _FENCED * fenced

    def _markdown(self, text: str, fenced: bool, found: list[QTextLayout.FormatRange]) -> bool:
        stretches, fenced = marks(text, fenced=fenced)
        for start, end, kind in stretches:
            shape = QTextCharFormat()
            if kind in ("heading", "strong"):
                shape.setFontWeight(QFont.Weight.Bold)
            elif kind == "slanted":
                shape.setFontItalic(True)
            else:
                shape.setForeground(theme().color("accent" if kind == "link" else "text2"))
            found.append(_range(start, end, shape))
        return fenced

    def chips(self, block: QTextBlock) -> list[tuple[QRectF, str]]:
        """Where the chips behind a laid-out line lie, from its own corner and also where it wraps, and their colour tokens."""
        before = block.previous().userState() if block.previous().isValid() else 0
        text, layout = as_units(block.text()), block.layout()
        key = (text, before, self.document().textWidth(), self.document().defaultFont().key())
        found = self._chips.get(key)
        if found is None:
            found = _laid_out(layout, self._fills(text, before))
            if self._waiting is None and not layout.preeditAreaText():  # a line may be bold yet, or hold more than its text
                if len(self._chips) >= _MOST_KEPT:
                    self._chips.clear()
                self._chips[key] = found
        return found

    def _fills(self, text: str, before: int) -> Iterator[tuple[int, int, str]]:
        if len(text) >= _MOST_IN_A_LINE:
            return
        tokens, _state = scan(text, before)
        bad = self._bad(text, tokens)
        for token in tokens:
            fill = _FILLS.get("bad" if token in bad else token.kind)
            if fill:
                yield token.start, token.end, fill

    def _bad(self, text: str, tokens: Iterable[Token]) -> list[Token]:
        if not self._undefined:
            return []
        reads = [token for token in tokens if token.kind == "name" and text[token.start : token.end].split(".")[0] in self._undefined]
        return [
            region
            for region in tokens
            if region.kind in ("var", "tag") and any(region.start <= token.start < region.end for token in reads)
        ]


def _range(start: int, end: int, shape: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, end - start, shape
    return made


def _flat(ranges: list[QTextLayout.FormatRange]) -> list[QTextLayout.FormatRange]:
    """The stretches without overlaps, the later ones above the earlier ones: a layout takes no others."""
    flat: list[QTextLayout.FormatRange] = []
    for above in ranges:
        end, kept = above.start + above.length, []
        for below in flat:
            below_end = below.start + below.length
            if below.start < above.start:
                kept.append(_range(below.start, min(below_end, above.start), below.format))
            if below_end > end:
                kept.append(_range(max(below.start, end), below_end, below.format))
        flat = [*kept, above]
    return sorted(flat, key=lambda stretch: stretch.start)


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


def paint_chips(painter: QPainter, chips: Iterable[tuple[QRectF, str]], top_left: tuple[float, float]) -> None:
    """Paint rounded chips behind stretches of a line whose corner lies there."""
    look = theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)  # an edge of its own would cost as much again
    painter.translate(*top_left)
    for rect, token in chips:
        painter.setBrush(look.color(token))
        painter.drawRoundedRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5), 3.5, 3.5)
    painter.restore()


def _laid_out(layout: QTextLayout, fills: Iterable[tuple[int, int, str]]) -> list[tuple[QRectF, str]]:
    found = []
    for start, end, token in fills:
        for number in range(layout.lineCount()):
            line = layout.lineAt(number)
            first, last = max(start, line.textStart()), min(end, line.textStart() + line.textLength())
            if first >= last:
                continue
            x0, x1 = float(line.cursorToX(first)[0]), float(line.cursorToX(last)[0])  # type: ignore[index]
            found.append((QRectF(x0, line.y(), x1 - x0, line.height()).adjusted(-1, 1, 1, -1), token))
    return found
