"""The parameters of a prompt, saved with each version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.labels import label

KNOWN = ("temperature", "top_p", "max_tokens", "seed", "stop")
TITLES = {
    "temperature": "Temperature",
    "top_p": "Top p",
    "max_tokens": "Longest answer",
    "seed": "Seed",
    "stop": "Stop texts",
    "output_schema": "JSON schema",
    "response_format": "Answer format",
    "tools": "Tools",
}
"""Everyday names of parameters; the technical one stands in the tooltip."""
_JSON_OBJECT = {"type": "json_object"}
_UNSET = "model default"
_MOST_STEPS = 200


class ParametersPanel(QScrollArea):
    """`edited` comes with parameters and output schema as the user left them. A field at its lowest mark is not sent at all."""

    edited = Signal(dict, object)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._others: dict[str, Any] = {}
        self._shown: tuple[dict[str, Any], Any] | None = None
        self._make_fields()
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(14, 14, 14, 14)
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignVCenter)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        for name, field, before in (
            ("temperature", self._temperature, self._slider),
            ("top_p", self._top_p, None),
            ("max_tokens", self._longest, None),
            ("seed", self._seed, None),
        ):
            row = QHBoxLayout()
            row.setSpacing(8)
            if before is None:
                row.addStretch(1)
            else:
                row.addWidget(before, 1)
            row.addWidget(field)
            made = label(TITLES[name], "body", "text2")
            made.setToolTip(name)
            form.addRow(made, row)
        made = label(TITLES["stop"], "body", "text2")
        made.setToolTip("stop")
        form.addRow(made, self._stop)
        form.addRow(label("Answer format", "body", "text2"), self._format)
        below = QVBoxLayout()
        below.setSpacing(6)
        for part in (self._schema, self._schema_trouble, self._also):
            below.addWidget(part)
        below.addWidget(
            label("Parameters are saved with the version, so old runs can be repeated exactly as they were.", "micro", "text3", wrap=True)
        )
        form.addRow(below)
        self.setWidget(page)
        self._connect()
        theme().follow(self._resize)
        self._resize()

    def _make_fields(self) -> None:
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, _MOST_STEPS)
        self._slider.setSingleStep(5)
        self._slider.setPageStep(10)
        self._slider.setAccessibleName("Temperature")
        self._temperature = _decimal(2.0, "Temperature", "0 repeats itself, 1 is usual, more is wilder")
        self._top_p = _decimal(1.0, "Top p", "Only words within this share of likelihood")
        self._longest = _whole(10_000_000, "Longest answer", " tokens", "max_tokens: an answer is cut off there")
        self._longest.setSingleStep(100)
        self._seed = _whole(2_147_483_647, "Seed", "", "The same seed gives the same answer, where the model honours it")
        self._stop = QLineEdit()
        self._stop.setPlaceholderText("None")
        self._stop.setAccessibleName("Stop texts")
        self._stop.setToolTip(
            'Texts at which the answer ends, with commas between. Put one with a comma or a new line into quotes: "\\n\\n"'
        )
        self._format = QComboBox()
        self._format.setAccessibleName("Answer format")
        for value, text in (("text", "Text"), ("json", "JSON"), ("schema", "JSON with a schema")):
            self._format.addItem(text, value)
        self._schema = QPlainTextEdit()
        set_role(self._schema, "code")
        self._schema.setAccessibleName("JSON schema of the answer")
        self._schema.setPlaceholderText('{"type": "object", "properties": {}}')
        self._schema.setTabChangesFocus(True)
        self._schema_trouble = label("", "small", "fail", wrap=True)
        self._also = label("", "small", "text3", wrap=True)
        for part in (self._schema, self._schema_trouble, self._also):
            part.hide()

    def _connect(self) -> None:
        self._slider.valueChanged.connect(lambda steps: self._temperature.setValue(steps / 100))
        self._temperature.valueChanged.connect(self._show_slider)
        for made in (self._temperature, self._top_p):
            made.valueChanged.connect(lambda _value: self._changed())
        for whole in (self._longest, self._seed):
            whole.valueChanged.connect(lambda _value: self._changed())
        self._stop.textChanged.connect(lambda _text: self._changed())
        self._format.currentIndexChanged.connect(lambda _index: self._format_changed())
        self._schema.textChanged.connect(self._changed)

    def _resize(self) -> None:
        for made in (self._temperature, self._top_p, self._longest, self._seed):
            made.setFixedWidth(theme().px(116))
        self._slider.setMinimumHeight(theme().px(24))
        self._schema.setMinimumHeight(theme().px(160))

    # -- values ------------------------------------------------------------------------------------------------

    def show_parameters(self, parameters: Mapping[str, Any], schema: Any, *, read_only: bool) -> None:
        """Show parameters; what this panel has no field for is named and kept."""
        page = self.widget()
        if page is not None:
            page.setEnabled(not read_only)
        if self._shown == (dict(parameters), schema):
            return
        self._shown = (dict(parameters), schema)
        blockers = [QSignalBlocker(made) for made in page.findChildren(QWidget)] if page is not None else []
        wanted = parameters.get("response_format")
        self._temperature.setValue(_number(parameters.get("temperature")))
        self._top_p.setValue(_number(parameters.get("top_p")))
        self._longest.setValue(int(_number(parameters.get("max_tokens"))))
        self._seed.setValue(int(_number(parameters.get("seed"))))
        self._stop.setText(write_stops(parameters.get("stop")))
        self._format.setCurrentIndex(2 if schema is not None else 1 if wanted == _JSON_OBJECT else 0)
        self._schema.setPlainText("" if schema is None else json.dumps(schema, ensure_ascii=False, indent=2))
        self._others = {
            name: value for name, value in parameters.items() if name not in KNOWN and (name, value) != ("response_format", _JSON_OBJECT)
        }
        self._also.setText(
            "Also sent: " + ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in self._others.items())
        )
        self._also.setVisible(bool(self._others))
        blockers.clear()
        self._show_slider(self._temperature.value())
        self._show_schema()

    def _show_slider(self, value: float) -> None:
        blocker = QSignalBlocker(self._slider)
        self._slider.setValue(max(0, round(value * 100)))
        self._slider.setEnabled(True)
        blocker.unblock()

    def _format_changed(self) -> None:
        self._show_schema()
        self._changed()

    def _show_schema(self) -> str:
        on = self._format.currentData() == "schema"
        self._schema.setVisible(on)
        trouble = ""
        if on:
            try:
                if not isinstance(json.loads(self._schema.toPlainText() or "{}"), dict):
                    trouble = "A schema is an object in braces."
            except ValueError as error:
                trouble = f"Not valid JSON yet: {error}. The last valid schema is used."
        self._schema_trouble.setText(trouble)
        self._schema_trouble.setVisible(bool(trouble))
        return trouble

    def _changed(self) -> None:
        parameters = dict(self._others)
        for name, made in (("temperature", self._temperature), ("top_p", self._top_p)):
            if made.value() >= 0:
                parameters[name] = round(made.value(), 4)
        for name, whole in (("max_tokens", self._longest), ("seed", self._seed)):
            if whole.value() >= 0:
                parameters[name] = whole.value()
        stops = read_stops(self._stop.text())
        if stops:
            parameters["stop"] = stops
        kind = self._format.currentData()
        if kind == "json":
            parameters["response_format"] = dict(_JSON_OBJECT)
        schema = None
        if kind == "schema":
            trouble = self._show_schema()
            schema = self._shown[1] if trouble and self._shown else json.loads(self._schema.toPlainText() or "{}") if not trouble else None
        self._shown = (parameters, schema)
        self.edited.emit(parameters, schema)


def read_stops(text: str) -> list[str]:
    """The texts of `END, "a, b", "\\n"`: quotes keep commas and spaces, and make \\n a new line."""
    found: list[str] = []
    rest = text
    while rest.strip(", "):
        rest = rest.lstrip(", ")
        if rest.startswith('"'):
            try:
                value, end = json.JSONDecoder().raw_decode(rest)
            except ValueError:
                value, end = rest.strip('" '), len(rest)
            found.append(str(value))
            rest = rest[end:]
        else:
            part, _, rest = rest.partition(",")
            found.append(part.strip())
    return [stop for stop in found if stop]


def write_stops(stops: Any) -> str:
    """Stop texts as `read_stops` reads them."""
    listed = [stops] if isinstance(stops, str) else list(stops or ())
    return ", ".join(
        json.dumps(stop, ensure_ascii=False) if stop != stop.strip() or any(c in stop for c in ',"\n\t') else stop
        for stop in map(str, listed)
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else -1.0


def _decimal(most: float, name: str, tip: str) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    made.setDecimals(2)
    made.setSingleStep(0.1)
    # The mark below 0 means: not sent, the model's own default holds.
    made.setRange(-0.1, most)
    made.setSpecialValueText(_UNSET)
    made.setAccessibleName(name)
    made.setToolTip(f"{tip}. Below 0: not sent, the model's own default holds.")
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def _whole(most: int, name: str, suffix: str, tip: str) -> QSpinBox:
    made = QSpinBox()
    made.setRange(-1, most)
    made.setGroupSeparatorShown(True)
    made.setSpecialValueText(_UNSET)
    made.setSuffix(suffix)
    made.setAccessibleName(name)
    made.setToolTip(f"{tip}. Below 0: not sent, the model's own default holds.")
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made
