"""A chart that paints itself: marks that the arrows go over and Enter opens, on the screen, as SVG and as PNG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPicture,
    QResizeEvent,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QWidget

from workbench.gui.markers import paint_marker
from workbench.gui.theme import theme
from workbench.gui.tips import tip
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
MIDDLE = Qt.AlignmentFlag.AlignCenter
_PNG_SCALE = 2


@dataclass(frozen=True, slots=True)
class Look:
    """How a column of the run looks on every chart."""

    column: int
    title: str
    place: str
    colour: int
    variant: int = 0
    """Which of the columns of its model it is: they share the colour, and their marks differ."""
    beside: str = ""
    """The end of the title, behind the model: which prompt it is."""

    @property
    def model(self) -> str:
        """The title without its end."""
        return self.title.removesuffix(f", {self.beside}") if self.beside else self.title


def looks_of(columns: Sequence[ColumnInfo], titles: Mapping[int, str]) -> dict[int, Look]:
    """How the columns with these titles look."""
    by_index = {column.index: column for column in columns}
    seen: Counter[tuple[str, int, str]] = Counter()
    variants: dict[int, int] = {}
    for column in columns:
        model = (column.place, column.colour, column.model)
        variants[column.index] = seen[model]
        seen[model] += 1
    looks = {}
    for index, title in titles.items():
        column = by_index[index]
        beside = title.removeprefix(f"{column.model}, ") if title.startswith(f"{column.model}, ") else ""
        looks[index] = Look(index, title, column.place, column.colour, variants[index], beside)
    return looks


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on a chart that can be gone to and opened."""

    line: int
    """The row that it stands in: up and down go from row to row, left and right within one."""
    spoken: str
    """What a screen reader and the tooltip say."""
    cases: tuple[int, ...] = ()
    """The cases behind it."""
    column: int | None = None
    named: str = ""
    """What the filter over these cases is called."""


