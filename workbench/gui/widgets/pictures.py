"""Pictures that a model made: decoded beside the window, drawn small in a grid, shown whole in a panel, opened in full size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.scroll import scroll_area

if TYPE_CHECKING:
    from workbench.gui.context import Context
    from workbench.values import Part

_FORMS = {"image/png": b"png", "image/jpeg": b"jpeg", "image/webp": b"webp", "image/gif": b"gif"}
"""What is decoded at all. A model's answer is a stranger's file: nothing that could hold scripts or addresses is among them."""
_KEPT = 400
SMALL, WHOLE = 320, 2048
"""Pixels of the longer side of a thumbnail, and of a picture in full size."""
MOST_FILES = 20
"""Files that are read in one go: who drops a whole folder's worth has slipped."""


def decode(part: Part, side: int = 0) -> QImage:
    """The picture, at most `side` pixels wide and high where one is given; a null image where it cannot be read. Not for the Qt thread."""
    form = _FORMS.get(part.media_type)
    if form is None:
        return QImage()
    data = QByteArray(part.data)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, form)
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    size = reader.size()
    if side and size.isValid() and max(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


def png(image: QImage) -> bytes:
    """The picture as a file. Not for the Qt thread."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # PySide's stubs know only the older word for a format
    return bytes(data.data())


@lru_cache(maxsize=16)
def thumbnail(part: Part) -> QImage:
    """The picture small, kept for a while: a prompt is shown again at every key. Not for the Qt thread."""
    return decode(part, SMALL)


class Thumbnails(QObject):
    """Small pictures of outputs, read when they are first asked for."""

    came = Signal(int)
    """The pictures of this output are here."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._found: OrderedDict[int, list[QImage]] = OrderedDict()
        self._asked: set[int] = set()

    def of(self, output_id: int) -> list[QImage] | None:
        """The pictures of an output; None while they are on the way."""
        found = self._found.get(output_id)
        if found is not None:
            self._found.move_to_end(output_id)
            return found
        if output_id not in self._asked and self._context.workspace is not None:
            self._asked.add(output_id)
            runs = self._context.ws.runs

            def read() -> list[QImage]:
                return [decode(part, SMALL) for part in runs.pictures(output_id)]

            self._context.bridge.read(read, then=lambda images: self._keep(output_id, images), owner=self)
        return None

    def _keep(self, output_id: int, images: list[QImage]) -> None:
        self._asked.discard(output_id)
        self._found[output_id] = images
        while len(self._found) > _KEPT:
            self._found.popitem(last=False)
        self.came.emit(output_id)


def paint_pictures(painter: QPainter, area: QRect, images: Sequence[QImage], gap: int) -> None:
    """Draw up to four pictures side by side into an area, each whole; more than that as a number in the last place."""
    shown = list(images[:4])
    across = max(1, min(len(shown), 2 if area.width() < 2 * area.height() else 4))
    down = -(-len(shown) // across)
    width = (area.width() - gap * (across - 1)) // across
    height = (area.height() - gap * (down - 1)) // max(1, down)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for number, image in enumerate(shown):
        row, column = divmod(number, across)
        place = QRect(area.x() + column * (width + gap), area.y() + row * (height + gap), width, height)
        _paint_one(painter, place, image)
        if number == 3 and len(images) > 4:
            painter.fillRect(place, theme().color("scrim"))
            painter.setPen(theme().color("on-accent"))
            painter.setFont(theme().font("body", 600))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), f"+{len(images) - 3}")


def _paint_one(painter: QPainter, place: QRect, image: QImage) -> None:
    if image.isNull():
        painter.fillRect(place, theme().color("sunken"))
        painter.setPen(theme().color("text3"))
        painter.setFont(theme().font("micro"))
        words = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        painter.drawText(place, words, "This picture cannot be read")
        return
    size = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    painter.drawImage(QRect(place.x(), place.y() + (place.height() - size.height()) // 2, size.width(), size.height()), image)


class PictureButton(QAbstractButton):
    """One picture as wide as there is room; a click, Enter or Space opens it in full size."""

    def __init__(self, image: QImage, number: int, of: int) -> None:
        super().__init__()
        self._image = image
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        which = f"Picture {number} of {of}" if of > 1 else "Picture"
        self.setAccessibleName(f"{which}, {image.width()} by {image.height()} pixels")
        self.setToolTip("Open in full size (Enter)")

    def sizeHint(self) -> QSize:
        width = min(self._image.width() or 200, theme().px(280))
        return QSize(width, self.heightForWidth(width))

    def heightForWidth(self, width: int) -> int:
        if self._image.isNull() or not self._image.width():
            return theme().px(80)
        return min(self._image.height(), round(self._image.height() * min(1.0, width / self._image.width())))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        _paint_one(painter, QRect(0, 0, min(self.width(), self._image.width() or self.width()), self.height()), self._image)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class PictureStrip(QWidget):
    """The pictures of one output below each other."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._parts: tuple[Part, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.hide()

    @property
    def pictures(self) -> tuple[Part, ...]:
        """What is shown."""
        return self._parts

    def show_pictures(self, parts: tuple[Part, ...]) -> None:
        """Show these pictures; they are decoded beside the window."""
        if parts == self._parts:
            return
        self._parts = parts
        self._clear()
        self.setVisible(bool(parts))
        if parts:
            self._context.bridge.read(_decode_all, parts, then=lambda images: self._show(parts, images), owner=self)

    def _clear(self) -> None:
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _show(self, parts: tuple[Part, ...], images: list[QImage]) -> None:
        if parts is not self._parts:
            return
        self._clear()
        for number, image in enumerate(images, 1):
            made = PictureButton(image, number, len(images))
            made.clicked.connect(lambda _checked=False, image=image: PictureDialog(self.window(), image).open())
            self._column.addWidget(made)


def _decode_all(parts: tuple[Part, ...]) -> list[QImage]:
    return [decode(part, WHOLE) for part in parts]


class PictureDialog(Dialog):
    """One picture in full size, scrolled where it is larger than the window."""

    def __init__(self, window: QWidget, image: QImage) -> None:
        super().__init__(window, f"Picture, {image.width()} by {image.height()} pixels", width=min(image.width() + 60, window.width() - 80))
        view = QLabel()
        view.setPixmap(QPixmap.fromImage(image))
        view.setAlignment(Qt.AlignmentFlag.AlignCenter)
        view.setAccessibleName(f"Picture, {image.width()} by {image.height()} pixels")
        self._area = scroll_area(view, across=True, by_key=True, name="Picture")
        self.body.addWidget(self._area, 1)
        self.add_button("Close", self.accept, kind="primary")
        self.first = self._area
        self.resize(self.width(), min(image.height() + theme().px(150), window.height() - 80))
