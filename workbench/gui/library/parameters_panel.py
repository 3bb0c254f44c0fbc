"""The parameters of a prompt, saved with each version."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.library.json_field import JsonField
from workbench.gui.library.overrides import OverridesPart
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
from workbench.gui.library.prompt_checks import PromptChecksPart
from workbench.gui.theme import theme
from workbench.gui.widgets.labels import label

_JSON_OBJECT = {"type": "json_object"}
_MOST_STEPS = 200
_LONGEST_SAMPLE = 2000


class ParametersPanel(QScrollArea):
    """`edited` comes with parameters, output schema and tools as the user left them. A field at its lowest mark is not sent at all."""

    edited = Signal(dict, object, tuple)

    def __init__(self, fault: Callable[[Any], str], sample: Callable[[Any], Any]) -> None:
        """`fault` says why something is no JSON schema, `sample` gives an answer of its shape."""
        super().__init__()
        self._sample_of = sample
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown: tuple[dict[str, Any], Any, tuple[Any, ...]] | None = None
        self.overrides, self.checks = OverridesPart(), PromptChecksPart()
        self._make_fields()
        self._schema.fault = fault
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
            ("reasoning_effort", self._effort, None),
            ("reasoning_budget", self._budget, None),
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
        for part in (self._schema, self.sample, self.overrides, self.checks, self._tools, self._others):
            below.addWidget(part)
        below.addWidget(
            label("Parameters are saved with the version, so old runs can be repeated exactly as they were.", "micro", "text3", wrap=True)
        )
        form.addRow(below)
        below.addStretch(1)  # else the fields share the height that is left, with gaps between
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
        self._temperature = decimal_field(2.0, "Temperature", "0 repeats itself, 1 is usual, more is wilder")
        self._temperature.setSpecialValueText("default")  # the slider needs the room
        self._top_p = decimal_field(1.0, "Top p", "Only words within this share of likelihood")
        self._longest = whole_field(10_000_000, "Longest answer", " tokens", "max_tokens: an answer is cut off there")
        self._longest.setSingleStep(100)
        self._seed = whole_field(2_147_483_647, "Seed", "", "The same seed gives the same answer, where the model honours it")
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
        self._effort = QComboBox()
        self._effort.setAccessibleName(TITLES["reasoning_effort"])
        self._effort.setToolTip("reasoning_effort: each vendor is told in its own words; the set-up says where they differ")
        self._effort.addItem(UNSET, None)
        for word in EFFORTS:
            self._effort.addItem(word, word)
        self._budget = whole_field(
            10_000_000, "Tokens to think", "", "reasoning_budget: where a model takes a number; 0 turns thinking off"
        )
        self._budget.setSingleStep(1024)
        self._schema = JsonField(
            "", "JSON schema of the answer", '{"type": "object", "properties": {}}', {}, dict, "A schema is an object in braces."
        )
        self._schema.hide()
        self.sample = label("", "code", "text2", wrap=True)
        self.sample.setTextFormat(Qt.TextFormat.PlainText)
        self.sample.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.sample.setAccessibleName("An answer of this shape")
        self.sample.hide()
        self._tools = JsonField(
            "Tools", "Tools that the model may call: recorded, never executed", '[{"name": "weather", "parameters": {}}]', [],
            list, "Tools are a list of objects in brackets.",
        )  # fmt: skip
        self._others = JsonField(
            "More parameters", "Further parameters, sent by these names; `extra` is laid on the request as it is", '{"top_k": 40}', {},
            dict, "Parameters are names with values in braces.",
        )  # fmt: skip

    def _connect(self) -> None:
        self._slider.valueChanged.connect(lambda steps: self._temperature.setValue(steps / 100))
        self._temperature.valueChanged.connect(self._show_slider)
        for made in (self._temperature, self._top_p):
            made.valueChanged.connect(lambda _value: self._changed())
        self._effort.currentIndexChanged.connect(lambda _index: self._changed())
        for whole in (self._longest, self._seed, self._budget):
            whole.valueChanged.connect(lambda _value: self._changed())
        self._stop.textChanged.connect(lambda _text: self._changed())
        self._format.currentIndexChanged.connect(lambda _index: self._format_changed())
        for field in (self._schema, self._tools, self._others):
            field.edited.connect(self._changed)

    def _resize(self) -> None:
        for made in (self._temperature, self._top_p, self._longest, self._seed, self._budget, self._effort):
            made.setFixedWidth(theme().px(92 if made is self._temperature else 136))
        self._slider.setMinimumHeight(theme().px(24))

    # -- values ------------------------------------------------------------------------------------------------

    def show_parameters(self, parameters: Mapping[str, Any], schema: Any, tools: Sequence[Any], *, read_only: bool) -> None:
        """Show parameters; what has no field of its own stands as JSON."""
        page = self.widget()
        if page is not None:
            page.setEnabled(not read_only)
        if self._shown == (dict(parameters), schema, tuple(tools)):
            return
        self._shown = (dict(parameters), schema, tuple(tools))
        blockers = [QSignalBlocker(made) for made in page.findChildren(QWidget)] if page is not None else []
        wanted = parameters.get("response_format")
        self._temperature.setValue(number(parameters.get("temperature")))
        self._top_p.setValue(number(parameters.get("top_p")))
        self._longest.setValue(int(number(parameters.get("max_tokens"))))
        self._seed.setValue(int(number(parameters.get("seed"))))
        self._stop.setText(write_stops(parameters.get("stop")))
        self._format.setCurrentIndex(2 if schema is not None else 1 if wanted == _JSON_OBJECT else 0)
        effort = parameters.get("reasoning_effort")
        known_effort = self._effort.findData(effort)
        self._effort.setCurrentIndex(max(0, known_effort))
        self._budget.setValue(int(number(parameters.get("reasoning_budget"))))
        self._schema.show_value(schema)
        self._tools.show_value(list(tools) or None)
        others = {name: value for name, value in parameters.items() if not self._has_field(name, value)}
        self._others.show_value(others or None)
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

    def _has_field(self, name: str, value: Any) -> bool:
        """True for a parameter that a field above shows; an effort of another word, or a budget below 0, stands as JSON."""
        if name == "reasoning_effort":
            return value in EFFORTS
        if name == "reasoning_budget":
            return isinstance(value, int) and value >= 0
        return name in KNOWN or (name, value) == ("response_format", _JSON_OBJECT)

    def _show_schema(self) -> None:
        is_schema = self._format.currentData() == "schema"
        self._schema.setVisible(is_schema)
        self.sample.setVisible(is_schema and bool(self._schema.value))
        if is_schema and self._schema.value:
            shown = json.dumps(self._sample_of(self._schema.value), ensure_ascii=False, indent=2)
            self.sample.setText(f"An answer of this shape:\n{shown[:_LONGEST_SAMPLE]}")

    def _changed(self) -> None:
        parameters = dict(self._others.value)
        for name, made in (("temperature", self._temperature), ("top_p", self._top_p)):
            if made.value() >= 0:
                parameters[name] = round(made.value(), 4)
        for name, whole in (("max_tokens", self._longest), ("seed", self._seed), ("reasoning_budget", self._budget)):
            if whole.value() >= 0:
                parameters[name] = whole.value()
        if self._effort.currentData() is not None:
            parameters["reasoning_effort"] = self._effort.currentData()
        stops = read_stops(self._stop.text())
        if stops:
            parameters["stop"] = stops
        kind = self._format.currentData()
        self._show_schema()
        if kind == "json":
            parameters["response_format"] = dict(_JSON_OBJECT)
        schema = self._schema.value if kind == "schema" else None
        self._shown = (parameters, schema, tuple(self._tools.value))
        self.edited.emit(*self._shown)