class Canvas:
    """A painter with the theme at hand. It notes where marks are."""

    def __init__(self, painter: QPainter, width: int) -> None:
        self.painter, self.width, self.look = painter, width, theme()
        self.marks: list[tuple[Mark, QRectF]] = []
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def px(self, size: float) -> int:
        """Pixels at 100 % as pixels at the text size of now."""
        return self.look.px(size)

    def text(
        self, rect: QRectF, text: str, role: str = "body", token: str = "text", weight: int | None = None,
        align: Qt.AlignmentFlag = LEFT,
    ) -> None:  # fmt: skip
        """One line of text, ended with an ellipsis where the room does not do."""
        self.painter.setFont(self.look.font(role, weight))
        self.painter.setPen(self.look.color(token))
        self.painter.drawText(rect, int(align), self.look.elided(text, int(rect.width()) + 1, role, weight))

    def column(self, rect: QRectF, column: Look, role: str = "body") -> None:
        """The marker of a column and its title behind it. Where the room does not do for it, the model is cut in its middle and what tells
        it from other columns of the model stands whole, on a second line if there is the height."""
        place = rect.adjusted(self.px(14), 0, 0, 0)
        two = self.takes_two(column, place.width(), role) and rect.height() >= 2 * self.look.line(role)
        height = self.look.line(role)
        middle = rect.center().y() - (height / 2 if two else 0)
        self.marker(QPointF(rect.left() + self.px(4), middle), column)
        if two:
            top = rect.center().y() - height
            self.text(QRectF(place.left(), top, place.width(), height), self.short(column.model, place.width(), role), role)
            self.text(QRectF(place.left(), top + height, place.width(), height), column.beside, role, "text2")
            return
        end = f", {column.beside}" if column.beside else ""
        if self.look.width(column.title, role) > place.width():
            self.text(place, self.short(column.model, place.width() - self.look.width(end, role), role) + end, role)
        else:
            self.text(place, column.title, role)

    def takes_two(self, column: Look, width: float, role: str) -> bool:
        """Whether the title of a column is to stand on two lines in this width, if there is the height."""
        return bool(column.beside) and self.look.width(column.title, role) > width

    def short(self, text: str, room: float, role: str) -> str:
        """A name, cut in its middle where the room does not do: models of a family begin alike."""
        return QFontMetrics(self.look.font(role)).elidedText(text, Qt.TextElideMode.ElideMiddle, max(0, int(room) + 1))

    def marker(self, middle: QPointF, column: Look, size: float = 8) -> None:
        """The mark of a column."""
        paint_marker(self.painter, self.look, middle, column.place, column.colour, size, variant=column.variant)

    def bar(self, rect: QRectF, column: Look) -> None:
        """A stretch in the colour of a column: full for the first of its model, pale with an edge for the others."""
        colour = QColor(self.look.series(column.colour))
        self.fill(rect, colour)
        if column.variant:
            inside = rect.adjusted(1.5, 1.5, -1.5, -1.5)
            if inside.width() > 0:
                self.fill(inside, self.look.color("surface"))
                colour.setAlpha((60, 130, 95)[(column.variant - 1) % 3])
                self.fill(inside, colour)

    def fill(self, rect: QRectF, colour: QColor, radius: float = 0) -> None:
        """A filled rectangle."""
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(colour)
        self.painter.drawRoundedRect(rect, radius, radius)

    def line(self, x1: float, y1: float, x2: float, y2: float, token: str = "border", width: float = 1, *, dashed: bool = False) -> None:
        """A straight line."""
        pen = QPen(self.look.color(token), width)
        if dashed:
            pen.setDashPattern([1.2, 1.2])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        self.painter.setPen(pen)
        self.painter.drawLine(QPointF(x1, y1), QPointF(x2, y2))

    def icon(self, name: str, token: str, size: float, left: float, middle: float) -> None:
        """An icon whose left edge and middle are given."""
        self.painter.drawPixmap(QPointF(left, middle - self.px(size) / 2), self.look.pixmap(name, token, size))

    def place(self, mark: Mark, rect: QRectF) -> None:
        """Note where a mark is."""
        self.marks.append((mark, rect))

    def mixed(self, token: str, share: float) -> QColor:
        """A colour token mixed into the surface."""
        over, under = self.look.color(token), self.look.color("surface")
        parts = zip((over.red(), over.green(), over.blue()), (under.red(), under.green(), under.blue()), strict=True)
        return QColor(*(round(a * share + b * (1 - share)) for a, b in parts))

    def longest(self, texts: Sequence[str], role: str = "body", weight: int | None = None) -> int:
        """Width of the longest of these texts."""
        return max((self.look.width(text, role, weight) for text in texts), default=0)


