"""Where a file is to be written: asked with the file chooser of the desktop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget


def ask_path(parent: QWidget, title: str, start: Path, kinds: str, then: Callable[[Path], object]) -> None:
    """Ask where to write a file, and hand on the path. `start`: folder, name and ending that are offered; `kinds`: `CSV (*.csv)`."""
    chooser = QFileDialog(parent, title, str(start))
    chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    chooser.setNameFilter(kinds)
    chooser.setDefaultSuffix(start.suffix.removeprefix("."))
    chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    chooser.fileSelected.connect(lambda path: then(Path(path)))
    chooser.open()
