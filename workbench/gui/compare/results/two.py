"""Two columns case by case: how many both got right, one, or none, and which cases these are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen

from workbench.gui.theme import theme
from workbench.gui.widgets.charts.chart import MIDDLE, Canvas, Chart, Look, Mark
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import Pair

MOST = 8
"""Cases of each list that are shown; a last line opens all of them."""


class PairChart(Chart):
    """Four counts, then the cases that one or both got wrong."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._pair: Pair | None = None
        self._looks: tuple[Look, Look] | None = None
        self._names: Sequence[str] = ()
        self._failed: Callable[[int, int], Sequence[str]] = lambda _case, _column: ()

    def show_pair(self, pair: Pair, looks: tuple[Look, Look], names: Sequence[str], failed: Callable[[int, int], Sequence[str]]) -> None:
        """Show a pair; `failed` gives the checks that a case failed in a column."""
        self._pair, self._looks, self._names, self._failed = pair, looks, names, failed
        self.renew()

    def draw(self, canvas: Canvas) -> float:
        pair, looks = self._pair, self._looks
        if pair is None or looks is None:
            return canvas.px(8)
        first, second = looks
        counts = (
            (pair.both, "both right", None), (pair.only_first_wrong, f"only {first.title} wrong", pair.first),
            (pair.only_second_wrong, f"only {second.title} wrong", pair.second), (pair.neither, "both wrong", pair.first),
        )  # fmt: skip
        top = self._counts(canvas, counts, looks)
        line = 1
        for cases, title, column in counts[1:]:
            if cases and column is not None:
                more = ": look at the prompt or the case" if title == "both wrong" else ""
                top, line = self._list(canvas, top, line, cases, (f"{title[0].upper()}{title[1:]}, {len(cases):,}{more}", title), column)
        return top + canvas.px(4)

    def _counts(
        self, canvas: Canvas, counts: Sequence[tuple[tuple[int, ...], str, int | None]], looks: tuple[Look, Look]
    ) -> float:  # fmt: skip
        px = canvas.px
        height, width = px(46), (canvas.width - 1) / len(counts)
        canvas.painter.setPen(QPen(theme().color("border"), 1))
        canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
        canvas.painter.drawRoundedRect(QRectF(0.5, 0.5, canvas.width - 1, height), px(6), px(6))
        for number, (cases, title, column) in enumerate(counts):
            rect = QRectF(number * width, 0.5, width, height)
            if number:
                canvas.line(rect.left(), 1, rect.left(), height)
            canvas.text(rect.adjusted(2, px(4), -2, -px(20)), f"{len(cases):,}", "section", weight=600, align=MIDDLE)
            below = rect.adjusted(px(4), px(24), -px(4), -px(3))
            look = {1: looks[0], 2: looks[1]}.get(number)
            if look is not None and canvas.longest([title], "small") > below.width():  # the model gives way, not what tells it apart
                self._short_title(canvas, below, look)
            else:
                canvas.text(below, title, "small", "text2", align=MIDDLE)
            canvas.place(Mark(0, f"{counted(len(cases), 'case')}: {title}", cases, column, title.capitalize()), rect.adjusted(2, 2, -2, -2))
        return height + px(8)

    @staticmethod
    def _short_title(canvas: Canvas, rect: QRectF, look: Look) -> None:
        end = f"{f' {look.beside}' if look.beside else ''} wrong"
        room = rect.width() - canvas.px(13) - canvas.longest([end], "small")
        text = canvas.short(look.model, room, "small") + end
        left = rect.center().x() - (canvas.longest([text], "small") + canvas.px(13)) / 2
        canvas.marker(QPointF(left + canvas.px(4), rect.center().y()), look)
        canvas.text(QRectF(left + canvas.px(13), rect.top(), rect.right() - left, rect.height()), text, "small", "text2")

    def _list(self, canvas: Canvas, top: float, line: int, cases: Sequence[int], titles: tuple[str, str], column: int) -> tuple[float, int]:
        px, step = canvas.px, canvas.px(29)
        canvas.text(QRectF(0, top, canvas.width, px(22)), titles[0], "small", "text2", 600)
        top += px(22)
        for case in cases[:MOST]:
            area = QRectF(0, top, canvas.width, step)
            failed = tuple(self._failed(case, column))
            canvas.text(QRectF(0, top, px(34), step), str(case + 1), "small", "text2")
            words = ", ".join(failed[:2]) + (f" +{len(failed) - 2}" if len(failed) > 2 else "")
            chip = min(canvas.longest([words], "micro", 500) + px(28), round(canvas.width * 0.42)) if words else 0
            canvas.text(QRectF(px(34), top, canvas.width - px(64) - chip, step), self._names[case])
            if words:
                rect = QRectF(canvas.width - px(22) - chip, top + px(5), chip, step - px(10))
                canvas.fill(rect, theme().color("fail-soft"), px(4))
                canvas.icon("x", "fail", 10, rect.left() + px(6), rect.center().y())
                canvas.text(rect.adjusted(px(19), 0, -px(4), 0), words, "micro", "fail", 500)
            canvas.icon("chevron-right", "text2", 13, canvas.width - px(13), area.center().y())
            canvas.line(0, area.bottom(), canvas.width, area.bottom())
            spoken = f"Case {case + 1}, {self._names[case]}, {titles[1]}" + (f", failed {', '.join(failed)}" if failed else "")
            canvas.place(Mark(line, spoken, (case,), column), area.adjusted(0, 1, 0, -1))
            top, line = top + step, line + 1
        if len(cases) > MOST:
            area = QRectF(0, top, canvas.width, step)
            words = f"All {len(cases):,} of them"
            canvas.text(area, words, "body", "accent-ink", 500)
            canvas.place(Mark(line, f"{words}, {titles[1]}", tuple(cases), column, titles[1].capitalize()), area)
            top, line = top + step, line + 1
        return top + px(4), line
