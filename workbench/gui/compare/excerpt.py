"""Text of a cell broken into a few lines, kept per text, width and font: the dear part of painting a grid is done once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Hashable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QStaticText, QTextLayout, QTextOption

from workbench.quick_dataclass import dataclass

_BLANK_LINES = re.compile(r"\s*\n\s*")
_SEPARATOR = "\u2028"


@dataclass(slots=True)
class Excerpt:
    """The first lines of a text, ready to draw."""

    lines: list[QStaticText]
    last_width: float
    """Where the last line ends: the caret of a growing text stands there."""
    cut: bool
    """True if there is more text than lines."""
    starts: tuple[int, ...] = ()
    """Where in the flat text each line begins."""

    def draw(self, painter: QPainter, x: float, y: float, line_height: float) -> None:
        """Draw with the painter's own font and pen."""
        for number, line in enumerate(self.lines):
            painter.drawStaticText(QPointF(x, y + number * line_height), line)


class Excerpts:
    """A store of excerpts that forgets the longest unused."""

    def __init__(self, kept: int = 3000) -> None:
        self._kept = kept
        self._found: OrderedDict[Hashable, Excerpt] = OrderedDict()

    def clear(self) -> None:
        """Forget all: the font changed."""
        self._found.clear()

    def get(self, key: Hashable, text: str, font: QFont, width: int, lines: int, *, more: bool = False) -> Excerpt:
        """The excerpt of a text; `key` names the text (an output and its length), `more` says that it goes on beyond `text`."""
        whole = (key, width, lines)
        return self._known(whole) or self._keep(whole, break_lines(text, font, width, lines, more=more))

    def growing(self, key: Hashable, text: str, font: QFont, width: int, lines: int) -> Excerpt:
        """The excerpt of a text that still grows: once its lines are full it is not broken again."""
        whole = (key, width, lines)
        found = self._known(whole)
        if found is None:
            found = break_lines(text, font, width, lines)
            if found.cut:
                self._keep(whole, found)
        return found

    def _known(self, whole: Hashable) -> Excerpt | None:
        found = self._found.get(whole)
        if found is not None:
            self._found.move_to_end(whole)
        return found

    def _keep(self, whole: Hashable, made: Excerpt) -> Excerpt:
        self._found[whole] = made
        if len(self._found) > self._kept:
            self._found.popitem(last=False)
        return made


def flat(text: str) -> str:
    """A text as it is broken into lines: without blank lines and blanks at its ends."""
    return _BLANK_LINES.sub("\n", text.strip()).replace("\n", _SEPARATOR)


def break_lines(text: str, font: QFont, width: int, lines: int, *, more: bool = False) -> Excerpt:
    """The first lines of a text at a width in pixels, the last one ended with an ellipsis where the text goes on."""
    if lines < 1 or width < 8:
        return Excerpt([], 0.0, bool(text))
    metrics = QFontMetricsF(font)
    # No letter is narrower than a quarter of an x in any usual font: text beyond that cannot be seen.
    limit = int(lines * width / max(1.0, metrics.averageCharWidth()) * 2) + 80
    shown = flat(text[:limit])
    more = more or len(text) > limit
    layout = QTextLayout(shown, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.setCacheEnabled(False)
    layout.beginLayout()
    spans: list[tuple[int, int]] = []
    cut = False
    while True:
        line = layout.createLine()
        if not line.isValid():
            break
        if len(spans) == lines:
            cut = True
            break
        line.setLineWidth(width)
        spans.append((line.textStart(), line.textLength()))
    layout.endLayout()
    if shown and max(shown) > "\uffff":  # Qt counts such a letter as two
        wide = [at + number for number, at in enumerate(at for at, letter in enumerate(shown) if letter > "\uffff")]
        ends = [(start - bisect_left(wide, start), start + length - bisect_left(wide, start + length)) for start, length in spans]
        spans = [(start, end - start) for start, end in ends]
    texts = [shown[start : start + length].rstrip(_SEPARATOR + " ") for start, length in spans]
    if spans and (cut or more) and len(spans) == lines:
        start = spans[-1][0]
        rest = shown[start:].split(_SEPARATOR, 1)[0]
        last = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)
        if last == rest:  # the line itself fits, what follows it does not
            last = metrics.elidedText(rest + " …" + "…" * 400, Qt.TextElideMode.ElideRight, width)
            last = rest + "…" if metrics.horizontalAdvance(rest + "…") <= width else last
        texts[-1] = last
    last_width = metrics.horizontalAdvance(texts[-1]) if texts else 0.0
    return Excerpt([_static(line, font) for line in texts], last_width, cut or more, tuple(start for start, _ in spans))


def _static(text: str, font: QFont) -> QStaticText:
    made = QStaticText(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    made.prepare(font=font)
    return made
