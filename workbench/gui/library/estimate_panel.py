"""About what one call costs on each model, and a month of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.gui.words import call_money, total_money
from workbench.settings import Settings
from workbench.values import Usage

if TYPE_CHECKING:
    from workbench.workspace import ModelRow

_PLACES = {"cloud": "", "server": "own server", "builtin": "this computer"}


class EstimatePanel(QScrollArea):
    """Numbers are rough and say so: four characters for a token, and an answer as long as the user says."""

    models_wanted = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._models: Sequence[ModelRow] = ()
        self._tokens = 0
        self._longest: int | None = None
        self._limits: Mapping[str, int | None] = {}
        self._month = _count("Requests a month", int(settings.get("estimate.requests") or 10_000), 1_000_000_000)
        self._answer = _count("Answer length, tokens", int(settings.get("estimate.answer_tokens") or 150), 1_000_000)
        self._why = label("", "micro", "text3", wrap=True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        form = QFormLayout()
        form.setVerticalSpacing(6)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignVCenter)
        form.addRow(label("Requests a month", "body", "text2"), self._month)
        form.addRow(label("Answer length, tokens", "body", "text2"), self._answer)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(8)
        column.addWidget(label("For one call with the sample values, then for the volume you plan.", "small", "text2", wrap=True))
        column.addLayout(form)
        column.addWidget(self._why)
        column.addLayout(self._rows)
        column.addStretch(1)
        self.setWidget(page)
        self._month.valueChanged.connect(lambda _value: self._keep())
        self._answer.valueChanged.connect(lambda _value: self._keep())

    def show_models(self, models: Sequence[ModelRow]) -> None:
        """The models that can be called."""
        if tuple(models) != tuple(self._models):
            self._models = tuple(models)
            self._renew()

    def show_tokens(self, tokens: int, longest: int | None, limits: Mapping[str, int | None]) -> None:
        """About how many tokens are sent, and the longest answer that the prompt allows; `limits` of single models, by their names."""
        if (tokens, longest, limits) != (self._tokens, self._longest, self._limits):
            self._tokens, self._longest, self._limits = tokens, longest, limits
            self._renew()

    def lines(self) -> list[tuple[str, str, str, str]]:
        """Of each model: title, place and tokens, cost of a call, cost of a month, cheapest first, unknown prices last."""
        found: list[tuple[Decimal | None, tuple[str, str, str, str]]] = []
        for model in self._models:
            if model.place == "hand":  # it is never called
                continue
            longest = self._limits.get(model.name, self._longest)
            answer = min(self._answer.value(), longest) if longest else self._answer.value()
            cost = model.price.cost(Usage(self._tokens, answer))
            place = _PLACES.get(model.place) or model.connection
            month = f"{total_money(cost * self._month.value())} a month" if cost else "" if cost is None else "free"
            money = "price unknown" if cost is None else call_money(cost)
            found.append((cost, (model.title, f"{place} · about {self._tokens:,} in, {answer:,} out", money, month if cost else "")))
        return [words for _, words in sorted(found, key=lambda item: (item[0] is None, item[0] or Decimal(0), item[1][0].casefold()))]

    def _keep(self) -> None:
        self._settings.set("estimate.requests", self._month.value())
        self._settings.set("estimate.answer_tokens", self._answer.value())
        self._renew()

    def _renew(self) -> None:
        while self._rows.count():
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        capped = self._longest is not None and self._longest < self._answer.value()
        self._why.setText(
            f"This prompt's longest answer is {self._longest:,} tokens, so no more is counted."
            if capped
            else "Your guess: change it to what your answers have."
        )
        for title, where, money, month in self.lines():
            self._rows.addWidget(_model_row(title, where, money, month))
        if not self._models:
            self._rows.addWidget(label("No models are connected yet.", "body", "text2"))
            self._rows.addWidget(button("Connect one", kind="link", on=self.models_wanted.emit))
        else:
            self._rows.addWidget(
                label("Tokens are about four characters each. Other languages and code can differ by half.", "micro", "text3", wrap=True)
            )


def _model_row(title: str, where: str, money: str, month: str) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 8, 0, 8)
    column.setSpacing(2)
    column.insertWidget(0, line())
    top, below = QHBoxLayout(), QHBoxLayout()
    top.addWidget(ElidedLabel(title, "body", "text", 500), 1)
    unknown = money == "price unknown"
    top.addWidget(
        label(money if unknown or money == "free" else f"about {money}", "body", "text3" if unknown else "text", 400 if unknown else 600)
    )
    below.addWidget(ElidedLabel(where, "micro", "text3"), 1)
    below.addWidget(label(month, "micro", "text3"))
    column.addLayout(top)
    column.addLayout(below)
    return holder


def _count(name: str, value: int, most: int) -> QSpinBox:
    made = QSpinBox()
    made.setRange(1, most)
    made.setValue(value)
    made.setGroupSeparatorShown(True)
    made.setAccessibleName(name)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    made.setMaximumWidth(theme().px(116))
    return made
