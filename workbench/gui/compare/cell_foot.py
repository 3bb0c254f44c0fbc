"""The foot of a cell: checks, which repeat it is, what is said of it beside others, its figures and its stars."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QPainter

from workbench.gui.cells import Shown, State, fitting_metrics, stars_of
from workbench.gui.compare.frame import Frame, stars_area, turn_areas
from workbench.gui.compare.repeats import agreement_words
from workbench.gui.theme import Theme
from workbench.gui.widgets.chip import FONT, chip_size, paint_chip
from workbench.gui.widgets.stars import COUNT, paint_stars

if TYPE_CHECKING:
    from workbench.gui.compare.differences import Difference
    from workbench.values import Score
    from workbench.workspace import Samples

    Told = tuple[Difference | None, Samples | None]

CUT_OFF = "cut off"
"""Said of an answer that reached its largest length."""


class CellFoot:
    """Paints below the answer of a finished cell."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme

    def paint(self, painter: QPainter, frame: Frame, shown: Shown, height: str, told: Told, *, large: bool, hover_star: int | None) -> None:
        """Paint all of it; in compact rows the checks stand in the one line of the foot."""
        theme, cell = self.theme, shown.cell
        right = self._stars(painter, frame, stars_of(cell), large=large, hover_star=hover_star)
        x = self.turn(painter, frame, shown, height)
        if height == "compact":
            used = self._chips(painter, x, frame.foot.center().y() - chip_size("x").height() // 2, right - x, cell.scores)
            x += used + (theme.px(6) if used else 0)
        else:
            self._chips(painter, frame.x, frame.chips_top, frame.width, cell.scores)
        self._figures(painter, frame, shown, told, x, right)

    def turn(self, painter: QPainter, frame: Frame, shown: Shown, height: str) -> int:
        """Which repeat this is, between the arrows that turn to its neighbours; returns the x from which the foot has room."""
        theme, words = self.theme, turn_words(shown)
        areas = turn_areas(theme, frame, shown.state, height, words) if shown.repeats > 1 else None
        if areas is None:
            return frame.x
        back, between, on = areas
        for area, icon in ((back, "chevron-left"), (on, "chevron-right")):
            at = QPointF(area.center().x() - theme.px(12) / 2 + 1, area.center().y() - theme.px(12) / 2 + 1)
            painter.drawPixmap(at, theme.pixmap(icon, "text2", 12))
        painter.setFont(theme.font("micro"))
        painter.setPen(theme.color("text2"))
        painter.drawText(between, int(Qt.AlignmentFlag.AlignCenter), words)
        return on.right() + 1 + theme.px(2)

    def beside_turn(self, painter: QPainter, frame: Frame, shown: Shown, height: str, samples: Samples | None) -> None:
        """What the repeats of a cell without an answer here say together: others of them may have answered."""
        words = agreement_words(samples) if samples is not None else ""
        areas = turn_areas(self.theme, frame, shown.state, height, turn_words(shown))
        if words and areas is not None and frame.x + self.theme.width(words, "micro", 500) < areas[0].x():
            small(self.theme, painter, frame.x, areas[0].center().y() + 1, areas[0].x(), words, "text2", 500)

    def _stars(self, painter: QPainter, frame: Frame, value: int | None, *, large: bool, hover_star: int | None) -> int:
        """Draw the stars; returns the x up to which the foot has room."""
        theme = self.theme
        area = stars_area(theme, frame, large=large)
        if large:
            slot = area.width() / COUNT
            size = 15
            gap = (slot - theme.px(size)) / (theme.percent / 100)
            left = QPoint(area.x() + round((slot - theme.px(size)) / 2), area.center().y())
            paint_stars(painter, left, hover_star or value, size=size, gap=gap)
        else:
            paint_stars(painter, QPoint(area.x(), area.center().y()), value, gap=0)
        return area.x() - theme.px(6)

    def _figures(self, painter: QPainter, frame: Frame, shown: Shown, told: Told, x: int, right: int) -> None:
        theme, cell = self.theme, shown.cell
        middle = frame.foot.center().y() + 1
        difference, samples = told
        said = (difference.words if difference is not None else "", agreement_words(samples) if samples is not None else "")
        for words in filter(None, said):
            if x + theme.width(words, "micro", 500) <= right:
                x = small(theme, painter, x, middle, right, words, "pass" if words in ("same", "all alike") else "text2", 500) + theme.px(8)
        if shown.state is State.REUSED and x + theme.px(14) < right:
            painter.drawPixmap(QPointF(x, middle - theme.px(13) / 2), theme.pixmap("archive-restore", "info", 13))
            x += theme.px(16)
            if x + theme.width("reused", "micro") < right:  # half the word says less than its picture
                x = small(theme, painter, x, middle, right, "reused", "info") + theme.px(8)
        if cell.verdict and x + theme.px(14) < right:
            icon, token = ("check", "pass") if cell.verdict == "pass" else ("x", "fail")
            painter.drawPixmap(QPointF(x, middle - theme.px(13) / 2), theme.pixmap(icon, token, 13))
            x += theme.px(16)
        if cell.differ and x + theme.px(14) < right:
            painter.drawPixmap(QPointF(x, middle - theme.px(13) / 2), theme.pixmap("git-compare", "warn", 13))
            x += theme.px(16)
        if cell.note and x + theme.px(14) < right:
            painter.drawPixmap(QPointF(x, middle - theme.px(12) / 2), theme.pixmap("pencil", "text3", 12))
            x += theme.px(16)

        def width(text: str, gap: int = theme.px(6)) -> int:
            return theme.width(text, "micro") + 1 + gap  # a pixel for what the width was rounded by: else the last digit is elided

        if cell.finish_reason == "length" and x + width(CUT_OFF, 0) <= right:
            small(theme, painter, x, middle, right, CUT_OFF, "warn", 500)
            x += width(CUT_OFF)
        gaps = (theme.px(6), theme.px(4), theme.px(3))  # closer together where one more then fits
        tried = [(fitting_metrics(cell, right - x + gap, partial(width, gap=gap)), gap) for gap in gaps]
        parts, gap = max(tried, key=lambda pair: len(pair[0]))
        for part in parts:
            small(theme, painter, x, middle, right, part, "text3")
            x += width(part, gap)

    def _chips(self, painter: QPainter, x: int, top: int, room: int, scores: tuple[Score, ...]) -> int:
        """Failed checks first, then as many passed ones as fit, then a count; returns the width used."""
        theme, start = self.theme, x
        order = sorted((score for score in scores), key=lambda score: (not score.failed, score.passed is not True))
        gap = theme.px(4)
        for number, score in enumerate(order):
            left = len(order) - number
            kind, icon = ("pass", "check") if score.passed else ("fail", "x") if score.failed else ("plain", "minus")
            size = chip_size(score.check.title, kind=kind, icon=icon)
            width = size.width()
            rest = chip_size(f"+{left - 1}").width() + gap if left > 1 else 0
            if x - start + width + rest > room:
                short = room - (x - start) - rest
                if number == 0 and short > theme.px(60):
                    title = theme.elided(score.check.title, short - theme.px(28), *FONT)
                    paint_chip(painter, QRect(x, top, short, size.height()), title, kind=kind, icon=icon)
                    x += short + gap
                    if left > 1:
                        x = self._count(painter, x, top, left - 1)
                elif x - start + chip_size(f"+{left}").width() <= room:
                    x = self._count(painter, x, top, left)
                return x - start
            paint_chip(painter, QRect(x, top, width, size.height()), score.check.title, kind=kind, icon=icon)
            x += width + gap
        return max(0, x - start - gap)

    @staticmethod
    def _count(painter: QPainter, x: int, top: int, number: int) -> int:
        size = chip_size(f"+{number}")
        paint_chip(painter, QRect(QPoint(x, top), size), f"+{number}")
        return x + size.width()


def small(theme: Theme, painter: QPainter, x: int, middle: int, right: int, text: str, token: str, weight: int | None = None) -> int:
    """A few words of small text from x; returns where they end."""
    painter.setFont(theme.font("micro", weight))
    painter.setPen(theme.color(token))
    elided = theme.elided(text, max(0, right - x), "micro", weight)
    height = theme.height("micro", weight)
    painter.drawText(QRect(x, middle - height // 2, max(0, right - x), height), int(Qt.AlignmentFlag.AlignVCenter), elided)
    return x + theme.width(elided, "micro", weight)


def turn_words(shown: Shown) -> str:
    """`2 of 3`: which repeat a cell shows."""
    return f"{shown.cell.repeat} of {shown.repeats}"
