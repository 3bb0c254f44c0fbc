"""One parameter for one model alone: which, of which model, and its value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QLineEdit, QSpinBox, QStackedWidget, QWidget

from workbench.gui.library.parameter_fields import (
    EFFORTS,
    KNOWN,
    TITLES,
    UNSET,
    decimal_field,
    number,
    read_stops,
    whole_field,
    write_stops,
)  # fmt: skip
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label

Overrides = Mapping[str, Mapping[str, Any]]
_ANOTHER = ""


def said(name: str, value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return UNSET
    if name == "stop":
        return write_stops(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value if isinstance(value, str) else _json(value)


def title_of(name: str) -> str:
    """The everyday name of a parameter, or its technical one."""
    return TITLES.get(name, name)


class ValueField(QStackedWidget):
    """The field that fits a parameter. `value` None: the model is not sent it, its own default holds."""

    def __init__(self, changed: Callable[[], object]) -> None:
        super().__init__()
        self._name = _ANOTHER
        self._given: Any = None
        self._first = 0.0
        self._pages: dict[str, QWidget] = {
            "temperature": decimal_field(2.0, TITLES["temperature"], "0 repeats itself, 1 is usual, more is wilder"),
            "top_p": decimal_field(1.0, TITLES["top_p"], "Only words within this share of likelihood"),
            "max_tokens": whole_field(10_000_000, TITLES["max_tokens"], " tokens", "max_tokens: an answer is cut off there"),
            "seed": whole_field(2_147_483_647, TITLES["seed"], "", "The same seed gives the same answer, where the model honours it"),
            "reasoning_budget": whole_field(10_000_000, TITLES["reasoning_budget"], "", "reasoning_budget: 0 turns thinking off"),
            "reasoning_effort": QComboBox(),
            "stop": QLineEdit(),
            _ANOTHER: QLineEdit(),
        }
        for name, page in self._pages.items():
            if isinstance(page, (QDoubleSpinBox, QSpinBox)):
                page.valueChanged.connect(lambda _value: changed())
            elif isinstance(page, QComboBox):
                page.addItem(UNSET, None)
                for word in EFFORTS:
                    page.addItem(word, word)
                page.currentIndexChanged.connect(lambda _index: changed())
            elif isinstance(page, QLineEdit):
                page.setPlaceholderText(UNSET)
                page.textChanged.connect(lambda _text: changed())
            page.setAccessibleName(title_of(name) if name else "Value")
            self.addWidget(page)

    @property
    def field(self) -> QWidget:
        """The field that is shown."""
        return self._pages[self._name]

    def show_value(self, name: str, value: Any) -> None:
        """Show the field of a parameter with a value."""
        fits = name in KNOWN and (name != "reasoning_effort" or value is None or value in EFFORTS)
        self._name, self._given = name if fits else _ANOTHER, value
        page = self.field
        if isinstance(page, QDoubleSpinBox):
            page.setValue(number(value))
            self._first = page.value()
        elif isinstance(page, QSpinBox):
            page.setValue(int(number(value)))
            self._first = page.value()
        elif isinstance(page, QComboBox):
            page.setCurrentIndex(max(0, page.findData(value)))
        elif isinstance(page, QLineEdit):
            page.setText("" if value is None else write_stops(value) if self._name == "stop" else _typed(value))
        self.setCurrentWidget(page)
        self.setFocusProxy(page)

    @property
    def value(self) -> Any:
        """What is typed; JSON in the field for any other parameter, and what is no JSON is a text."""
        page = self.field
        if isinstance(page, (QDoubleSpinBox, QSpinBox)):
            if page.value() == self._first and page.value() >= 0:
                return self._given  # a value with more digits than the field shows stays as it was
            return None if page.value() < 0 else page.value() if isinstance(page, QSpinBox) else round(page.value(), 4)
        if isinstance(page, QComboBox):
            return page.currentData()
        assert isinstance(page, QLineEdit)
        return (read_stops(page.text()) or None) if self._name == "stop" else _read(page.text().strip())


class OverrideDialog(Dialog):
    """Asks for one override; with `at` for the value of one that is there. `done` gets model, parameter and value."""

    def __init__(
        self,
        parent: QWidget,
        models: Mapping[str, str],
        own: Mapping[str, Any],
        overrides: Overrides,
        done: Callable[[str, str, Any], object],
        at: tuple[str, str] | None = None,
    ) -> None:
        """`models`: titles by name. `own`: the parameters that hold for all models."""
        title = f"{title_of(at[1])} only for {models.get(at[0], at[0])}" if at else "Only for one model"
        super().__init__(parent, title, width=440)
        self._own, self._overrides, self._at, self._done = own, overrides, at, done
        self.model, self.parameter, self.name = QComboBox(), QComboBox(), QLineEdit()
        for name, shown in models.items():
            self.model.addItem(shown, name)
        for name in (*KNOWN, *(name for name in own if name not in KNOWN)):
            self.parameter.addItem(title_of(name), name)
        self.parameter.addItem("Another parameter", _ANOTHER)
        self.name.setPlaceholderText("top_k")
        self._words = label("", "small", "text3", wrap=True)
        self.value = ValueField(self._judge)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._name_label = label("Name", "body", "text2")
        rows = (("Model", self.model), ("Parameter", self.parameter), ("Name", self.name)) if at is None else ()
        for text, field in rows:
            field.setAccessibleName(text)
            form.addRow(self._name_label if field is self.name else label(text, "body", "text2"), field)
        form.addRow(label("Value", "body", "text2"), self.value)
        self.body.addLayout(form)
        self.body.addWidget(self._words)
        self.add_cancel()
        self._go = self.add_button("Add override" if at is None else "Set", self._take, kind="primary")
        for combo in (self.model, self.parameter):
            combo.currentIndexChanged.connect(lambda _index: self._show_value())
        self.name.textChanged.connect(lambda _text: self._judge())
        self._show_value()
        self.first = self.model if at is None else self.value.field

    @property
    def _chosen(self) -> tuple[str, str]:
        if self._at is not None:
            return self._at
        return str(self.model.currentData()), str(self.parameter.currentData()) or self.name.text().strip()

    def _show_value(self) -> None:
        model, name = self._chosen
        is_another = self._at is None and self.parameter.currentData() == _ANOTHER
        self.name.setVisible(is_another)
        self._name_label.setVisible(is_another)
        given = self._overrides.get(model, {})
        self.value.show_value(_ANOTHER if is_another else name, given[name] if name in given else self._own.get(name))
        self._judge()

    def _judge(self) -> None:
        name = self._chosen[1]
        nothing = self.value.value is None and name not in self._own
        self._go.setEnabled(bool(name) and not nothing)
        if not name:
            self._words.setText("Type the name by which the API knows the parameter.")
        elif name in self._own:
            self._words.setText(f"For all other models: {said(name, self._own[name])}.")
        elif nothing:
            self._words.setText("The prompt does not set it: give a value that is sent to this model alone.")
        else:
            self._words.setText("The prompt does not set it for other models.")

    def _take(self) -> None:
        model, name = self._chosen
        value = self.value.value
        self.accept()
        self._done(model, name, value)


class NoModelDialog(Dialog):
    """Says that there is no model to choose."""

    def __init__(self, parent: QWidget, connect: Callable[[], object]) -> None:
        super().__init__(parent, "Only for one model", width=440)
        words = "No model is connected yet, so there is none to choose. Connect one on the Models screen."
        self.body.addWidget(label(words, "body", "text2", wrap=True))
        self.add_cancel()

        def go() -> None:
            self.accept()
            connect()

        self.first = self.add_button("Open Models", go, kind="primary")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _typed(value: Any) -> str:
    """The text that `_read` makes this value of."""
    return value if isinstance(value, str) and _read(value) == value else _json(value)


def _read(text: str) -> Any:
    """The JSON value of a text, or the text itself; nothing is None."""
    try:
        return json.loads(text, parse_constant=str) if text else None
    except (ValueError, RecursionError):
        return text
