"""The pieces in which an answer by hand is gathered: the prompt and its files, the text, the place for drops, a picture to give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.compare.brought import brought_by
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.buttons import Button, button, icon_button
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import icon_label, label
from workbench.whole_file import beside

if TYPE_CHECKING:
    from workbench.gui.context import Context
    from workbench.values import Part

THUMBNAIL = 72


class PromptView(QPlainTextEdit):
    """The prompt to carry over, as high as its lines up to a limit."""

    MOST_LINES = 9

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setAccessibleName("Prompt to carry over")
        set_role(self, "code")

    def fit(self) -> None:
        """Take the height that the text needs at the width of now."""
        whole = int(self.document().size().height())  # of a plain text: lines, not pixels
        lines = max(2, min(self.MOST_LINES, whole))
        bar = Qt.ScrollBarPolicy.ScrollBarAsNeeded if whole > lines else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(bar)  # while it is not as high yet, a bar would take width and so make more lines
        margins = round(2 * self.document().documentMargin()) + self.height() - self.viewport().height()
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + margins + 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()


class Attached(QWidget):
    """The pictures and files of the prompt, each with a button that writes it to a file: they are carried over too."""

    def __init__(self, context: Context, complain: Callable[[str], object]) -> None:
        super().__init__()
        self._context, self._complain = context, complain
        self.buttons: list[Button] = []
        self._flow = FlowLayout(self, gap=8)
        self._flow.setContentsMargins(0, 0, 0, 0)

    def show_parts(self, parts: Sequence[Part]) -> None:
        """Show these; without any there is nothing to see."""
        self._flow.clear()
        self.buttons = [button(f"Save {name_of(part)}", "download", kind="link", on=partial(self._save, part)) for part in parts]
        for made in self.buttons:
            self._flow.addWidget(made)
        self.setVisible(bool(parts))

    def _save(self, part: Part) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, f"Save {name_of(part)}", name_of(part))
        if chosen:
            self._context.bridge.read(
                write_part, part, Path(chosen),
                then=lambda _: self._context.notice(f"Saved {Path(chosen).name}."), failed=self._not_saved, owner=self,
            )  # fmt: skip

    def _not_saved(self, error: BaseException) -> None:
        why = error.strerror if isinstance(error, OSError) else str(error)
        self._complain(f"The file was not saved: {why}. Choose another place.")


def name_of(part: Part) -> str:
    """The name of its file, or a fitting one: `picture.png`, `file.pdf`."""
    return part.name or f"{'picture' if part.kind == 'image' else 'file'}.{part.media_type.rpartition('/')[2]}"


def write_part(part: Part, path: Path) -> None:
    """Write a picture or file as it is sent, whole or not at all. Raises OSError."""
    with beside(path) as new:
        new.write_bytes(part.data)
        new.replace(path)


class AnswerField(QPlainTextEdit):
    """Takes pasted text; pictures and files that are pasted or dropped are handed on."""

    brought = Signal(object)
    give_wanted = Signal()
    """Ctrl+Enter."""
    copy_wanted = Signal()
    """Ctrl+C with nothing selected: the prompt is meant."""
    left = Signal()
    """Esc."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setAccessibleName("Answer")
        self.setPlaceholderText("Paste text or a picture here (Ctrl V)")

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return not self.isReadOnly() and (brought_by(source) is not None or source.hasText())

    def insertFromMimeData(self, source: QMimeData) -> None:
        found = brought_by(source)
        if found is not None:
            self.brought.emit(found)
        elif source.hasText():
            self.insertPlainText(source.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and control:
            self.give_wanted.emit()
        elif event.key() == Qt.Key.Key_C and control and not self.textCursor().hasSelection():
            self.copy_wanted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class DropPlace(QFrame):
    """The dashed place that says what can be dropped, and lets files be chosen without a mouse."""

    def __init__(self, choose: Callable[[], object]) -> None:
        super().__init__()
        self.hot = False
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(2)
        words = label("Drop pictures or a text file here", "body", weight=600)
        self.choose = button("Choose a file", kind="link", size="small", on=choose)
        for part in (icon_label("image-plus", "accent-ink", 20), words, self.choose):
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)

    def heat(self, on: bool) -> None:
        """Show that what is dragged can be dropped now."""
        self.hot = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(look.color("accent-ink" if self.hot else "control"), 2)
        pen.setDashPattern([3, 2.5])
        painter.setPen(pen)
        painter.setBrush(look.color("accent-soft" if self.hot else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()


class Collected(QWidget):
    """One picture of an answer that is not given yet, with a button to take it out."""

    def __init__(self, name: str, image: QImage, out: Callable[[], object]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        side = theme().px(THUMBNAIL)
        small = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        view = QLabel()
        view.setPixmap(QPixmap.fromImage(small))
        view.setAccessibleName(name)
        view.setToolTip(name)
        row.addWidget(view)
        self.out = icon_button("x", f"Take {name} out", on=out, size=13)
        row.addWidget(self.out, 0, Qt.AlignmentFlag.AlignTop)
