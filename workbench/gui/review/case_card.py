"""The case above the answers: what was asked, the facts given, and the expected answer."""

from __future__ import annotations

import json
from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.answer_view import AnswerView
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.labels import ElidedLabel, label, line

if TYPE_CHECKING:
    from workbench.values import Case

LINES, LOW_LINES = 3, 2
"""So many lines of the case are seen at once."""
LINE = 1.12
GAP = 3
LONG = 4000


class CaseCard(QFrame):
    """A few whole lines high: what is longer scrolls inside."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(18, 10, 18, 10)
        self._row.setSpacing(18)
        self.set_low(False)

    def show_case(self, number: int, case: Case) -> None:
        """Show a case: its longest value as the question, the others as facts, the reference as what a good answer says."""
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        values = {name: _text(value) for name, value in case.values.items() if _text(value).strip()}
        longest = max(values, key=lambda name: len(values[name]), default="")
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(f"Case {number:,}", "small", "text2"))
        head.addWidget(ElidedLabel(case.name, "body", weight=600))
        for tag in case.tags[:4]:
            head.addWidget(Chip(tag))
        head.addStretch(1)
        column.addLayout(head)
        column.addWidget(_scrolled(values.get(longest, "")), 1)
        self._row.addWidget(left, 5)
        facts = {name: text for name, text in values.items() if name != longest}
        if facts:
            self._part("Facts given to the model", "\n".join(f"{name}: {text}" for name, text in facts.items()), 3)
        if case.reference is not None and _text(case.reference).strip():
            self._part("What a good answer says", _text(case.reference), 3)
        self.setAccessibleName(f"Case {number}, {case.name}")

    def set_low(self, low: bool) -> None:
        """Take less room: what is longer scrolls inside."""
        look, edge = theme(), self._row.contentsMargins()
        lines = (LOW_LINES if low else LINES) * ceil(look.height("body") * LINE)
        self.setFixedHeight(edge.top() + edge.bottom() + Chip("tag").sizeHint().height() + GAP + lines + 2)

    def _part(self, title: str, text: str, share: int) -> None:
        self._row.addWidget(line(vertical=True))
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(label(title, "small", "text2", 600))
        column.addWidget(_scrolled(text, "small"), 1)
        self._row.addWidget(part, share)


def _scrolled(text: str, role: str = "body") -> AnswerView:
    view = AnswerView(role, fit=False, spacing=round(100 * LINE))
    view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.grow(text[:LONG] + ("…" if len(text) > LONG else ""))
    return view


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
