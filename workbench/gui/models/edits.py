"""The dialog of the models screen for a model's name and price."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from workbench.gui.theme import set_kind
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.values import Price

if TYPE_CHECKING:
    from workbench.workspace import ModelRow


class ModelDialog(Dialog):
    """A model's title and what the user pays for it. The user's own prices win over the catalogue's."""

    def __init__(self, window: QWidget, row: ModelRow, on: Callable[[str, Price | None], object]) -> None:
        super().__init__(window, row.title or row.name, width=480)
        self._on, self._was = on, row.price
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        self._title = QLineEdit(row.title)
        self._title.setAccessibleName("Name in the app")
        form.addRow(label("Name in the app", "body", "text2"), self._title)
        name = label(row.name, "code", "text3")
        form.addRow(label("Name of the API", "body", "text2"), name)
        self._rates: list[QLineEdit] = []
        rates = (
            ("In, for 1M tokens", row.price.input_usd),
            ("Out, for 1M tokens", row.price.output_usd),
            ("Cached in, for 1M", row.price.cached_input_usd),
        )
        for title, rate in rates:
            edit = QLineEdit("" if rate is None else f"{rate:f}")
            edit.setPlaceholderText("not known")
            edit.setAccessibleName(title)
            edit.textChanged.connect(self._check)
            form.addRow(label(f"{title}, $", "body", "text2"), edit)
            self._rates.append(edit)
        self.body.addLayout(form)
        self.body.addWidget(label("Runs that are finished keep the price they were made with.", "small", "text3", wrap=True))
        self.add_cancel()
        self._save = self.add_button("Save", self._do, kind="primary")
        self.first = self._title

    def _check(self) -> None:
        good = True
        for edit in self._rates:
            fine = _rate(edit.text()) is not False
            set_kind(edit, state="" if fine else "error")
            edit.setToolTip("" if fine else "Enter dollars such as 0.40, or leave it empty")
            good = good and fine
        self._save.setEnabled(good)

    def _do(self) -> None:
        rates = [_rate(edit.text()) for edit in self._rates]
        read, written, cached = (rate if isinstance(rate, Decimal) else None for rate in rates)
        own = Price(read, written, cached)
        was = self._was
        # Rates as they were stay as they were, with all that the catalogue knows besides; own ones are all that counts.
        price = None if own == Price(was.input_usd, was.output_usd, was.cached_input_usd) else own
        self.accept()
        self._on(self._title.text().strip(), price)


def _rate(text: str) -> Decimal | bool | None:
    """Dollars, None for an empty field, False for what is no amount."""
    text = text.strip().lstrip("$").replace(",", ".")
    if not text:
        return None
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return False
    return rate if rate.is_finite() and rate >= 0 else False
