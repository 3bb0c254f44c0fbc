"""Below the table: how many cases there are, what may be wrong with them, and what was changed since the last version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.labels import ElidedLabel
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import DatasetDiff, DatasetRow


class Foot(QWidget):
    """`versions_wanted` comes from the chip with the version, `save_wanted` from the button."""

    versions_wanted = Signal()
    save_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("State of the dataset")
        self.sum = ElidedLabel("", "body", "text", 600)
        self.hint = ElidedLabel("", "small", "text3")
        self.version = Chip("v1", clickable=True, tip="Versions of this dataset: compare, look at, restore (Ctrl D)")
        self.version.clicked.connect(self.versions_wanted.emit)
        self.edits = ElidedLabel("", "small", "warn", 500)
        self.save = button("Save as v1", size="small", on=self.save_wanted.emit, tip="Keep the cases as they are under a number (Ctrl S)")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(12)
        row.addWidget(self.sum)
        row.addWidget(self.hint, 1)
        for part in (self.edits, self.version, self.save):
            row.addWidget(part)
        self.show_versions(None, None, writable=False)

    def show_versions(
        self, dataset: DatasetRow | None, unsaved: DatasetDiff | None, *, writable: bool, looked_at: int | None = None
    ) -> None:
        """Show which version the cases are, and how many edits no version has. `unsaved` None: that is not known yet.

        `looked_at` is the number of the version whose cases are shown instead of those of now.
        """
        number = dataset.version if dataset is not None else None
        if looked_at is not None:
            number, unsaved = looked_at, None
        differs = unsaved is not None and unsaved.differs and bool(number or (dataset is not None and dataset.cases))
        self.version.setVisible(number is not None)
        self.version.set_text(f"v{number}")
        words = ""
        if differs and unsaved is not None and number is not None:
            edits = unsaved.added + unsaved.changed + unsaved.removed + len(unsaved.columns) + unsaved.moved
            words = counted(edits, "unsaved edit")
        self.edits.setText(words)
        self.edits.setToolTip(f"Since v{number}: {unsaved.words}" if words and unsaved is not None else "")
        self.edits.setVisible(bool(words))
        self.save.setText(f"Save as v{(number or 0) + 1}")
        self.save.setVisible(differs and writable)
