"""Joined buttons of which one is on: for a choice of two to five."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from workbench.gui.theme import set_icon, set_role, theme
from workbench.gui.widgets.buttons import Button

Choice = tuple[Any, str] | tuple[Any, str, str]
"""Value, text, and maybe an icon."""


class Segmented(QWidget):
    """A row of joined buttons. Tab goes to the chosen one, arrows choose."""

    chosen = Signal(object)
    """The value that the user chose."""

    def __init__(self, choices: Sequence[Choice], value: Any = None, *, small: bool = False, name: str = "") -> None:
        super().__init__()
        self._values = [choice[0] for choice in choices]
        self._icons = [choice[2] if len(choice) > 2 else "" for choice in choices]
        self._buttons: list[Button] = []
        self._role = "small" if small else "body"
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for index, choice in enumerate(choices):
            made = Button(choice[1], self)
            made.setCheckable(True)
            made.setProperty("kind", "segment")
            if small:
                made.setProperty("bulk", "small")
            made.setProperty("edge", _edge(index, len(choices)))
            words = choice[1] or str(choice[0]).capitalize()  # one that shows an icon alone is named by its value
            made.setAccessibleName(f"{name}: {words}" if name else words)
            self._group.addButton(made, index)
            self._buttons.append(made)
            row.addWidget(made)
        self._group.idToggled.connect(lambda index, on: self._dress(index))
        self._group.idClicked.connect(lambda index: self.chosen.emit(self._values[index]))
        theme().follow(self._measure)
        self._measure()
        self.set_value(self._values[0] if value is None else value)

    @property
    def value(self) -> Any:
        """The chosen value."""
        return self._values[self._group.checkedId()] if self._group.checkedId() >= 0 else None

    def set_value(self, value: Any) -> None:
        """Choose without telling anyone; an unknown value is ignored."""
        if value in self._values:
            self._buttons[self._values.index(value)].setChecked(True)
            for index in range(len(self._buttons)):
                self._dress(index)

    def set_text(self, value: Any, text: str) -> None:
        """Let a choice say something else, such as another count."""
        made = self._buttons[self._values.index(value)]
        if made.text() != text:
            made.setText(text)
            made.setAccessibleName(f"{self.accessibleName()}: {text}" if self.accessibleName() else text)
            self._measure()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        at = self._group.checkedId()
        if step is None or not 0 <= at + step < len(self._values):
            super().keyPressEvent(event)
            return
        self._buttons[at + step].setChecked(True)
        self._buttons[at + step].setFocus(Qt.FocusReason.TabFocusReason)
        self.chosen.emit(self._values[at + step])

    def _dress(self, index: int) -> None:
        made = self._buttons[index]
        on = made.isChecked()
        set_role(made, self._role, 600 if on else 400)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus if on else Qt.FocusPolicy.NoFocus)
        if self._icons[index]:
            set_icon(made, self._icons[index], "accent-ink" if on else "text2", 16 if self._role == "body" else 14)

    def _measure(self) -> None:
        # The chosen one is heavier: every button is as wide as it would then be, so that nothing moves.
        look = theme()
        metrics = QFontMetrics(look.font(self._role, 600))
        for made, icon in zip(self._buttons, self._icons, strict=True):
            extra = look.px(22) if icon and made.text() else look.px(10) if icon else 0
            made.setMinimumWidth(metrics.horizontalAdvance(made.text()) + look.px(22) + extra)


def _edge(index: int, count: int) -> str:
    if count == 1:
        return "only"
    return "first" if index == 0 else "last" if index == count - 1 else "middle"
