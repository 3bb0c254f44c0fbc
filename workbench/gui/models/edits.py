"""The dialog of the models screen for a model's name, its price, how much it takes and when it stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from workbench.gui.theme import set_kind
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.values import Price

if TYPE_CHECKING:
    from workbench.workspace import ModelRow


class ModelDialog(Dialog):
    """A model's title, what the user pays for it and what else is known. What the user says wins over the catalogue."""

    def __init__(self, window: QWidget, row: ModelRow, on: Callable[[str, Price | None, dict[str, Any] | None], object]) -> None:
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
            self._rates.append(self._field(form, title, "" if rate is None else f"{rate:f}", ", $"))
        room = row.facts.get("context_tokens")
        self._context = self._field(form, "Takes, in tokens", f"{room:,}" if isinstance(room, int) else "")
        self._ends = self._field(form, "Stops on", str(row.facts.get("retires") or ""))
        self._known = _tokens(self._context.text()), _day(self._ends.text())
        self.body.addLayout(form)
        self.body.addWidget(label("Runs that are finished keep the price they were made with.", "small", "text3", wrap=True))
        self.add_cancel()
        self._save = self.add_button("Save", self._do, kind="primary")
        self.first = self._title

    def _field(self, form: QFormLayout, title: str, text: str, unit: str = "") -> QLineEdit:
        edit = QLineEdit(text)
        edit.setPlaceholderText("not known")
        edit.setAccessibleName(title)
        edit.textChanged.connect(self._check)
        form.addRow(label(f"{title}{unit}", "body", "text2"), edit)
        return edit

    def _check(self) -> None:
        good = True
        read: list[tuple[QLineEdit, Any, str]] = [(edit, _rate(edit.text()), "dollars such as 0.40") for edit in self._rates]
        read += [(self._context, _tokens(self._context.text()), "a number such as 8192 or 128k")]
        read += [(self._ends, _day(self._ends.text()), "a day such as 2027-01-31")]
        for edit, value, wanted in read:
            fine = value is not False
            set_kind(edit, state="" if fine else "error")
            edit.setToolTip("" if fine else f"Enter {wanted}, or leave it empty")
            good = good and fine
        self._save.setEnabled(good)

    def _do(self) -> None:
        rates = [_rate(edit.text()) for edit in self._rates]
        read, written, cached = (rate if isinstance(rate, Decimal) else None for rate in rates)
        own = Price(read, written, cached)
        was = self._was
        # Rates as they were stay as they were, with all that the catalogue knows besides; own ones are all that counts.
        price = None if own == Price(was.input_usd, was.output_usd, was.cached_input_usd) else own
        found = {"context_tokens": _tokens(self._context.text()), "retires": _day(self._ends.text())}
        said = {name: value for (name, value), known in zip(found.items(), self._known, strict=True) if value != known}
        self.accept()
        self._on(self._title.text().strip(), price, said or None)


def _tokens(text: str) -> int | bool | None:
    """A number of tokens, None for an empty field, False for what is none."""
    text = text.strip().lower().replace(",", "").replace(" ", "")
    if not text:
        return None
    times = {"k": 1_000, "m": 1_000_000}.get(text[-1], 1)
    digits = text[:-1] if times > 1 else text
    count = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
    return count * times or False


def _day(text: str) -> str | bool | None:
    """A day as the lists write it, None for an empty field, False for what is none."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return False


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
