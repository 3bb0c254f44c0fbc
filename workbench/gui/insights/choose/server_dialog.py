"""What is assumed of an own server, to change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDoubleSpinBox, QFormLayout, QWidget

from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.quick_dataclass import replace

if TYPE_CHECKING:
    from workbench.workspace import choice

_FIELDS = (
    ("server_usd", "One server a month", "$", "", 0), ("upkeep_hours", "Upkeep a month", "", " h", 1),
    ("hour_usd", "An hour of upkeep", "$", "", 0),
    ("once_usd", "Paid once, over 12 months", "$", "", 0), ("most_calls", "Most calls a month for one server", "", "", 0),
)  # fmt: skip
MOST = 1_000_000_000


class ServerDialog(Dialog):
    """Five figures. They hold for all comparisons until they are changed."""

    def __init__(self, parent: QWidget, server: choice.OwnServer, done: Callable[[choice.OwnServer], object]) -> None:
        super().__init__(parent, "What an own server costs", width=460)
        self._server, self._done = server, done
        words = "These are your assumptions; nothing of them is measured. 0 calls means that one server is enough for any number."
        self.body.addWidget(label(words, "body", "text2", wrap=True))
        form = QFormLayout()
        self.fields: dict[str, QDoubleSpinBox] = {}
        for key, name, before, behind, decimals in _FIELDS:
            made = QDoubleSpinBox()
            made.setDecimals(decimals)
            made.setRange(0, MOST)
            made.setGroupSeparatorShown(True)
            made.setPrefix(before)
            made.setSuffix(behind)
            made.setValue(getattr(server, key))
            made.setAccessibleName(name)
            form.addRow(label(name, "body"), made)
            self.fields[key] = made
        self.body.addLayout(form)
        self.add_cancel()
        self.add_button("Use these figures", self._use, kind="primary")
        self.first = self.fields["server_usd"]

    def _use(self) -> None:
        figures = {key: field.value() for key, field in self.fields.items()}
        self.accept()
        most = round(figures.pop("most_calls"))
        self._done(replace(self._server, most_calls=most, **figures))
