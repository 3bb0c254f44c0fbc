"""Text of a cell broken into a few lines, kept per text, width and font: the dear part of painting a grid is done once."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Hashable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QStaticText, QTextLayout, QTextOption

from workbench.gui.widgets.units import in_units
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
    lefts: tuple[float, ...] = ()
    """How far from the left each line begins: lines written from right to left end at the left. Empty: all of them at the left."""

    def draw(self, painter: QPainter, x: float, y: float, line_height: float) -> None:
        """Draw with the painter's own font and pen."""
        lefts = self.lefts
        for number, line in enumerate(self.lines):
            painter.drawStaticText(QPointF(x + (lefts[number] if lefts else 0), y + number * line_height), line)

    def caret(self, gap: int, wide: int) -> float:
        """Where the caret of a growing text stands, from the left."""
        return self.lefts[-1] - gap - wide if self.lefts else self.last_width + gap

    def spans(self, number: int, start: int, end: int, font: QFont) -> list[tuple[int, int]]:
        """From where to where, in pixels from the left, a stretch of the letters of a line reaches: more than one where directions mix."""
        text = self.lines[number].text()
        if not self.lefts and not has_right_to_left(text):
            metrics = QFontMetricsF(font)
            return [(round(metrics.horizontalAdvance(text[:start])), round(metrics.horizontalAdvance(text[:end])))]
        layout = QTextLayout(text, font)
        option = QTextOption()
        option.setTextDirection(Qt.LayoutDirection.RightToLeft if self.lefts else Qt.LayoutDirection.LeftToRight)
        option.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
        layout.setTextOption(option)
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        left = self.lefts[number] if self.lefts else 0.0
        boxes = [run.boundingRect() for run in layout.glyphRuns(in_units(text[:start]), in_units(text[start:end]))]
        return [(round(left + box.left()), round(left + box.right())) for box in boxes]


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
            ended = rest.rstrip(" .…") + "…"  # a sentence that ended and goes on: three dots, not four
            last = ended if metrics.horizontalAdvance(ended) <= width else last
        texts[-1] = last
    last_width = metrics.horizontalAdvance(texts[-1]) if texts else 0.0
    turned = begins_right(shown)
    lefts = tuple(max(0.0, width - metrics.horizontalAdvance(line)) for line in texts) if turned else ()
    lines_made = [_static(line, font, turned=turned) for line in texts]
    return Excerpt(lines_made, last_width, cut or more, tuple(start for start, _ in spans), lefts)


def begins_right(text: str) -> bool:
    """True for a text whose first letter with a direction is written from right to left."""
    if text.isascii():
        return False
    return next((kind != "L" for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), False)


def has_right_to_left(text: str) -> bool:
    """True where any letter is written from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)


def _static(text: str, font: QFont, *, turned: bool = False) -> QStaticText:
    made = QStaticText(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if turned:
        option = QTextOption()
        option.setTextDirection(Qt.LayoutDirection.RightToLeft)
        option.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
        made.setTextOption(option)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    made.prepare(font=font)
    return made
