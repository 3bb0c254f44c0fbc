"""A table of tinted cells: groups by column, checks by column, stars by column, repeats by column."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPen

from workbench.gui.theme import theme
from workbench.gui.widgets.charts.chart import MIDDLE, Canvas, Chart, Look, Mark
from workbench.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Tinted:
    """One cell. `tint` is how much of the colour is mixed in; `icon` stands before the text."""

    text: str
    spoken: str
    tint: float = 0.0
    token: str = "fail"
    dashed: bool = False
    icon: str = ""
    bold: bool = False
    cases: tuple[int, ...] = ()
    column: int | None = None
    named: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its name, a short word behind it, its cells."""

    name: str
    word: str
    cells: Sequence[Tinted]
    chip: bool = False
    """Whether the word stands on a chip."""
    over: bool = False
    """Whether a line is drawn above, as over a sum."""
    look: Look | None = None
    """The column that the row is about, where rows are columns."""


class CellChart(Chart):
    """Rows of tinted cells under a header."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._head: Sequence[Look | str] = ()
        self._word = ""
        self._lines: Sequence[Line] = ()
        self._notes: Sequence[tuple[str, bool]] = ()

    def show_lines(self, head: Sequence[Look | str], word: str, lines: Sequence[Line], notes: Sequence[tuple[str, bool]] = ()) -> None:
        """Show these rows. `word` heads the short words; `notes` are lines below, True with a dashed box before it."""
        self._head, self._word, self._lines, self._notes = head, word, lines, notes
        self.renew()

    def least_width(self) -> int:
        look = theme()
        return self._least_name() + self._word_width() + len(self._head) * look.px(46)

    def _longest_name(self) -> int:
        return max((theme().width(line.name, "body") for line in self._lines), default=0)

    def _least_name(self) -> int:
        look = theme()
        return min(self._longest_name() + look.px(10 + (14 if self._lines and self._lines[0].look else 0)), look.px(130))

    def _word_width(self) -> int:
        look = theme()
        words = [line.word for line in self._lines] + [self._word]
        return max(max(look.width(word, "small") for word in words) + look.px(16), look.px(30)) if self._word else 0

    def draw(self, canvas: Canvas) -> float:
        px = canvas.px
        if not self._lines:
            return px(8)
        name, word = self._least_name(), self._word_width()
        if canvas.width > px(460):  # longer names, where no cell gets too narrow by it
            spare = canvas.width - self.least_width()
            name = max(name, min(self._longest_name() + px(24), round(canvas.width * 0.36), name + spare))
        start, gap, step = name + word, px(4), px(26 if not self._lines[0].chip else 36)
        width = (canvas.width - start) / max(1, len(self._head))
        role = "small"
        two = any(isinstance(head, Look) and canvas.takes_two(head, width - gap - px(14), role) for head in self._head)
        top = max(px(26), 2 * theme().line(role) + px(4)) if two else px(26)
        if self._word:
            canvas.text(QRectF(name, 0, word, top), self._word, "small", "text2", align=MIDDLE)
        for number, head in enumerate(self._head):
            rect = QRectF(start + number * width + gap / 2, 0, width - gap, top)
            if isinstance(head, Look):
                parts = [head.model, head.beside] if canvas.takes_two(head, rect.width() - px(14), role) else [head.title]
                shown = min(rect.width(), canvas.longest(parts, role) + px(15))
                canvas.column(QRectF(rect.center().x() - shown / 2, 0, shown, top), head, role)
            else:
                canvas.text(rect, head, "small", "text2", align=MIDDLE)
        for number, line in enumerate(self._lines):
            if line.over:
                canvas.line(0, top, canvas.width, top)
                top += px(4)
            self._draw_line(canvas, line, number, QRectF(0, top, canvas.width, step), (name, word, start, width, gap))
            top += step
        for text, boxed in self._notes:
            rect = QRectF(0, top + px(2), canvas.width, px(18))
            if boxed:
                self._dashed(canvas, QRectF(1, rect.top() + px(3), px(20), px(12)))
                rect.adjust(px(27), 0, 0, 0)
            canvas.text(rect, text, "small", "text2")
            top += px(18)
        return top + px(4)

    def _draw_line(self, canvas: Canvas, line: Line, number: int, area: QRectF, places: tuple[float, float, float, float, float]) -> None:
        px = canvas.px
        name, word, start, width, gap = places
        named = QRectF(0, area.top(), name - px(6), area.height())
        if line.look is not None:
            canvas.column(named, line.look)
        else:
            canvas.text(named, line.name)
        if line.word:
            rect = QRectF(name, area.top(), word - px(4), area.height())
            if line.chip:
                shown = canvas.longest([line.word], "micro") + px(12)
                chip = QRectF(rect.center().x() - shown / 2, rect.center().y() - px(9), shown, px(18))
                canvas.fill(chip, theme().color("sunken"), px(4))
            canvas.text(rect, line.word, "micro" if line.chip else "small", "text2", align=MIDDLE)
        for at, cell in enumerate(line.cells):
            rect = QRectF(start + at * width + gap / 2, area.top() + 1, width - gap, area.height() - gap + 1)
            self._draw_cell(canvas, cell, rect)
            canvas.place(Mark(number, cell.spoken, cell.cases, cell.column, cell.named), rect)

    def _draw_cell(self, canvas: Canvas, cell: Tinted, rect: QRectF) -> None:
        if cell.dashed:
            self._dashed(canvas, rect)
        elif cell.tint:
            canvas.fill(rect, theme().color("sunken") if cell.token == "sunken" else canvas.mixed(cell.token, cell.tint), canvas.px(3))
        text = "text2" if cell.dashed else "text"
        if cell.icon:
            shown = canvas.longest([cell.text]) + canvas.px(19)
            left = rect.center().x() - shown / 2
            token = "fail" if cell.icon == "x" else "pass"
            canvas.icon(cell.icon, token, 13, left, rect.center().y())
            rect = QRectF(left + canvas.px(19), rect.top(), shown, rect.height())
            canvas.text(rect, cell.text, "body", "fail" if cell.icon == "x" else "text2")
            return
        canvas.text(rect, cell.text, "body", text, 600 if cell.bold else None, MIDDLE)

    @staticmethod
    def _dashed(canvas: Canvas, rect: QRectF) -> None:
        pen = QPen(theme().color("control"), 1)
        pen.setDashPattern([3, 3])
        canvas.painter.setPen(pen)
        canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
        canvas.painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
