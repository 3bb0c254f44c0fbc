"""Rates with their intervals: a dot on a bar for each column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor

from workbench.gui.theme import theme
from workbench.gui.widgets.charts.chart import MIDDLE, RIGHT, Canvas, Chart, Look, Mark
from workbench.gui.words import percent
from workbench.quick_dataclass import dataclass

MANY = 6
"""From so many rows on they stand closer."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One row: a rate, its interval, and the words beside it."""

    column: int
    rate: float
    low: float
    high: float
    words: str
    """Below the rate, such as `46 of 50, 81 to 97`."""
    cases: tuple[int, ...] = ()
    named: str = ""


class IntervalChart(Chart):
    """Rows of rates on one axis."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._rows: Sequence[Rate] = ()
        self._looks: Mapping[int, Look] = {}

    def show_rates(self, rows: Sequence[Rate], looks: Mapping[int, Look]) -> None:
        """Show these rows."""
        self._rows, self._looks = rows, looks
        self.renew()

    def least_width(self) -> int:
        return theme().px(300)

    def draw(self, canvas: Canvas) -> float:
        px, rows = canvas.px, self._rows
        if not rows:
            return px(8)
        names = [self._looks[row.column].title for row in rows]
        left = min(canvas.longest(names) + px(20), round(canvas.width * 0.34))
        right = max(canvas.longest([row.words for row in rows], "small"), canvas.longest(["100%"], "body", 600)) + px(4)
        right = min(right, round(canvas.width * 0.4))
        start, end = left + px(8), canvas.width - right - px(14)
        lowest = min(0.8, floor(5 * min(row.low for row in rows)) / 5)
        step = px(50 if len(rows) < MANY else 40)
        bottom = px(4) + step * len(rows)

        def x(rate: float) -> float:
            return start + (end - start) * (rate - lowest) / (1 - lowest)

        ticks = [tick / 5 for tick in range(round(5 * lowest), 6)]
        if len(ticks) > 4:
            ticks = ticks[::-2][::-1]
        room = canvas.longest(["100%"], "micro") + px(4)
        before = end + 2.0 * room
        for tick in reversed(ticks):
            canvas.line(x(tick), 0, x(tick), bottom)
            if before - x(tick) < room:  # its words would lie on those of the one before
                continue
            before = x(tick)
            canvas.text(QRectF(x(tick) - px(24), bottom, px(48), px(18)), f"{round(100 * tick)}%", "micro", "text2", align=MIDDLE)
        for number, row in enumerate(rows):
            look, top = self._looks[row.column], px(4) + step * number
            middle = top + step / 2
            canvas.column(QRectF(0, top, left, step), look)
            colour = QColor(theme().series(look.colour))
            dot = QPointF(x(row.rate), middle)
            colour.setAlpha(100)
            canvas.fill(QRectF(x(row.low), middle - px(3), max(2.0, x(row.high) - x(row.low)), px(6)), colour, px(3))
            canvas.marker(dot, look, 12)
            area = QRectF(canvas.width - right, top, right, step)
            half = step / 2 - px(18)
            canvas.text(area.adjusted(0, half, 0, -step / 2), percent(row.rate), "body", weight=600, align=RIGHT)
            canvas.text(area.adjusted(0, step / 2, 0, -half), row.words, "small", "text2", align=RIGHT)
            spoken = f"{look.title}: {percent(row.rate)}, {row.words} percent"
            canvas.place(Mark(number, spoken, row.cases, row.column, row.named), QRectF(0, top + 2, canvas.width, step - 4))
        return bottom + px(20)
