"""What a person brings as an answer: out of the clipboard, dropped, or chosen as files. It is read and decoded beside the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from workbench.gui.widgets.pictures import MOST_FILES, SMALL, decode, png
from workbench.gui.words import counted
from workbench.quick_dataclass import dataclass
from workbench.values import BadInput

if TYPE_CHECKING:
    from workbench.values import Part


@dataclass(frozen=True, slots=True)
class Brought:
    """What came, not read yet."""

    paths: tuple[Path, ...] = ()
    image: QImage | None = None


@dataclass(slots=True)
class Taken:
    """What could be read of it."""

    pictures: list[tuple[Part, QImage]] = field(default_factory=list)
    """Each with its thumbnail."""
    texts: list[str] = field(default_factory=list)
    trouble: str = ""
    """One sentence on what could not be read; empty where all could."""


def brought_by(mime: QMimeData) -> Brought | None:
    """The files or the picture in a clipboard or a drop; None where there is only text or nothing.

    A spreadsheet or a word processor lays a picture of the copied text beside the text itself: then the text is meant.
    """
    paths = tuple(Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile())
    if paths:
        return Brought(paths)
    if mime.hasImage() and (mime.hasUrls() or not mime.hasText()):
        image = mime.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return Brought(image=image)
    return None


def take(brought: Brought, read_file: Callable[[Path], Part], read_picture: Callable[[bytes, str], Part]) -> Taken:
    """Read and decode what was brought. Not for the Qt thread."""
    taken, problems = Taken(), []
    for path in brought.paths[:MOST_FILES]:
        try:
            part = read_file(path)
            if part.kind == "text":
                taken.texts.append(part.text)
            else:
                taken.pictures.append((part, _thumbnail(part)))
        except BadInput as problem:
            problems.append(str(problem))
    if brought.image is not None:
        try:
            part = read_picture(png(brought.image), "The picture in the clipboard")
            taken.pictures.append((part, _thumbnail(part)))
        except BadInput as problem:
            problems.append(str(problem))
    if len(brought.paths) > MOST_FILES:
        problems.append(f"These are {len(brought.paths):,} files; the first {MOST_FILES} were looked at.")
    if problems:
        more = f" {counted(len(problems) - 1, 'more file')} could not be taken." if len(problems) > 1 else ""
        taken.trouble = problems[0] + more
    return taken


def _thumbnail(part: Part) -> QImage:
    image = decode(part, SMALL)
    if image.isNull():
        raise BadInput(f"{part.name or 'The picture'} is damaged and cannot be shown.")
    return image
