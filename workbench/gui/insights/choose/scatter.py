"""Quality against cost: each model at what a thousand calls cost and how many answers passed, with the line of the best for the money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor, log10
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from workbench.gui.insights.choose.scores import money
from workbench.gui.theme import theme
from workbench.gui.widgets.charts.chart import MIDDLE, RIGHT, Canvas, Chart, Look, Mark
from workbench.gui.words import percent

if TYPE_CHECKING:
    from workbench.workspace import choice

HEIGHT = 330
_STEPS = (1.0, 2.0, 5.0)


class Scatter(Chart):
    """A log axis of cost below, the pass rate at the left. A model that costs nothing stands at the left edge."""

    fills = True

    def __init__(self) -> None:
        super().__init__("Quality against cost")
        self._rows: Sequence[choice.Candidate] = ()
        self._line: Sequence[choice.Candidate] = ()

    def show_candidates(self, candidates: Sequence[choice.Candidate]) -> None:
        """Show those of which cost and pass rate are known."""
        from workbench.workspace import choice  # only when a model is chosen

        self._rows = sorted(
            (one for one in candidates if one.per_thousand is not None and one.rate is not None),
            key=lambda one: (one.per_thousand, one.title),
        )
        self._line = choice.best_for_money(self._rows)
        self.renew()

    def least_width(self) -> int:
        return theme().px(300)

    def draw(self, canvas: Canvas) -> float:
        px, rows = canvas.px, self._rows
        if not rows:
            canvas.text(QRectF(0, 0, canvas.width, px(40)), "No model has both a price and checked answers.", "body", "text2")
            return px(40)
        legend = self._legend(canvas)
        left, right, top, bottom = px(42), canvas.width - px(10), legend + px(8), max(px(HEIGHT), self.room()) - px(40)
        lowest = min(one.low if one.low is not None else one.rate or 0.0 for one in rows)
        floor_rate = max(0.0, min(0.95, floor(lowest * 20) / 20))
        paid = [one.per_thousand for one in rows if one.per_thousand]
        ticks = _ticks(min(paid, default=1.0), max(paid, default=1.0))
        first, last = log10(ticks[0]), log10(ticks[-1])
        free = any(not one.per_thousand for one in rows)
        start = left + (px(46) if free else px(6))

        def x(cost: float | None) -> float:
            return left + px(16) if not cost else start + (right - start) * (log10(cost) - first) / (last - first)

        def y(rate: float) -> float:
            return bottom - (bottom - top) * (rate - floor_rate) / (1 - floor_rate)

        step = 0.05 if 1 - floor_rate <= 0.25 else 0.1 if 1 - floor_rate <= 0.5 else 0.25
        rate = 1.0
        while rate >= floor_rate - 1e-9:
            canvas.line(left, y(rate), right, y(rate))
            canvas.text(QRectF(0, y(rate) - px(9), left - px(6), px(18)), f"{round(100 * rate)}%", "micro", "text2", align=RIGHT)
            rate -= step
        for tick in ticks:
            canvas.text(QRectF(x(tick) - px(30), bottom + px(2), px(60), px(16)), _dollars(tick), "micro", "text2", align=MIDDLE)
        if free:
            canvas.text(QRectF(left - px(8), bottom + px(2), px(48), px(16)), "free", "micro", "text2", align=MIDDLE)
        canvas.text(QRectF(left, bottom + px(18), right - left, px(18)), "cost per 1,000 calls, log scale", "small", "text2", align=RIGHT)
        points = {one.key: QPointF(x(one.per_thousand), y(one.rate or 0.0)) for one in rows}
        self._steps(canvas, [points[one.key] for one in self._line], right)
        self._points(canvas, points, y, QRectF(left, top, right - left, bottom - top))
        return bottom + px(38)

    def _steps(self, canvas: Canvas, points: Sequence[QPointF], right: float) -> None:
        for one, other in zip(points, [*points[1:], None], strict=True):
            end = other.x() if other is not None else right
            canvas.line(one.x(), one.y(), end, one.y(), "text2", 1.5, dashed=True)
            if other is not None:
                canvas.line(end, one.y(), end, other.y(), "text2", 1.5, dashed=True)

    def _points(self, canvas: Canvas, points: dict[str, QPointF], y: Callable[[float], float], area: QRectF) -> None:
        px, look, taken = canvas.px, theme(), list[QRectF]()
        best = {one.key for one in self._line}
        for at in points.values():
            taken.append(QRectF(at.x() - px(7), at.y() - px(7), px(14), px(14)))
        for one in self._rows:
            if one.low is not None and one.high is not None:
                colour = QColor(look.series(one.colour))
                colour.setAlpha(120)
                canvas.painter.setPen(QPen(colour, 1.5))
                canvas.painter.drawLine(QPointF(points[one.key].x(), y(one.low)), QPointF(points[one.key].x(), y(one.high)))
        for number, one in enumerate(self._rows):
            at, name = points[one.key], canvas.short(one.title, px(150), "small")
            canvas.marker(at, Look(0, one.title, one.place, one.colour, 0 if one.key in best else 1), 12)
            wide, high = canvas.longest([name], "small", 500) + px(2), px(16)
            spots = [
                QRectF(at.x() + px(9), at.y() - high / 2, wide, high), QRectF(at.x() - px(9) - wide, at.y() - high / 2, wide, high),
                QRectF(at.x() - wide / 2, at.y() - px(9) - high, wide, high), QRectF(at.x() - wide / 2, at.y() + px(9), wide, high),
                QRectF(at.x() + px(8), at.y() - px(8) - high, wide, high), QRectF(at.x() + px(8), at.y() + px(8), wide, high),
            ]  # fmt: skip
            spot = next((spot for spot in spots if area.contains(spot) and not any(spot.intersects(other) for other in taken)), None)
            if spot is not None:
                taken.append(spot)
                canvas.fill(spot.adjusted(-1, 1, 0, -1), look.color("surface"))
                canvas.text(spot, name, "small", weight=500)
            interval = (
                f", {round(100 * one.low)} to {round(100 * one.high)} percent" if one.low is not None and one.high is not None else ""
            )
            place = "best for the money" if one.key in best else "beaten on both"
            spoken = f"{one.title}: {percent(one.rate)} passed{interval}, {money(one.per_thousand)} for 1,000 calls, {place}"
            canvas.place(Mark(0, spoken, (number,), None, one.key), QRectF(at.x() - px(10), at.y() - px(10), px(20), px(20)))

    def _legend(self, canvas: Canvas) -> float:
        px = canvas.px
        canvas.line(0, px(9), px(20), px(9), "text2", 1.5, dashed=True)
        words = "best for the money"
        canvas.text(QRectF(px(25), 0, px(160), px(18)), words, "small", "text2")
        left = px(25) + canvas.longest([words], "small") + px(16)
        canvas.painter.setPen(QPen(theme().color("text2"), 1.6))
        canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
        canvas.painter.drawEllipse(QPointF(left + px(5), px(9)), px(4), px(4))
        canvas.text(QRectF(left + px(14), 0, px(140), px(18)), "beaten on both", "small", "text2")
        return px(18)


def _ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10 and so on, from below the lowest to above the highest; thinned where there are many."""
    power = floor(log10(low))
    found: list[float] = []
    while not found or found[-1] < high or len(found) < 2:
        for step in _STEPS:
            found.append(step * 10.0**power)
            if found[-1] >= high and len(found) > 1:
                break
        power += 1
    below = [at for at, tick in enumerate(found) if tick <= low]
    found = found[below[-1] if below else 0 :]
    if len(found) < 2:
        found.append(found[-1] * 2)
    if len(found) > 7:
        found = [tick for tick in found if f"{tick:e}".startswith("1.")] or found
        found = found if found[-1] >= high else [*found, found[-1] * 10]
        found = found if found[0] <= low else [found[0] / 10, *found]
    return found


def _dollars(tick: float) -> str:
    return f"${tick:,.0f}" if tick >= 1 else f"${tick:.6f}".rstrip("0")
