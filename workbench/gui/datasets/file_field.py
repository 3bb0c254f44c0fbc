"""The field of a value that is a picture or a file: what it is, small, and the ways to give another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.datasets.cell_values import Column, is_file, shown
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.file_sources import described, sources_of, title_of
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.widgets.pictures import thumbnail
from workbench.values import BadInput, Part

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_SIDE = 56


class FileField(QWidget):
    """A thumbnail with name and size. Files are chosen, dropped and pasted; they are read beside the window."""

    file_wanted = Signal()
    given = Signal(object)
    """A file or picture was dropped or pasted."""
    taken_out = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._value: Any = None
        self._read_only = False
        self.setAcceptDrops(True)
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.name = ElidedLabel("", "small", "text", 500)
        self.about = label("", "micro", "text3", wrap=True)
        self.choose = button(
            "Choose file...", size="small", on=self.file_wanted.emit, tip="Or drop a file here, or paste a picture (Ctrl V)"
        )
        self.remove = icon_button("x", "Take the file out", on=self.taken_out.emit, size=14)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.choose)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.name)
        words.addWidget(self.about)
        words.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)

    def show_value(self, value: Any, column: Column, *, read_only: bool) -> None:
        """Show the file of a case."""
        self._read_only = read_only
        self.choose.setVisible(not read_only)
        self.remove.setVisible(not read_only and value not in (None, ""))
        self.choose.setAccessibleName(f"Choose file for {column.key}")
        self.remove.setAccessibleName(f"Take the file out of {column.key}")
        if value == self._value and self.name.text():
            return
        self._value = value
        self._show(value if value not in (None, "") else None, column.type)

    def _show(self, value: Any, kind: str) -> None:
        look = theme()
        side = look.px(_SIDE)
        self._picture.setFixedSize(QSize(side, side))
        self._picture.setPixmap(look.pixmap("image" if kind == "image" else "file-text", "text3", 22))
        self.name.setText("No file" if value is None else shown(value) if not is_file(value) else str(value.get("name") or "file"))
        self.about.setText("")
        if value is not None:
            self._context.bridge.read(
                _seen, self._context.ws, value, then=self._take, failed=self._fail, owner=self, key=("file field", id(self))
            )

    def _take(self, found: tuple[Any, Part, QImage]) -> None:
        value, part, image = found
        if value != self._value:
            return
        self.name.setText(title_of(part))
        self.about.setText(described(part))
        if not image.isNull():
            side = theme().px(_SIDE)
            fitted = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
            self._picture.setPixmap(QPixmap.fromImage(fitted))
            self._picture.setAccessibleName(f"{title_of(part)}, small")

    def _fail(self, problem: BaseException) -> None:
        self.about.setText(f"{problem.message} {problem.remedy}".strip() if isinstance(problem, BadInput) else str(problem))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        found = sources_of(QApplication.clipboard().mimeData()) if event.matches(QKeySequence.StandardKey.Paste) else []
        if found and not self._read_only:
            self.given.emit(found[0])
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(not self._read_only and bool(sources_of(event.mimeData())))

    def dropEvent(self, event: QDropEvent) -> None:
        found = sources_of(event.mimeData())
        event.setAccepted(bool(found) and not self._read_only)
        if event.isAccepted():
            self.given.emit(found[0])


def _seen(ws: Workspace, value: Any) -> tuple[Any, Part, QImage]:
    """A value's file with its picture small. Reads and decodes: not for the Qt thread."""
    part = ws.datasets.file(value)
    return value, part, thumbnail(part) if part.kind == "image" else QImage()
