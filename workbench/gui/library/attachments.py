"""Pictures and PDF files of one message: the cards that show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import set_icon, theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.file_sources import described, title_of
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.widgets.pictures import WHOLE, PictureDialog, decode, thumbnail
from workbench.gui.words import counted, joined
from workbench.values import Part


def kinds(parts: Sequence[Part]) -> str:
    """`2 pictures and 1 file`."""
    pictures = sum(part.kind == "image" for part in parts)
    numbers = [(pictures, "picture"), (len(parts) - pictures, "file")]
    return joined([counted(number, word) for number, word in numbers if number])


class AttachmentRow(QWidget):
    """The cards of a message's pictures and files; `removed` with the place of one that is to go."""

    removed = Signal(int)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._parts: tuple[Part, ...] = ()
        self._read_only = False
        self.cards: list[AttachmentCard] = []
        self._flow = FlowLayout(self, gap=8)
        self._flow.setContentsMargins(12, 4, 12, 10)
        self.hide()

    def show_parts(self, parts: Sequence[Part], *, read_only: bool) -> None:
        """Show these; what was shown already keeps its card."""
        parts = tuple(parts)
        if parts == self._parts and read_only == self._read_only:
            return
        focused = next((at for at, card in enumerate(self.cards) if card.isAncestorOf(self.focusWidget() or self)), None)
        self._parts, self._read_only = parts, read_only
        self._flow.clear()
        self.cards = []
        for place, part in enumerate(parts):
            card = AttachmentCard(self._context, part, None if read_only else lambda place=place: self.removed.emit(place))  # type: ignore[misc]
            self.cards.append(card)
            self._flow.addWidget(card)
        self.setVisible(bool(parts))
        self.updateGeometry()
        if focused is not None and self.cards:
            self.cards[min(focused, len(self.cards) - 1)].picture.setFocus(Qt.FocusReason.OtherFocusReason)


class AttachmentCard(QFrame):
    """One picture or file: small, with its name and size. A click on it opens a picture in full size."""

    def __init__(self, context: Context, part: Part, remove: Callable[[], object] | None) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._context, self._part = context, part
        self.picture = QToolButton()
        self.picture.setProperty("kind", "quiet")
        self.picture.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_icon(self.picture, "image" if part.kind == "image" else "file-text", "text2", 22)
        words = f"{title_of(part)}, {described(part)}"
        self.picture.setAccessibleName(words)
        self.picture.setToolTip(f"{words}. Open in full size (Enter)" if part.kind == "image" else words)
        self.picture.clicked.connect(self._open)
        name = ElidedLabel(title_of(part), "small", "text", 500)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(name)
        texts.addWidget(label(described(part).partition(", ")[2] or "empty", "micro", "text3"))
        row = QHBoxLayout(self)
        row.setContentsMargins(5, 4, 4, 4)
        row.setSpacing(8)
        row.addWidget(self.picture)
        row.addLayout(texts, 1)
        if remove is not None:
            self.remove = icon_button("x", f"Remove {title_of(part)}", on=remove, size=14)
            row.addWidget(self.remove)
        theme().follow(self._resize)
        self._resize()
        if part.kind == "image":
            context.bridge.read(thumbnail, part, then=self._show, owner=self)

    def _resize(self) -> None:
        side = theme().px(40)
        self.picture.setFixedSize(side, side)
        self.picture.setIconSize(QSize(side - 6, side - 6))
        self.setFixedWidth(theme().px(236))

    def _show(self, image: QImage) -> None:
        if not image.isNull():
            self.picture.setProperty("icon_name", "")  # the theme would put the icon back
            self.picture.setIcon(QIcon(QPixmap.fromImage(image)))

    def _open(self) -> None:
        if self._part.kind == "image":
            self._context.bridge.read(decode, self._part, WHOLE, then=self._show_whole, owner=self)

    def _show_whole(self, image: QImage) -> None:
        if not image.isNull():
            PictureDialog(self.window(), image).open()
