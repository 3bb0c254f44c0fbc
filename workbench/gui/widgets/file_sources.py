"""Pictures and PDF files as they come in: chosen, dropped or pasted; read beside the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.gui.widgets.pictures import MOST_FILES, png
from workbench.gui.words import file_size
from workbench.values import BadInput, Part

if TYPE_CHECKING:
    from workbench.gui.context import Context

FILTER = "Pictures and PDF (*.png *.jpg *.jpeg *.webp *.gif *.pdf)"
PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.gif)"
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
    from workbench.workspace import attachment, read_attachment  # a thread that waits anyway

    parts: list[Part] = []
    troubles: list[str] = []
    for source in sources[:MOST_FILES]:
        try:
            parts.append(attachment(png(source), "pasted.png") if isinstance(source, QImage) else read_attachment(source))
        except BadInput as problem:
            place = f"{Path(problem.path).name}: " if problem.path else ""
            troubles.append(f"{place}{problem.message} {problem.remedy}".strip())
    if len(sources) > MOST_FILES:
        troubles.append(f"These are {len(sources):,} files; the first {MOST_FILES} were looked at.")
    return parts, troubles


def described(part: Part) -> str:
    """`PDF, 1.2 MB` or `picture, 640 by 480 pixels, 120 kB`."""
    from workbench.workspace import pixels  # pure, and small

    size = pixels(part.data) if part.kind == "image" else None
    kind = "picture" if part.kind == "image" else "PDF" if part.media_type == "application/pdf" else "file"
    return ", ".join([kind, *([f"{size[0]:,} by {size[1]:,} pixels"] if size else []), file_size(len(part.data))])


def title_of(part: Part) -> str:
    """Its file's name, or what it is."""
    return part.name or ("Picture" if part.kind == "image" else "File")


def choose_source(owner: QWidget, kind: str) -> list[Source]:
    """Let the user choose the one file that is the value of a variable of this kind, `image` or `file`."""
    words = ("Choose a picture", PICTURES) if kind == "image" else ("Choose a picture or a PDF file", FILTER)
    chosen, _ = QFileDialog.getOpenFileName(owner.window(), words[0], "", words[1])
    return [Path(chosen)] if chosen else []


def keep_source(context: Context, source: Source, kind: str, then: Callable[[Mapping[str, Any]], object], owner: QObject) -> None:
    """Read a file beside the window, keep its bytes in the workspace and hand over the value that names them."""

    def keep(part: Part) -> None:
        context.bridge.call(context.ws.datasets.keep_file, part, then=then, failed=context.failed, owner=owner)

    context.bridge.read(_value_part, source, kind, then=keep, failed=context.failed, owner=owner)


def _value_part(source: Source, kind: str) -> Part:
    from workbench.workspace import attachment, read_attachment  # a thread that waits anyway

    part = attachment(png(source), "pasted.png") if isinstance(source, QImage) else read_attachment(source)
    if kind == "image" and part.kind != "image":
        raise BadInput(f"{title_of(part)} is no picture, and this value is one.", remedy="Choose a PNG, JPEG, WebP or GIF file.")
    return part
