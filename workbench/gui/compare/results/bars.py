"""Why answers failed: a bar of column colours for each cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent

from workbench.gui.theme import theme
from workbench.gui.widgets.charts.chart import RIGHT, Canvas, Chart, Look, Mark
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import Cause

MOST = 12
"""Causes that are drawn until the last line, which says how many more there are, is opened."""
END = 62
"""So many pixels at the end of a row hold its count and the arrow that opens it."""


class CauseChart(Chart):
    """One row for each cause, one segment for each column. A click chooses a row; its end, Enter or two clicks open the cases."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._causes: Sequence[Cause] = ()
        self._looks: Mapping[int, Look] = {}
        self._drawn = MOST
        self._more: Mark | None = None
        """The line below the causes that are drawn."""

    def show_causes(self, causes: Sequence[Cause], looks: Mapping[int, Look]) -> None:
        """Show these causes; the one that is chosen stays so, whatever it is called now and wherever it stands."""
        was = frozenset(self.cause.keys) if self.cause is not None else frozenset()
        self._causes, self._looks = causes, looks
        self.at = next((at for at, cause in enumerate(causes) if was.intersection(cause.keys)), self.at)
        self._draw_as_far_as(self.at)
        self.renew()

    def choose(self, at: int) -> None:
        """Make the cause at this place the current one, also where it is not drawn yet."""
        if 0 <= at < len(self._causes) and at != self.at:
            self._draw_as_far_as(at)
            self.renew()
            self._go(at)

    def _draw_as_far_as(self, at: int) -> None:
        if MOST <= at < len(self._causes):
            self._drawn = len(self._causes)

    def open_current(self) -> None:
        """Open the cases of the current cause; of the last line, draw the causes that it stands for."""
        if self.current is not None and self.current == self._more:
            self._drawn = len(self._causes)
            self.renew()
            self._go(self.at)
        else:
            super().open_current()

    @property
    def causes(self) -> Sequence[Cause]:
        """All of them, those that are not drawn too."""
        return self._causes

    @property
    def cause(self) -> Cause | None:
        """The cause of the current row."""
        return self._causes[self.at] if self.at < min(len(self._causes), self._drawn) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._under(event.position())
        if at is not None and event.button() == Qt.MouseButton.LeftButton and event.position().x() < self.width() - theme().px(END):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._go(at)
            if self.current == self._more:
                self.open_current()
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._under(event.position()) is not None:
            self.open_current()

    def draw(self, canvas: Canvas) -> float:
        px, causes = canvas.px, self._causes[: self._drawn]
        if not causes:
            return px(8)
        name = min(canvas.longest([cause.name for cause in causes]) + px(20), round(canvas.width * 0.45))
        end = canvas.width - px(END)
        step, most = px(31), max(cause.total for cause in causes)
        for number, cause in enumerate(causes):
            top = number * step
            if number == self.at:
                canvas.fill(QRectF(0, top + px(7), 3, step - px(14)), theme().color("accent-ink"), 1.5)
            canvas.text(QRectF(px(8), top, name - px(8), step), cause.name, weight=600 if number == self.at else 500)
            left = float(name)
            for column, cases in cause.cases.items():
                width = (end - name) * len(cases) / most
                bar = QRectF(left, top + px(9), max(2.0, width - 1), step - px(18))
                canvas.bar(bar, self._looks[column])
                left += width
            canvas.text(QRectF(end, top, px(40), step), f"{cause.total:,}", weight=600, align=RIGHT)
            canvas.icon("chevron-right", "text2", 13, canvas.width - px(15), top + step / 2)
            said = ", ".join(f"{self._looks[column].title} {len(cases)}" for column, cases in cause.cases.items())
            every = tuple(dict.fromkeys(case for cases in cause.cases.values() for case in cases))
            alone = next(iter(cause.cases)) if len(cause.cases) == 1 else None
            mark = Mark(number, f"{cause.name}: {counted(cause.total, 'answer')}. {said}", every, alone, cause.name)
            canvas.place(mark, QRectF(0, top + 1, canvas.width, step - 2))
        return self._legend(canvas, step * len(causes) + px(4))

    def _legend(self, canvas: Canvas, top: float) -> float:
        """Columns with their sums, in as many lines as they take."""
        px, left = canvas.px, 0.0
        if len(self._causes) > self._drawn:
            words = f"and {len(self._causes) - self._drawn} more"
            canvas.text(QRectF(px(8), top, canvas.width, px(24)), f"{words} (Enter)", "body", "accent-ink")
            self._more = Mark(self._drawn, f"{words} causes. Enter shows them.")
            canvas.place(self._more, QRectF(0, top, canvas.width, px(24)))
            top += px(28)
        for column, look in self._looks.items():
            count = sum(len(cause.cases.get(column, ())) for cause in self._causes)
            if not count:
                continue
            text = f"{look.title} {count:,}"
            width = canvas.longest([text], "small") + px(26)
            if left and left + width > canvas.width:
                left, top = 0.0, top + px(18)
            canvas.marker(QPointF(left + px(4), top + px(9)), look)
            canvas.text(QRectF(left + px(13), top, width, px(18)), text, "small", "text2")
            left += width
        return top + px(22)