class Chart(QWidget):
    """The base of all charts: what draws itself is in `draw`."""

    opened = Signal(object)
    """A mark that the user opened."""
    moved = Signal()
    """Another mark is current."""
    fills = False
    """Whether it is as high as the room that its card has for it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._marks: list[tuple[Mark, QRectF]] = []
        self.at = 0
        """Index of the current mark."""
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().follow(self.renew)

    def draw(self, canvas: Canvas) -> float:
        """Draw all of it; the answer is its height."""
        raise NotImplementedError

    def least_width(self) -> int:
        """Below this width the card scrolls."""
        return theme().px(240)

    def room(self) -> int:
        """The height that the card has for it."""
        around = self.parentWidget()
        view = around.parentWidget() if around is not None else None
        return view.height() - 4 if view is not None else 0

    def renew(self) -> None:
        """Other figures, another text size or another width: measure and draw anew."""
        picture = QPicture()
        painter = QPainter(picture)
        canvas = Canvas(painter, self._width())
        height = self.draw(canvas)
        painter.end()
        self._marks = canvas.marks
        self.at = min(self.at, max(0, len(self._marks) - 1))
        self.setMinimumWidth(self.least_width())
        self.setFixedHeight(round(height) + 2)
        self._say()
        self.update()

    @property
    def marks(self) -> list[Mark]:
        """The marks in reading order."""
        return [mark for mark, _ in self._marks]

    @property
    def current(self) -> Mark | None:
        """The mark that Enter opens."""
        return self._marks[self.at][0] if self._marks else None

    def sizeHint(self) -> QSize:
        return QSize(theme().px(360), self.minimumHeight())

    # -- files -------------------------------------------------------------------------------------------------

    def svg(self, title: str) -> bytes:
        """The chart as an SVG file."""
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        made = QSvgGenerator()
        made.setOutputDevice(buffer)
        made.setSize(QSize(self._width(), self.height()))
        made.setViewBox(QRectF(0, 0, self._width(), self.height()))
        made.setTitle(title)
        made.setDescription(self._name)
        painter = QPainter(made)
        painter.fillRect(QRectF(0, 0, self._width(), self.height()), theme().color("surface"))
        self.draw(Canvas(painter, self._width()))
        painter.end()
        return bytes(data.data())

    def png(self) -> QImage:
        """The chart as a picture, twice as fine as on the screen."""
        image = QImage(self._width() * _PNG_SCALE, self.height() * _PNG_SCALE, QImage.Format.Format_ARGB32)
        image.fill(theme().color("surface"))
        image.setDevicePixelRatio(_PNG_SCALE)
        painter = QPainter(image)
        self.draw(Canvas(painter, self._width()))
        painter.end()
        return image

    def _width(self) -> int:
        return max(self.width(), self.least_width())

    # -- keys and mouse ----------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._marks:
            super().keyPressEvent(event)
            return
        line = self._marks[self.at][0].line
        inside = [index for index, (mark, _) in enumerate(self._marks) if mark.line == line]
        lines = sorted({mark.line for mark, _ in self._marks})
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            place = inside.index(self.at) + (1 if key == Qt.Key.Key_Right else -1)
            self._go(inside[max(0, min(place, len(inside) - 1))])
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            place = lines.index(line) + (1 if key == Qt.Key.Key_Down else -1)
            if 0 <= place < len(lines):
                self._go(self._nearest(lines[place]))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._go(0 if key == Qt.Key.Key_Home else len(self._marks) - 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_current()
        else:
            super().keyPressEvent(event)

    def open_current(self) -> None:
        """Open what is behind the current mark."""
        self.opened.emit(self.current)

    def _nearest(self, line: int) -> int:
        middle = self._marks[self.at][1].center().x()
        there = [index for index, (mark, _) in enumerate(self._marks) if mark.line == line]
        return min(there, key=lambda index: abs(self._marks[index][1].center().x() - middle))

    def _go(self, index: int) -> None:
        self.at = index
        self._say()
        self.update()
        self.moved.emit()
        self._show_current()

    def _show_current(self) -> None:
        """Scroll the card and the page so that the current mark is seen."""
        area = self.parentWidget()
        while area is not None:
            inside = area.widget() if isinstance(area, QScrollArea) else None
            if isinstance(area, QScrollArea) and inside is not None:
                at = self.mapTo(inside, self._marks[self.at][1].center().toPoint())
                area.ensureVisible(at.x(), at.y(), 40, 40)
            area = area.parentWidget()

    def _say(self) -> None:
        mark = self.current
        self.setAccessibleDescription(mark.spoken if mark is not None else "")
        if self.hasFocus():
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._say()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._under(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self.at = found
            self._say()
            self.update()
            self.open_current()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._under(event.position())
        pointer = found is not None and bool(self._marks[found][0].cases)
        self.setCursor(Qt.CursorShape.PointingHandCursor if pointer else Qt.CursorShape.ArrowCursor)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._under(QPointF(event.pos()))
            if found is not None:
                QToolTip.showText(event.globalPos(), tip(self._marks[found][0].spoken), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _under(self, at: QPointF) -> int | None:
        return next((index for index, (_, rect) in enumerate(self._marks) if rect.contains(at)), None)

    # -- painting ----------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.renew()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.draw(Canvas(painter, self._width()))
        if self.hasFocus() and self._marks:
            look = theme()
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.color("focus"), 2))
            painter.drawRoundedRect(self._marks[self.at][1].adjusted(1, 1, -1, -1), 3, 3)
        painter.end()
