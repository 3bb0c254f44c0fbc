"""Small dialogs of the models screen: a new key, an address, a model's name and price."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from workbench.gui.theme import set_kind, set_role
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.values import Price

if TYPE_CHECKING:
    from workbench.workspace import ModelRow


class KeyDialog(Dialog):
    """Asks for a key; it is never shown again, only its last four characters."""

    def __init__(self, window: QWidget, name: str, place: str, on: Callable[[str], object]) -> None:
        super().__init__(window, f"Key of {name}", width=480)
        self.body.addWidget(label("Key", "small", "text2", 500))
        self._field = QLineEdit()
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setAccessibleName("Key")
        set_role(self._field, "code")
        self.body.addWidget(self._field)
        self.body.addWidget(label(place, "small", "text3", wrap=True))
        self._on = on
        self.add_cancel()
        self._save = self.add_button("Save the key", self._do, kind="primary")
        self._save.setEnabled(False)
        self._field.textChanged.connect(lambda text: self._save.setEnabled(bool(text.strip())))
        self.first = self._field

    def _do(self) -> None:
        key = self._field.text().strip()
        self._field.clear()
        self.accept()
        self._on(key)


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
