"""A piece of JSON that is typed: the last valid value counts, and what is wrong with the text stands below it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.labels import label


class JsonField(QWidget):
    """Lists and objects. An empty text is the empty value; a list is one of objects."""

    edited = Signal()

    def __init__(self, title: str, tip: str, example: str, empty: Any, kind: type, wrong: str) -> None:
        super().__init__()
        self._empty, self._kind, self._wrong = empty, kind, wrong
        self.fault: Callable[[Any], str] = lambda _value: ""
        """Why a value that is JSON cannot be taken; empty if it can."""
        self._value: Any = empty
        self.text = QPlainTextEdit()
        set_role(self.text, "code")
        self.text.setAccessibleName(title or tip)
        self.text.setToolTip(tip)
        self.text.setPlaceholderText(example)
        self.text.setTabChangesFocus(True)
        self._trouble = label("", "small", "fail", wrap=True)
        self._trouble.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(3)
        if title:
            made = label(title, "body", "text2")
            made.setToolTip(tip)
            column.addWidget(made)
        column.addWidget(self.text)
        column.addWidget(self._trouble)
        self.text.textChanged.connect(self._changed)
        self.text.document().documentLayout().documentSizeChanged.connect(lambda _size: self._resize())
        theme().follow(self._resize)
        self._resize()

    @property
    def value(self) -> Any:
        """The value as last typed without a mistake."""
        return self._value

    @property
    def trouble(self) -> str:
        """What is wrong with the text; empty if nothing is."""
        return self._trouble.text()

    def show_value(self, value: Any) -> None:
        """Show another value; None is the empty one. `edited` does not come, and a text that says the same already stays as it is."""
        wanted = self._empty if value is None else value
        if wanted == self._value and not self.trouble:
            return
        blocker = QSignalBlocker(self.text)
        self._value = wanted
        self.text.setPlainText("" if value is None else json.dumps(value, ensure_ascii=False, indent=2))
        blocker.unblock()
        self._say("")

    def _changed(self) -> None:
        text = self.text.toPlainText().strip()
        try:
            value = json.loads(text, parse_constant=_refuse) if text else self._empty
        except (ValueError, RecursionError) as error:
            self._say(f"Not valid JSON yet: {error}. The last valid text counts.")
            return
        if not isinstance(value, self._kind) or (isinstance(value, list) and not all(isinstance(item, dict) for item in value)):
            self._say(self._wrong)
            return
        if value and (fault := self.fault(value)):
            self._say(f"Not valid yet: {fault}. The last valid text counts.")
            return
        self._say("")
        if value != self._value:
            self._value = value
            self.edited.emit()

    def _say(self, trouble: str) -> None:
        self._trouble.setText(trouble)
        self._trouble.setVisible(bool(trouble))
        self._resize()

    def _resize(self) -> None:
        rows = round(self.text.document().size().height())  # of a plain text they are counted, a line that wraps as several
        lines = min(12, max(3, rows + 1))
        self.text.setFixedHeight(lines * self.text.fontMetrics().lineSpacing() + theme().px(14))


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON value")
