"""Pictures and PDF files of one message: how they come in, and the cards that show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import set_icon, theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.widgets.pictures import WHOLE, PictureDialog, decode, thumbnail
from workbench.gui.words import counted, file_size, joined
from workbench.values import BadInput, Part

FILTER = "Pictures and PDF (*.png *.jpg *.jpeg *.webp *.gif *.pdf)"
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".pdf")

Source = Path | QImage
"""A file, or a picture that was copied in another program."""


def sources_of(mime: QMimeData) -> list[Source]:
    """What of dropped or pasted data can be attached; nothing where it is text, or files of other kinds."""
    files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    if any(file.suffix.lower() in _ENDINGS for file in files):
        return list(files)
    image = mime.imageData() if mime.hasImage() and not mime.hasText() else None
    return [image] if isinstance(image, QImage) and not image.isNull() else []


def read_sources(sources: Sequence[Source]) -> tuple[list[Part], list[str]]:
    """The parts that these become, and a sentence for each that cannot be one. Reads and encodes: not for the Qt thread."""
    from workbench.workspace import read_attachment  # a thread that waits anyway

    parts: list[Part] = []
    troubles: list[str] = []
    for source in sources:
        try:
            parts.append(_pasted(source) if isinstance(source, QImage) else read_attachment(source))
        except BadInput as problem:
            place = f"{Path(problem.path).name}: " if problem.path else ""
            troubles.append(f"{place}{problem.message} {problem.remedy}".strip())
    return parts, troubles


def _pasted(image: QImage) -> Part:
    from workbench.workspace import attachment

    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # PySide's stubs know only the older word for a format
    return attachment(bytes(data.data()), "pasted.png")


def described(part: Part) -> str:
    """`PDF, 1.2 MB` or `picture, 640 by 480 pixels, 120 kB`."""
    from workbench.workspace import pixels  # pure, and small

    size = pixels(part.data) if part.kind == "image" else None
    kind = "picture" if part.kind == "image" else "PDF" if part.media_type == "application/pdf" else "file"
    return ", ".join([kind, *([f"{size[0]:,} by {size[1]:,} pixels"] if size else []), file_size(len(part.data))])


def kinds(parts: Sequence[Part]) -> str:
    """`2 pictures and 1 file`."""
    pictures = sum(part.kind == "image" for part in parts)
    numbers = [(pictures, "picture"), (len(parts) - pictures, "file")]
    return joined([counted(number, word) for number, word in numbers if number])


def title_of(part: Part) -> str:
    """Its file's name, or what it is."""
    return part.name or ("Picture" if part.kind == "image" else "File")


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
