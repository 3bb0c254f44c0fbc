"""The table of judge against people: four painted buttons that filter the list at the right."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget

from workbench.gui.insights.raters.reading import CELLS
from workbench.gui.theme import theme
from workbench.gui.widgets.labels import label

_TONES = {
    "agree_pass": ("pass-soft", "text"),
    "agree_fail": ("pass-soft", "text"),
    "too_strict": ("sunken", "text"),
    "let_through": ("fail-soft", "fail"),
}
_SAYS = {
    "agree_pass": "Both pass", "too_strict": "People pass, the judge fails", "let_through": "People fail, the judge passes",
    "agree_fail": "Both fail",
}  # fmt: skip
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -2, Qt.Key.Key_Down: 2}


class CellButton(QAbstractButton):
    """A count with what it means. Checked while the list shows its answers."""

    def __init__(self, cell: str) -> None:
        super().__init__()
        self.cell, self._count = cell, 0
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_count(self, count: int) -> None:
        """Show how many answers are in this cell."""
        self._count = count
        self.setAccessibleName(f"{_SAYS[self.cell]}, {CELLS[self.cell]}: {count:,}")
        self.setToolTip(f"{_SAYS[self.cell]}. Choose it to list these answers.")
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (*_STEPS, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # the table knows where its cells stand
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(78), theme().height("title", 600) + theme().height("small") + theme().px(16))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill, ink = _TONES[self.cell]
        edge = "accent-ink" if ink == "text" else ink
        strong = self.isChecked() or self.hasFocus()
        outlined = strong or look.high_contrast or self.underMouse()
        painter.setBrush(look.color(fill))
        painter.setPen(QPen(look.color(edge if strong else "control"), 2 if strong else 1) if outlined else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.setPen(look.color(ink))
        tall, small = look.height("title", 600), look.height("small")
        top = (self.height() - tall - small) // 2
        center = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(look.font("title", 600))
        painter.drawText(QRectF(0, top, self.width(), tall), center, f"{self._count:,}")
        painter.setFont(look.font("small"))
        painter.setPen(look.color(ink if ink != "text" else "text2"))
        painter.drawText(QRectF(0, top + tall, self.width(), small), center, CELLS[self.cell])
        painter.end()


class Confusion(QWidget):
    """Four cells with the sums at their edges. Arrows go from cell to cell, Enter and Space choose; the same again shows all."""

    chosen = Signal(str)
    """One of CELLS, or `all`."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = {cell: CellButton(cell) for cell in CELLS}
        self._sums = {name: label("0", "small", "text2") for name in ("pass", "fail", "judge_pass", "judge_fail", "all")}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for at, (text, row, column) in enumerate(
            (("Judge: pass", 0, 1), ("Judge: fail", 0, 2), ("People: pass", 1, 0), ("People: fail", 2, 0))
        ):
            made = label(text, "small", weight=600)
            grid.addWidget(made, row, column, Qt.AlignmentFlag.AlignHCenter if at < 2 else Qt.AlignmentFlag.AlignVCenter)
        for at, cell in enumerate(self.cells.values()):
            grid.addWidget(cell, 1 + at // 2, 1 + at % 2)
            cell.clicked.connect(lambda _on=False, which=cell.cell: self._clicked(which))
        middle = Qt.AlignmentFlag.AlignCenter
        for name, row, column in (("pass", 1, 3), ("fail", 2, 3), ("judge_pass", 3, 1), ("judge_fail", 3, 2), ("all", 3, 3)):
            grid.addWidget(self._sums[name], row, column, middle)
        grid.setColumnMinimumWidth(3, theme().px(34))
        for column in (1, 2):
            grid.setColumnStretch(column, 1)
        for row in (1, 2):
            grid.setRowStretch(row, 1)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show the table."""
        for cell, made in self.cells.items():
            made.show_count(counts[cell])
        a, b, c, d = (counts[cell] for cell in CELLS)
        for name, value in (("pass", a + b), ("fail", c + d), ("judge_pass", a + c), ("judge_fail", b + d), ("all", a + b + c + d)):
            self._sums[name].setText(f"{value:,}")

    def show_chosen(self, which: str) -> None:
        """Mark the cell whose answers are listed."""
        for cell, made in self.cells.items():
            made.setChecked(cell == which)

    def _clicked(self, cell: str) -> None:
        self.chosen.emit(cell if self.cells[cell].isChecked() else "all")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        order = list(self.cells.values())
        at = next((place for place, made in enumerate(order) if made.hasFocus()), None)
        step = _STEPS.get(Qt.Key(event.key()))
        if at is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            order[at].click()
        elif at is not None and step is not None and 0 <= at + step < len(order) and (abs(step) == 2 or at // 2 == (at + step) // 2):
            order[at + step].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)
