"""The pages of Insights and the choice between them, which stands on each."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.segmented import Segmented

PAGES = (("choose", "Choose a model"), ("insights", "Regressions"), ("spend", "Spend"), ("raters", "Raters"))
"""Screen and its name."""


class Pages(QWidget):
    """The choice. What stands at its right is the page's own."""

    def __init__(self, context: Context, here: str) -> None:
        super().__init__()
        self._context, self._here = context, here
        self.choice = Segmented(PAGES, here, name="Page")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(12)
        self.row.addWidget(self.choice)
        self.row.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.choice.chosen.connect(self._go)

    def _go(self, place: str) -> None:
        self.choice.set_value(self._here)  # each page shows its own name
        if place != self._here:
            self._context.go(place)
