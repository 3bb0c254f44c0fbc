"""Time and cost of one call: a line for each call, a bold one at the median, a dashed one at the 95th percentile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPen

from workbench.gui.theme import theme
from workbench.gui.widgets.charts.chart import MIDDLE, RIGHT, Canvas, Chart, Look, Mark
from workbench.gui.words import call_money, counted, duration

if TYPE_CHECKING:
    from workbench.workspace import ColumnCalls

MOST_LINES = 400
"""Calls of one column that are drawn as lines: an even choice of them where there are more."""


class StripChart(Chart):
    """Two blocks of strips, seconds and dollars."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._calls: Sequence[ColumnCalls] = ()
        self._looks: Mapping[int, Look] = {}

    def show_calls(self, calls: Sequence[ColumnCalls], looks: Mapping[int, Look]) -> None:
        """Show these columns; those by hand have neither time nor cost."""
        self._calls, self._looks = [one for one in calls if not one.by_hand], looks
        self.renew()

    def least_width(self) -> int:
        return theme().px(300)

    def draw(self, canvas: Canvas) -> float:
        top = 0.0
        timed = [(one.column, one.milliseconds, one.time(0.5), one.time(0.95)) for one in self._calls]
        paid = [(one.column, one.dollars, one.cost(0.5), one.cost(0.95)) for one in self._calls]
        for number, (title, rows, words) in enumerate((("seconds", timed, duration), ("dollars", paid, _dollars))):
            if any(values for _, values, _, _ in rows):
                top = self._block(canvas, top, title, rows, words, number * len(self._calls))
        return top

    def _block(
        self, canvas: Canvas, top: float, title: str, rows: Sequence[tuple[int, Sequence[float], float | None, float | None]],
        words: Callable[[float | None], str], line: int,
    ) -> float:  # fmt: skip
        px = canvas.px
        canvas.text(QRectF(0, top, canvas.width, px(18)), title, "micro", "text2")
        top += px(18)
        step = px(29 if len(rows) < 7 else 22)
        name = min(canvas.longest([self._looks[column].title for column, *_ in rows]) + px(20), round(canvas.width * 0.27))
        right = min(
            canvas.longest([f"{words(half)} {words(most)}" for _, _, half, most in rows], "body", 600) + px(16), canvas.width * 0.42
        )
        start, end = name + px(6), canvas.width - right - px(6)
        longest = max((values[-1] for _, values, _, _ in rows if values), default=0.0) or 1.0
        tick = _tick(longest)
        count = max(1, int(longest / tick + 0.999))
        scale = (end - start) / (tick * count)
        bottom = top + step * len(rows)
        said = {number: words(tick * number) if number else "0" for number in range(count + 1)}
        every = next(
            each for each in (1, 2, count) if each == count or canvas.longest([*said.values()], "micro") + px(4) <= scale * tick * each
        )
        for number in range(count + 1):
            x = start + tick * number * scale
            canvas.line(x, top, x, bottom)
            if number % every == 0:
                canvas.text(QRectF(x - px(30), bottom, px(60), px(16)), said[number], "micro", "text2", align=MIDDLE)
        for number, (column, values, half, most) in enumerate(rows):
            area, look = QRectF(0, top + number * step, canvas.width, step), self._looks[column]
            canvas.column(QRectF(0, area.top(), name, step), look)
            self._strip(canvas, look, values, area, start, scale)
            for value, dashed in ((half, False), (most, True)):
                if value is not None and values[-1] > 0:
                    x = start + value * scale
                    canvas.line(x, area.top() + px(5), x, area.bottom() - px(5), "text", 2, dashed=dashed)
            second = words(most) if values and values[-1] > 0 else ""
            shown = canvas.longest([second], "body") + px(8) if second else 0
            place = QRectF(canvas.width - right, area.top(), right, step)
            canvas.text(place, second, "body", "text2", align=RIGHT)
            canvas.text(place.adjusted(0, 0, -shown, 0), words(half) or "unknown", "body", weight=600, align=RIGHT)
            spoken = f"{look.title}: half of {counted(len(values), 'call')} within {words(half) or 'unknown'}"
            spoken += f", 95 percent within {words(most) or 'unknown'}"
            canvas.place(Mark(line + number, f"{spoken} ({title})", (), column), area.adjusted(0, 1, 0, -1))
        return bottom + px(24)

    @staticmethod
    def _strip(canvas: Canvas, look: Look, values: Sequence[float], area: QRectF, start: float, scale: float) -> None:
        colour = QColor(theme().series(look.colour))
        colour.setAlpha(170)
        canvas.painter.setPen(QPen(colour, 1.2))
        step = max(1, len(values) // MOST_LINES)
        for value in values[::step]:
            x = start + value * scale
            canvas.painter.drawLine(QPointF(x, area.top() + canvas.px(9)), QPointF(x, area.bottom() - canvas.px(9)))


def _dollars(value: float | None) -> str:
    if value is None:
        return ""
    return f"${value:,.2f}" if value >= 0.1 else call_money(Decimal(str(value)))


def _tick(longest: float) -> float:
    """A round step that gives about four ticks."""
    power = 10.0 ** (len(str(int(longest))) if longest >= 1 else 1)
    while power > longest:
        power /= 10
    return next(power * part for part in (0.25, 0.5, 1, 2, 5) if longest / (power * part) <= 5)
