"""The four votes on a pair, as wide buttons with their digits."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import draw_key

WORDS = (("left", "A is better"), ("right", "B is better"), ("tie", "Tie"), ("both_bad", "Both bad"))


class VerdictButton(QPushButton):
    """A digit on a key cap, and what it says; the chosen one says how to go on."""

    def __init__(self, number: int, text: str, hint: str) -> None:
        super().__init__(text)
        self.number, self.hint = number, hint
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # digits and Enter act wherever the focus is
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{number}, {text}")
        self.setToolTip(f"{text} ({number})")

    def sizeHint(self) -> QSize:
        look = theme()
        return QSize(look.width(self.text(), "body", 600) + look.px(84), look.px(56))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().width(self.text(), "body", 600) + theme().px(62), theme().px(56))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        painter.setPen(QPen(look.color("accent-ink" if on else "control"), 2 if on else 1))
        painter.setBrush(look.color("accent-soft" if on else "hover" if self.underMouse() else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        side = look.px(30)
        cap = QRectF(look.px(14), (self.height() - side) / 2, side, side)
        painter.setPen(QPen(look.color("border-strong"), 1))
        painter.setBrush(look.color("surface"))
        painter.drawRoundedRect(cap, 5, 5)
        painter.setPen(look.color("text"))
        painter.setFont(look.font("section", 600))
        painter.drawText(cap, int(Qt.AlignmentFlag.AlignCenter), str(self.number))
        x = int(cap.right()) + look.px(12)
        painter.setFont(look.font("body", 600))
        painter.drawText(QRectF(x, 0, self.width() - x, self.height()), int(Qt.AlignmentFlag.AlignVCenter), self.text())
        x += look.width(self.text(), "body", 600) + look.px(14)
        room = self.width() - look.px(14) - x
        if on and self.hint and room > look.px(90):
            x += room - look.px(90)
            width = draw_key(painter, QPoint(x, self.height() // 2), "Enter")
            painter.setFont(look.font("small"))
            painter.setPen(look.color("accent-ink"))
            painter.drawText(QRectF(x + width + look.px(6), 0, room, self.height()), int(Qt.AlignmentFlag.AlignVCenter), self.hint)
        painter.end()


class Verdicts(QWidget):
    """A is better, B is better, tie, both bad."""

    given = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self.buttons: dict[str, VerdictButton] = {}
        for number, (winner, text) in enumerate(WORDS, 1):
            made = VerdictButton(number, text, "next")
            made.clicked.connect(lambda _checked=False, winner=winner: self.given.emit(winner))
            row.addWidget(made, 1)
            self.buttons[winner] = made

    def show_winner(self, winner: str) -> None:
        """Mark the vote that counts; none where it is empty."""
        for word, made in self.buttons.items():
            made.setChecked(word == winner)
