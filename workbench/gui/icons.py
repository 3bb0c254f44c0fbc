"""Lucide icons as pixmaps: read from the package's own archive, coloured, drawn at the screen's pixel ratio.

Reading the archive's directory of 1,745 entries costs a tenth of the first window, so that the sources of the icons in use are
kept in the user's cache folder; that file is made anew whenever the archive is another one.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from workbench.whole_file import beside

if TYPE_CHECKING:
    from zipfile import ZipFile

THIN_STROKE_FROM = 14
"""Below this many pixels a stroke of 1.75 units breaks up, so it is drawn heavier."""


@cache
def _archive_path() -> Path:
    spec = find_spec("lucide")  # found, not imported: its code is not needed
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the package lucide is not installed", name="lucide")
    return Path(spec.submodule_search_locations[0]) / "lucide.zip"


@cache
def _archive() -> ZipFile:
    from zipfile import ZipFile  # only when an icon is not in the cache

    # Opened once: the package's own function opens it for every icon, 308 ms for forty of them against 7 ms.
    return ZipFile(_archive_path())


@cache
def _kept() -> dict[str, str]:
    """Icon name to source, from the cache file; empty when that is missing or of another archive."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        found = json.loads(_cache_path().read_text("utf-8"))
        if found["archive"] == _stamp():
            return dict(found["icons"])
    return {}


def svg_text(name: str) -> str:
    """The SVG source of one icon. Raises KeyError for a name that the package does not have."""
    kept = _kept()
    if name not in kept:
        kept[name] = _archive().read(f"{name}.svg").decode("utf-8")
        _new.add(name)
    return kept[name]


def keep_icons() -> None:
    """Write the icons used so far to the cache folder, if there are new ones. A folder that cannot be written is no fault."""
    if not _new:
        return
    with suppress(OSError):
        write_whole(_cache_path(), json.dumps({"archive": _stamp(), "icons": _kept()}).encode("utf-8"))
        _new.clear()


def cache_folder() -> Path:
    """Where icons are kept between starts."""
    return Path(platformdirs.user_cache_path("prompt-workbench", appauthor=False)) / "icons"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that another process sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with beside(path) as new:
        new.write_bytes(content)
        new.replace(path)


def _cache_path() -> Path:
    return cache_folder() / "lucide.json"


@cache
def _stamp() -> list[object]:
    """What tells this archive from another: its path, size and time."""
    found = _archive_path().stat()
    return [str(_archive_path()), found.st_size, found.st_mtime_ns]


_new: set[str] = set()


def coloured_svg(name: str, colour: str, size: float = 16, *, fill: str = "none") -> bytes:
    """SVG bytes with the colour in place of `currentColor` and a stroke that suits the drawn size."""
    stroke = 1.75 if size >= THIN_STROKE_FROM else 2.2
    text = svg_text(name).replace("currentColor", colour).replace('stroke-width="2"', f'stroke-width="{stroke}"')
    if fill != "none":
        text = text.replace('fill="none"', f'fill="{fill}"', 1)
    return text.encode("utf-8")


def draw_icon(name: str, colour: QColor, size: float, ratio: float = 1.0, *, filled: bool = False) -> QPixmap:
    """A square pixmap of `size` logical pixels at the given device pixel ratio."""
    pixmap = QPixmap(max(1, round(size * ratio)), max(1, round(size * ratio)))
    pixmap.fill(Qt.GlobalColor.transparent)
    source = coloured_svg(name, colour.name(), size, fill=colour.name() if filled else "none")
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(source)).render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
