"""A line of words of which some are heavier, painted: labels take either plain text or markup, and markup is not wanted here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.theme import theme

Piece = tuple[str, bool]


class SumLine(QWidget):
    """`3 prompts × 4 models = 12 calls` with the figures heavier; wraps where the room ends."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: Sequence[Piece] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def say(self, pieces: Sequence[Piece]) -> None:
        """Show other pieces: (text, heavy)."""
        self._pieces = pieces
        self.setAccessibleName("".join(text for text, _ in pieces))
        self.updateGeometry()
        self.update()

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(text for text, _ in self._pieces)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(380), self.heightForWidth(max(self.width(), theme().px(380))))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(200), theme().line("section"))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._walk(width, None)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(theme().color("text"))
        self._walk(self.width(), painter)
        painter.end()

    def _walk(self, width: int, painter: QPainter | None) -> int:
        look = theme()
        line = look.line("section") + 2
        x, y = 0.0, 0
        for text, heavy in self._pieces:
            font = look.font("section", 600 if heavy else 400)
            metrics = QFontMetricsF(font)
            for word in [text] if heavy else re.findall(r"\S+\s*|\s+", text):  # a figure and its unit stay together
                advance = metrics.horizontalAdvance(word)
                if x + metrics.horizontalAdvance(word.rstrip()) > width and x > 0:
                    x, y = 0.0, y + line
                    word = word.lstrip()
                if painter is not None:
                    painter.setFont(font)
                    painter.drawText(int(x), int(y + (line + metrics.ascent() - metrics.descent()) / 2), word)
                x += advance
        return y + line
