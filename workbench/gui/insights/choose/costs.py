"""Total cost a month: hosted models rise with the calls, an own server costs the same until it is full; where they cross, it pays off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainterPath, QPen

from workbench.gui.theme import theme
from workbench.gui.widgets.charts.chart import LEFT, MIDDLE, RIGHT, Canvas, Chart, Mark

if TYPE_CHECKING:
    from workbench.workspace import choice

HEIGHT, MOST_HEIGHT = 230, 420
_POINTS = 240
_Spot = Callable[[float, float], QPointF]


class CostChart(Chart):
    """Lines over the calls of a month."""

    fills = True

    def __init__(self) -> None:
        super().__init__("Total cost a month")
        self._lines: Sequence[choice.Line] = ()
        self._calls = 0

    def show_lines(self, lines: Sequence[choice.Line], calls: int) -> None:
        """Show these ways to make so many calls a month."""
        self._lines, self._calls = lines, calls
        self.renew()

    def least_width(self) -> int:
        return theme().px(250)

    def draw(self, canvas: Canvas) -> float:
        from workbench.workspace import choice  # only when a model is chosen

        px = canvas.px
        crossings = [
            (one, other, at)
            for one in self._lines[:1] if one.server is None
            for other in self._lines if other.server is not None and (at := choice.break_even(one, other)) is not None
        ]  # fmt: skip
        far = [at for _, _, at in crossings if at <= 20 * max(1, self._calls)]
        most_calls = _round_up(max([2.5 * max(1, self._calls), *(1.2 * at for at in far)]))
        most_cost = _round_up(max([choice.monthly(line, most_calls) for line in self._near(most_calls)] or [1.0]))
        below = px(24) * len(self._lines) + px(10)
        height = max(px(HEIGHT), min(self.room() - below, px(MOST_HEIGHT)))
        left, right, top, bottom = px(50), canvas.width - px(8), px(10), height - px(20)

        def spot(calls: float, cost: float) -> QPointF:
            return QPointF(left + (right - left) * calls / most_calls, bottom - (bottom - top) * cost / most_cost)

        for part in range(4):
            cost = most_cost * part / 3
            y = spot(0, cost).y()
            canvas.line(left, y, right, y)
            canvas.text(QRectF(0, y - px(9), left - px(6), px(18)), _dollars(cost), "micro", "text2", align=RIGHT)
            calls = most_calls * part / 3
            align, shift = (LEFT, 0) if part == 0 else (RIGHT, px(60)) if part == 3 else (MIDDLE, px(30))
            canvas.text(
                QRectF(spot(calls, 0).x() - shift, bottom + px(2), px(60), px(16)), choice.calls_words(calls), "micro", "text2", align=align
            )
        now = spot(self._calls, 0).x()
        canvas.line(now, top, now, bottom, "text2", 1.5)
        canvas.painter.save()
        canvas.painter.setClipRect(QRectF(left, top, right - left, bottom - top + 2))  # a dear model leaves at the top
        for number, line in enumerate(self._lines):
            self._line(canvas, line, number, most_calls, spot)
        canvas.painter.restore()
        words = f"now {choice.calls_words(self._calls)}"
        area = QRectF(now + px(4), bottom - px(20), canvas.longest([words], "micro") + px(4), px(16))
        canvas.fill(area, theme().color("surface"))
        canvas.text(area, words, "micro", "text2")
        for _, other, at in crossings:
            if at <= most_calls:
                self._crossing(canvas, spot(at, choice.monthly(other, at)), choice.calls_words(at))
        return self._legend(canvas, height + px(6))

    def _near(self, calls: float) -> list[choice.Line]:
        """The lines that set the height: not those that cost many times what the cheapest does."""
        from workbench.workspace import choice  # as above

        costs = {id(line): choice.monthly(line, calls) for line in self._lines}
        least = min((cost for cost in costs.values() if cost > 0), default=1.0)
        near = [line for line in self._lines if costs[id(line)] <= 6 * least]
        return near or list(self._lines)

    def _line(self, canvas: Canvas, line: choice.Line, number: int, most_calls: float, spot: _Spot) -> None:
        from workbench.workspace import choice  # as above

        path = QPainterPath(spot(0, choice.monthly(line, 0)))
        for at in range(1, _POINTS + 1):
            calls = most_calls * at / _POINTS
            path.lineTo(spot(calls, choice.monthly(line, calls)))
        canvas.painter.setPen(_pen(line, number))
        canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
        canvas.painter.drawPath(path)

    @staticmethod
    def _crossing(canvas: Canvas, at: QPointF, words: str) -> None:
        look, px = theme(), canvas.px
        canvas.painter.setPen(QPen(look.color("text"), 1.6))
        canvas.painter.setBrush(look.color("surface"))
        canvas.painter.drawEllipse(at, px(4), px(4))
        canvas.text(QRectF(at.x() - px(56), at.y() - px(20), px(52), px(16)), words, "micro", weight=600, align=RIGHT)

    def _legend(self, canvas: Canvas, top: float) -> float:
        from workbench.workspace import choice  # as above

        px = canvas.px
        for number, line in enumerate(self._lines):
            area = QRectF(0, top + number * px(24), canvas.width, px(24))
            canvas.painter.setPen(_pen(line, number))
            canvas.painter.drawLine(QPointF(0, area.center().y()), QPointF(px(18), area.center().y()))
            cost = _dollars(choice.monthly(line, self._calls))
            wide = canvas.longest([cost], "body", 600) + px(8)
            name = (
                line.title
                if line.server is not None and line.candidate is None
                else f"{'Own server' if line.server else 'Hosted'}, {line.title}"
            )
            canvas.text(area.adjusted(px(25), 0, -wide, 0), name, "body")
            canvas.text(area, cost, "body", weight=600, align=RIGHT)
            canvas.place(Mark(number, f"{name}: {cost} a month at {self._calls:,} calls"), area)
        return top + px(24) * len(self._lines) + px(4)


def _pen(line: choice.Line, number: int) -> QPen:
    look = theme()
    colour = QColor(look.color("text2") if line.candidate is None else look.series(line.candidate.colour))
    pen = QPen(colour, 2)
    if line.server is not None:
        pen.setDashPattern([4, 2] if number % 2 else [1.5, 1.5])
    return pen


def _round_up(value: float) -> float:
    """The next number that three equal steps divide well."""
    if value <= 0:
        return 3.0
    power = 10.0 ** floor(log10(value))
    return float(next(part * power for part in (1.5, 3.0, 6.0, 9.0, 15.0) if part * power >= value * (1 - 1e-9)))


def _dollars(cost: float) -> str:
    if cost >= 10_000:
        return f"${cost / 1000:,.0f}k"
    return f"${ceil(cost - 0.5):,}" if cost >= 10 else f"${cost:.2f}" if cost else "$0"
