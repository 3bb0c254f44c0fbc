"""A progress bar in segments: what went well, what failed, what was left out, so that a run without any answer is never green."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar

from workbench.gui.theme import theme


class ShareBar(QProgressBar):
    """A progress bar whose filled part shows its shares, each in its colour, from the left."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextVisible(False)
        self.setProperty("kind", "run")
        self.shares: Sequence[tuple[int, str]] = ()
        """(count, colour token), from the left."""

    def show_shares(self, shares: Sequence[tuple[int, str]], total: int) -> None:
        """Show these counts of `total`; each that is not nothing gets at least two pixels."""
        self.shares = [share for share in shares if share[0] > 0]
        self.setUpdatesEnabled(False)  # Qt's own bar paints at once with each value, and all else that waits to be painted with it
        self.setMaximum(max(1, total))
        self.setValue(sum(count for count, _ in self.shares))
        self.setUpdatesEnabled(True)

    def segments(self, width: int) -> list[tuple[int, int, str]]:
        """(left, width, colour token) of each share in a bar of this width."""
        found, before = [], 0
        for count, token in self.shares:
            left = round(width * before / self.maximum())
            before += count
            end = round(width * before / self.maximum())
            found.append((min(left, width - 2), max(2, end - left), token))
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.fillRect(self.rect(), look.color("border-strong"))
        for left, width, token in self.segments(self.width()):
            painter.fillRect(QRect(left, 0, width, self.height()), look.color(token))
        painter.end()
