"""One scale to judge on: a row of points to choose from, or a field for a score from 0 to 100."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QRegularExpression, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QRegularExpressionValidator
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from workbench.gui.actions import digit
from workbench.gui.theme import theme
from workbench.gui.tips import tip
from workbench.values import Scale

Said = float | str | None
BOX = QSize(30, 26)
GAP = 5


class ScaleRow(QWidget):
    """The points of a scale as keys: by mouse, digits, P and F, arrows; 0, Delete or the same point again takes it back."""

    judged = Signal(object)
    """A number, a word, or None."""

    def __init__(self, name: str, scale: Scale) -> None:
        super().__init__()
        self.name, self.scale = name, scale
        self._said: Said = None
        self._hover = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme().follow(self.updateGeometry)
        self.show_said(None)

    @property
    def said(self) -> Said:
        """What is chosen."""
        return self._said

    @property
    def place(self) -> int:
        """Index of the chosen point; -1 for none."""
        word = str(round(self._said)) if isinstance(self._said, float | int) else self._said
        return self.scale.words.index(word) if word in self.scale.words else -1

    @property
    def meaning(self) -> str:
        """What the chosen point means; empty where nobody said."""
        return self.scale.points.get(self.scale.words[self.place], "") if self.place >= 0 else ""

    def show_said(self, said: Said) -> None:
        """Show a judgement without telling anyone."""
        self._said = said
        chosen = self.scale.words[self.place] if self.place >= 0 else ""
        of = " of 5" if chosen and self.scale.kind == "stars" else ""
        self.setAccessibleName(f"{self.name}, {chosen}{of}" if chosen else f"{self.name}, not rated")
        self.setAccessibleDescription(self.meaning)
        self.update()

    def press(self, number: int) -> bool:
        """Choose a point by its digit, 1 the first; 0 takes it back. False where the scale has no such point."""
        if not 0 <= number <= len(self.scale.words):
            return False
        self._choose(number - 1)
        return True

    def sizeHint(self) -> QSize:
        width = sum(self._width(word) for word in self.scale.words) + theme().px(GAP) * (len(self.scale.words) - 1)
        return QSize(width + 2, self.heightForWidth(width + 2))

    def minimumSizeHint(self) -> QSize:
        widest = max((self._width(word) for word in self.scale.words), default=0)
        return QSize(self.sizeHint().width() if self.scale.kind == "stars" else widest + 2, theme().px(BOX.height()))

    def heightForWidth(self, width: int) -> int:
        boxes = self._boxes(width)
        return boxes[-1].bottom() + 2 if boxes else theme().px(BOX.height())

    def _width(self, word: str) -> int:
        look = theme()
        return max(look.px(BOX.width()), QFontMetrics(look.font("small", 600)).horizontalAdvance(_shown(word)) + look.px(16))

    def _boxes(self, width: int) -> list[QRect]:
        look, boxes = theme(), []
        x = y = 1
        for word in self.scale.words:
            wide = self._width(word)
            if x > 1 and x + wide > width - 1:
                x, y = 1, y + look.px(BOX.height() + GAP)
            boxes.append(QRect(x, y, min(wide, max(width - 2, look.px(BOX.width()))), look.px(BOX.height()) - 2))
            x += wide + look.px(GAP)
        return boxes

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.5)
        for place, (word, box) in enumerate(zip(self.scale.words, self._boxes(self.width()), strict=True)):
            on = place == self.place
            fill = {"pass": "pass", "fail": "fail"}.get(word, "accent") if on else "hover" if place == self._hover else "surface"
            painter.setPen(QPen(look.color(fill if on else "control"), 1))
            painter.setBrush(look.color(fill))
            painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            painter.setPen(look.color("on-accent" if on else "text"))
            painter.setFont(look.font("small", 600 if on else 500))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), look.elided(_shown(word), box.width() - 6, "small", 600))
        painter.end()

    def _at(self, point: QPoint) -> int:
        return next((place for place, box in enumerate(self._boxes(self.width())) if box.adjusted(-2, -2, 2, 2).contains(point)), -1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hover = self._at(event.position().toPoint())
        if hover != self._hover:
            self._hover = hover
            word = self.scale.words[hover] if hover >= 0 else ""
            self.setToolTip(tip(self.scale.points.get(word, "")) or (f"Press {hover + 1}, 0 clears" if word else ""))
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover = -1
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self._at(event.position().toPoint())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(-1 if place == self.place else place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = digit(event)
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        word = {Qt.Key.Key_P: "pass", Qt.Key.Key_F: "fail"}.get(Qt.Key(event.key()))
        if number is not None and self.press(number):
            return
        if step is not None:
            self._choose(max(0, min(len(self.scale.words) - 1, self.place + step)))
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._choose(-1)
        elif word is not None and self.scale.kind == "verdict":
            self._choose(-1 if word == self._said else self.scale.words.index(word))
        else:
            super().keyPressEvent(event)

    def _choose(self, place: int) -> None:
        word = self.scale.words[place] if place >= 0 else None
        said: Said = float(word) if word is not None and self.scale.kind == "stars" else word
        if said != self._said:
            self.show_said(said)
            self.judged.emit(said)


class ScoreField(QLineEdit):
    """A score from 0 to 100, told when Enter is pressed or the field is left; an empty one takes it back."""

    judged = Signal(object)

    def __init__(self, name: str, scale: Scale | None = None) -> None:
        super().__init__()
        self.name, self.scale = name, scale or Scale("score")
        self._said: Said = None
        self.setValidator(QRegularExpressionValidator(QRegularExpression("(100|[0-9]{1,2})?"), self))  # an empty one is a word, too
        self.setPlaceholderText("0–100")
        self.setMaxLength(3)
        self.editingFinished.connect(self._finish)
        theme().follow(self._measure)
        self._measure()
        self.show_said(None)

    @property
    def said(self) -> Said:
        """The score."""
        return self._said

    @property
    def meaning(self) -> str:
        """What the nearest point at or below the score means."""
        below = [int(point) for point in self.scale.points if isinstance(self._said, float | int) and int(point) <= self._said]
        return self.scale.points[str(max(below))] if below else ""

    def show_said(self, said: Said) -> None:
        """Show a score without telling anyone."""
        self._said = said
        text = f"{said:g}" if isinstance(said, float | int) else ""
        if self.text() != text:
            self.setText(text)
        self.setAccessibleName(f"{self.name}, {text} of 100" if text else f"{self.name}, not rated")
        self.setAccessibleDescription(self.meaning)

    def press(self, number: int) -> bool:
        """Begin to type a score with this digit."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.setText(str(number))
        return True

    def _finish(self) -> None:
        text = self.text().strip()
        said: Said = float(text) if text.isdigit() and int(text) <= 100 else None
        if said != self._said:
            self.show_said(said)
            self.judged.emit(said)

    def _measure(self) -> None:
        self.setFixedWidth(theme().px(66))


def _shown(word: str) -> str:
    return {"pass": "Pass", "fail": "Fail"}.get(word, word)
