"""What a prompt sends to one model alone: a card for each, and a button to add to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.library.override_dialog import NoModelDialog, OverrideDialog, Overrides, said, title_of
from workbench.gui.library.parameter_fields import lay_out_part
from workbench.gui.theme import set_role
from workbench.gui.widgets.buttons import Button, button, icon_button
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.widgets.layouts import take_all


class OverridesPart(QWidget):
    """`edited` comes with all of them as the user left them, `removed` with the model and what was taken out of its card."""

    edited = Signal(dict)
    removed = Signal(str, dict)
    models_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._own: Mapping[str, Any] = {}
        self._shown: dict[str, dict[str, Any]] = {}
        self._models: dict[str, str] = {}
        self.values: dict[tuple[str, str], Button] = {}
        """The button of each value, by model and parameter."""
        self._cards = QVBoxLayout()
        self._cards.setSpacing(6)
        self.add_button = button("Add an override", "plus", "quiet", size="small", on=self.ask)
        self.add_button.setToolTip("A value for one model alone, over what is set above (Ctrl Shift O)")
        lay_out_part(self, "Only for one model", self._cards, add=self.add_button)

    def show_models(self, models: Mapping[str, str]) -> None:
        """The models that can be chosen: titles by their names as the API takes them."""
        if dict(models) != self._models:
            self._models = dict(models)
            self._build()

    def show_overrides(self, own: Mapping[str, Any], overrides: Overrides) -> None:
        """Show others; `own` are the parameters for all models."""
        self._own = own
        if {model: dict(values) for model, values in overrides.items()} != self._shown:
            self._shown = {model: dict(values) for model, values in overrides.items()}
            self._build()

    def ask(self) -> None:
        """Ask for one more."""
        if not self.isEnabled():
            return
        if not self._models:
            NoModelDialog(self, self.models_wanted.emit).open()
        else:
            OverrideDialog(self, self._models, self._own, self._shown, self._set).open()

    def put_back(self, model: str, values: Mapping[str, Any]) -> None:
        """Undo that a card was taken out; what was set for its model since stays."""
        self._change({**self._shown, model: {**values, **self._shown.get(model, {})}})

    def _set(self, model: str, name: str, value: Any) -> None:
        self._change({**self._shown, model: {**self._shown.get(model, {}), name: value}})
        self.values[model, name].setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_out(self, model: str) -> None:
        gone = self._shown[model]
        self._change({name: values for name, values in self._shown.items() if name != model})
        self.add_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.removed.emit(model, gone)

    def _change(self, overrides: dict[str, dict[str, Any]]) -> None:
        self._shown = overrides
        self._build()
        self.edited.emit(overrides)

    def title_of(self, model: str) -> str:
        """How a model is called here; its name where it is not connected."""
        return self._models.get(model, model)

    def _build(self) -> None:
        take_all(self._cards)
        self.values = {}
        for model in sorted(self._shown, key=lambda name: self.title_of(name).casefold()):
            self._cards.addWidget(self._card(model, self._shown[model]))

    def _card(self, model: str, values: Mapping[str, Any]) -> QWidget:
        made = QFrame()
        made.setProperty("kind", "card")
        title = self.title_of(model)
        made.setAccessibleName(f"Only for {title}")
        head = QHBoxLayout()
        name = ElidedLabel(title, "body", "text")
        if title != model:
            name.setAccessibleDescription(f"{model} for its API")
        head.addWidget(name, 1)
        head.addWidget(icon_button("x", f"Take out what is only for {title}", on=partial(self._take_out, model), size=14))
        column = QVBoxLayout(made)
        column.setContentsMargins(12, 4, 6, 8)
        column.setSpacing(0)
        column.addLayout(head)
        if model not in self._models:
            column.addWidget(label("Not connected here. It holds where a model of this name is.", "micro", "text3", wrap=True))
        for parameter, value in values.items():
            column.addLayout(self._row(model, parameter, value))
        return made

    def _row(self, model: str, parameter: str, value: Any) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 2, 0)
        what = label(title_of(parameter), "small", "text2")
        what.setToolTip(parameter)
        row.addWidget(what)
        row.addStretch(1)
        shown = said(parameter, value)
        made = button(
            shown if len(shown) <= 24 else f"{shown[:23]}…", kind="quiet", size="small", on=partial(self._ask_value, model, parameter)
        )
        set_role(made, "code")
        made.setToolTip(f"{shown}\nChange it")
        made.setAccessibleName(f"{title_of(parameter)} only for {self.title_of(model)}: {shown}. Change it")
        self.values[model, parameter] = made
        row.addWidget(made)
        return row

    def _ask_value(self, model: str, parameter: str) -> None:
        OverrideDialog(self, self._models, self._own, self._shown, self._set, (model, parameter)).open()
