"""One answer without a name: its letter, its text, and at its foot what is said of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.review.data import Blind
from workbench.gui.review.feet import Foot
from workbench.gui.theme import set_kind, theme
from workbench.gui.widgets.answer_view import AnswerView
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.gui.widgets.pictures import PictureStrip
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.words import counted

LEAST_WIDTH = 300
"""Three answers stand side by side in the least window whatever the size of the text, four in one of the usual width; criteria may take
more."""
NARROW = 400
"""Below this there is no room to say the rating in words beside its stars, nor the keys beside the verdicts."""
MEASURE = 640
LEAST_TEXT = 56


class Badge(QWidget):
    """A letter on a dark square."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(24), theme().px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("text"))
        painter.drawRoundedRect(self.rect(), 6, 6)
        painter.setPen(theme().color("surface"))
        painter.setFont(theme().font("small", 600))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text)
        painter.end()


class AnswerCard(QFrame):
    """Takes the focus as a whole; keys on it judge this answer."""

    focused = Signal(int)
    stepped = Signal(int)
    """-1 or 1: the answer to the left or right is wanted."""
    link_clicked = Signal(str)

    def __init__(self, answer: Blind, context: Context, foot: Foot | None = None) -> None:
        super().__init__()
        self.answer = answer
        self.foot = foot
        self.setProperty("kind", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(LEAST_WIDTH)
        self.text = AnswerView("reading", fit=False, spacing=128)
        self.text.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.text.finish(answer.text or "Empty answer")
        self.text.setMinimumHeight(theme().px(LEAST_TEXT))
        # It takes the room there is and asks for none: the foot below is seen whole in a low window.
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.text.link_clicked.connect(self.link_clicked)
        self.text.viewport().installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 2, 2, 2)  # the edge of the current card: it is a pixel thicker than that of the others
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(14, 8, 10, 8)
        head.setSpacing(10)
        head.addWidget(Badge(answer.letter))
        head.addWidget(label(f"Answer {answer.letter}", "body", weight=600))
        if answer.name:
            head.addWidget(ElidedLabel(answer.name, "small", "text2"))
        head.addStretch(1)
        head.addWidget(label(_length(answer), "small", "text3"))
        self.as_text = icon_button("type", "Show as it was written", on=self._turn, size=15, checkable=True)
        head.addWidget(self.as_text)
        column.addLayout(head)
        column.addWidget(line())
        column.addWidget(self.text, 1)
        if answer.pictures:
            column.addWidget(self._pictures(context), 3)
            self.text.setVisible(bool(answer.text))
        if foot is not None:
            column.addWidget(line())
            column.addWidget(foot)
        self.show_judgement(answer)

    def _pictures(self, context: Context) -> QScrollArea:
        strip = PictureStrip(context)
        strip.show_pictures(self.answer.pictures)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(14, 10, 14, 10)
        column.addWidget(strip)
        column.addStretch(1)
        return scroll_area(inside, across=True, by_key=True, name=f"Pictures of answer {self.answer.letter}")

    def least_width(self) -> int:
        """The width below which something of it would be cut."""
        if self.foot is not None:
            self.foot.set_narrow(True)
        least = max(LEAST_WIDTH, self.minimumSizeHint().width())
        if self.foot is not None:
            self.foot.set_narrow(self._is_narrow())
        return least

    def _is_narrow(self) -> bool:
        return self.width() < theme().px(NARROW)

    def show_judgement(self, answer: Blind) -> None:
        """Show what was said of it."""
        self.answer = answer
        if self.foot is not None:
            self.foot.show_judgement(answer)
        said = self.foot.told(answer) if self.foot is not None else ""
        self.setAccessibleName(", ".join(part for part in (f"Answer {answer.letter}", answer.name, said, _length(answer)) if part))
        self.setAccessibleDescription(answer.text[:2000])

    def _turn(self) -> None:
        self.text.turn(not self.text.as_text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        look = theme()
        side = look.px(18)
        if self.foot is not None:
            self.foot.set_narrow(self._is_narrow())
        self.text.setViewportMargins(side, look.px(12), max(side, self.width() - look.px(MEASURE) - side), look.px(8))

    def focusInEvent(self, event: QFocusEvent) -> None:
        set_kind(self, state="current")
        self.focused.emit(self.answer.output_id)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        set_kind(self, state="")
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.text.verticalScrollBar()
        steps = {
            Qt.Key.Key_Down: bar.singleStep() * 2, Qt.Key.Key_Up: -bar.singleStep() * 2,
            Qt.Key.Key_PageDown: bar.pageStep(), Qt.Key.Key_PageUp: -bar.pageStep(),
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        sideways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if sideways is not None:
            self.stepped.emit(sideways)  # the area around would scroll with these keys
        elif step is not None:
            bar.setValue(bar.value() + step)
        else:
            super().keyPressEvent(event)


def _length(answer: Blind) -> str:
    if answer.pictures and not answer.text:
        return counted(len(answer.pictures), "picture")
    return counted(len(answer.text.split()), "word")
