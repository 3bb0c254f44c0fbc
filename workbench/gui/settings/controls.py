"""One control for one declared setting, by its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from workbench.gui.theme import set_kind, set_role, theme
from workbench.gui.widgets.segmented import Segmented
from workbench.settings import Setting, is_valid

Change = Callable[[str, Any], None]
Control = tuple[QWidget, Callable[[Any], None]]
"""The widget, and what shows a value in it without telling anyone."""


def control(setting: Setting, value: Any, change: Change) -> Control:
    """The control of a setting; `change(key, value)` is called when the user has chosen a possible value."""
    made, show = _BY_KIND.get(setting.kind, _text)(setting, value, change)
    made.setAccessibleName(setting.title)
    made.setAccessibleDescription(setting.long)
    return made, show


def _choice(setting: Setting, value: Any, change: Change) -> Control:
    made = Segmented(setting.choices, value, name=setting.title)
    made.chosen.connect(lambda chosen: change(setting.key, chosen))
    return made, made.set_value


def _flag(setting: Setting, value: Any, change: Change) -> Control:
    made = QCheckBox()
    set_role(made, "body")

    def show(on: Any) -> None:
        with QSignalBlocker(made):
            made.setChecked(bool(on))
        made.setText("On" if on else "Off")

    def toggled(on: bool) -> None:
        made.setText("On" if on else "Off")
        change(setting.key, on)

    show(value)
    made.toggled.connect(toggled)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made, show


def _number(setting: Setting, value: Any, change: Change) -> Control:
    whole = isinstance(setting.default, int)
    made: QSpinBox | QDoubleSpinBox = QSpinBox() if whole else QDoubleSpinBox()
    made.setRange(int(setting.low or 0), int(setting.high if setting.high is not None else 1_000_000))
    set_role(made, "body")
    made.setKeyboardTracking(False)
    made.lineEdit().setTextMargins(theme().px(8), 0, 0, 0)  # a stylesheet's padding does not reach the field inside
    made.setMaximumWidth(120)

    def show(now: Any) -> None:
        with QSignalBlocker(made):
            made.setValue(now)

    show(value)
    made.valueChanged.connect(lambda now: change(setting.key, now))
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel belongs to the page
    return made, show


def _money(setting: Setting, value: Any, change: Change) -> Control:
    made = QLineEdit()
    set_role(made, "body")
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    made.setMaximumWidth(110)

    def show(now: Any) -> None:
        made.setText(f"${now}")

    def edited() -> None:
        text = made.text().strip().lstrip("$").replace(",", ".")
        good = bool(text) and is_valid(setting, text)
        set_kind(made, state="" if good else "error")
        made.setToolTip("" if good else "Enter an amount such as 5.00")
        if good:
            change(setting.key, text)

    show(value)
    made.editingFinished.connect(edited)
    return made, show


def _model(setting: Setting, value: Any, change: Change) -> Control:
    made = QComboBox()
    set_role(made, "body")
    for choice, text in setting.choices:
        made.addItem(text, choice)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel belongs to the page

    def show(now: Any) -> None:
        with QSignalBlocker(made):
            offer(made, [str(now)] if now else [])
            made.setCurrentIndex(max(0, made.findData(now)))

    show(value)
    made.currentIndexChanged.connect(lambda _index: change(setting.key, made.currentData()))
    return made, show


def offer(made: QComboBox, titles: Iterable[str]) -> None:
    """Offer these models too."""
    for title in titles:
        if made.findData(title) < 0:
            made.addItem(title, title)


def _text(setting: Setting, value: Any, change: Change) -> Control:
    made = QLineEdit(str(value or ""))
    set_role(made, "body")
    made.editingFinished.connect(lambda: change(setting.key, made.text().strip()))
    return made, lambda now: made.setText(str(now or ""))


_BY_KIND: dict[str, Callable[[Setting, Any, Change], Control]] = {
    "choice": _choice,
    "flag": _flag,
    "number": _number,
    "money": _money,
    "model": _model,
}
