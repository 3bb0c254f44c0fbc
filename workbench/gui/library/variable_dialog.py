"""Saying of what type a variable is, what it means, and what stands in for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QPlainTextEdit, QWidget

from workbench.gui.library.study import as_json
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.values import VARIABLE_TYPES, VariableSpec, VariableType

TYPE_NAMES: dict[VariableType, str] = {
    "text": "Text", "number": "Number", "choice": "Choice", "list": "List", "object": "Object", "image": "Image", "file": "File",
    "messages": "Messages",
}  # fmt: skip


class VariableDialog(Dialog):
    """Asks for a declaration; `keep` gets it, or None to declare nothing."""

    def __init__(
        self, parent: QWidget, name: str, spec: VariableSpec | None, likely: VariableType, keep: Callable[[VariableSpec | None], object]
    ) -> None:
        super().__init__(parent, f"Variable {name}", width=480)
        self._keep = keep
        shown = spec or VariableSpec(likely)
        self.type = QComboBox()
        self.type.setAccessibleName("Type")
        for kind in VARIABLE_TYPES:
            self.type.addItem(TYPE_NAMES[kind], kind)
        self.type.setCurrentIndex(VARIABLE_TYPES.index(shown.type))
        self.about = _field("Description", shown.description, "What belongs here")
        self.options = _field("Options", ", ".join(shown.options), "warm, plain")
        self.default = QPlainTextEdit()
        self.default.setAccessibleName("Default")
        self.default.setTabChangesFocus(True)
        self.default.setFixedHeight(theme().px(70))
        set_role(self.default, "code")
        self.default.setPlainText(
            "" if shown.default is None else shown.default if isinstance(shown.default, str) else as_json(shown.default)
        )
        self.required = QCheckBox("A value is needed")
        self.required.setChecked(shown.required)
        self._trouble = label("", "small", "fail", wrap=True)
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setHorizontalSpacing(12)
        self._form.setVerticalSpacing(10)
        for title, field in (
            ("Type", self.type),
            ("Description", self.about),
            ("Options", self.options),
            ("Default", self.default),
            ("", self.required),
        ):
            self._form.addRow(label(title, "body", "text2"), field)
        self.body.addLayout(self._form)
        self.body.addWidget(self._trouble)
        text = "Saved with the version. Where no value is given, the default is filled in; without one, calls wait for a value."
        self.body.addWidget(label(text, "small", "text3", wrap=True))
        if spec is not None:
            self.add_button("Declare nothing", lambda: self._done(None), kind="quiet")
        self.add_cancel()
        self._main = self.add_button("Keep", self._go, kind="primary")
        self.type.currentIndexChanged.connect(lambda _index: self._changed())
        for edit in (self.about, self.options):
            edit.textChanged.connect(lambda _text: self._changed())
        self.default.textChanged.connect(self._changed)
        self.first = self.type
        self._changed()

    def _read(self) -> VariableSpec:
        """What is entered. Raises ValueError for a default that is not of the type."""
        kind: VariableType = self.type.currentData()
        options = tuple(option.strip() for option in self.options.text().split(",") if option.strip()) if kind == "choice" else ()
        if kind == "choice" and not options:
            raise ValueError("A choice has options, with commas between.")
        spec = VariableSpec(kind, " ".join(self.about.text().split()), options, _default(self.default.toPlainText(), kind))
        if spec.default is not None and (why := spec.misfit(spec.default)):
            raise ValueError(f"The default {why}.")
        return VariableSpec(kind, spec.description, options, spec.default, self.required.isChecked())

    def _changed(self) -> None:
        self._form.setRowVisible(self.options, self.type.currentData() == "choice")
        try:
            self._read()
            trouble = ""
        except ValueError as error:
            trouble = str(error)
        self._trouble.setText(trouble)
        self._trouble.setVisible(bool(trouble))
        if self._main is not None:
            self._main.setEnabled(not trouble)

    def _go(self) -> None:
        self._done(self._read())

    def _done(self, spec: VariableSpec | None) -> None:
        self.accept()
        self._keep(spec)


def _field(name: str, text: str, example: str) -> QLineEdit:
    made = QLineEdit(text)
    made.setAccessibleName(name)
    made.setPlaceholderText(example)
    return made


def _default(text: str, kind: VariableType) -> Any:
    if not text.strip():
        return None
    return typed(text, kind)


def typed(text: str, kind: VariableType) -> Any:
    """What was typed, as a value of a type: a number, list or object where it is one. Raises ValueError for text that is no JSON."""
    if kind in ("list", "object") or (kind == "messages" and text.lstrip().startswith("[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"This is not valid JSON: {error}.") from error
    if kind == "number":
        try:
            value = json.loads(text)
        except ValueError:
            return text
        return value if isinstance(value, (int, float)) else text
    return text
