"""What changed in the prompt between the two runs: its changed lines, and all of it in a dialog."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.diff_rows import Field, Section
from workbench.gui.widgets.diff_view import DiffView
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import ContentDiff

MOST_LINES = 6
"""Changed lines that the panel shows; the dialog has all."""
_ICONS = {"system": "settings-2", "user": "user-round", "assistant": "bot"}


def sections_of(diff: ContentDiff) -> list[Section]:
    """Every part of a prompt that differs."""
    found = []
    for number, message in enumerate(diff.messages):
        if message.edits:
            fields = tuple(Field(each.name, _value(each.left), _value(each.right)) for each in message.attached)
            title, icon = message.role.capitalize(), _ICONS.get(message.role, "file-text")
            words = counted(message.edits, "edit")
            found.append(Section(f"message {number}", title, icon, words, message.text.lines, fields))
    for name, text in diff.snippets:
        found.append(Section(f"snippet {name}", name, "puzzle", counted(text.edits, "edit"), text.lines))
    if diff.parameters:
        fields = tuple(Field(each.name, _value(each.left), _value(each.right), code=True) for each in diff.parameters)
        found.append(Section("parameters", "Parameters", "sliders-horizontal", counted(len(fields), "edit"), (), fields))
    return found


def first_lines(sections: Sequence[Section]) -> list[Section]:
    """The same, cut down to the first changed lines."""
    left, found = MOST_LINES, []
    for section in sections:
        lines = tuple(row for row in section.lines if row.kind != "same")[:left]
        fields = section.fields[: left - len(lines)]
        if lines or fields:
            found.append(Section(section.key, section.title, section.icon, section.summary, lines, fields))
        left -= len(lines) + len(fields)
    return found


def _value(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class PromptChange(QWidget):
    """The panel below the answers."""

    def __init__(self, open_all: Callable[[], object]) -> None:
        super().__init__()
        self._diff: ContentDiff | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 8, 18, 10)
        column.setSpacing(6)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(icon_label("git-compare", "text2", 15))
        top.addWidget(label("What changed in the prompt", "body", weight=600))
        self.words = ElidedLabel("", "small", "text2")
        top.addWidget(self.words, 1)
        self.all = button("Full diff", kind="link", on=open_all, tip="All that changed in the prompt (Ctrl D)")
        top.addWidget(self.all)
        column.addLayout(top)
        self.view = DiffView()
        self.view.setProperty("kind", "framed")
        self.view.setAccessibleName("Changed lines of the prompt")
        column.addWidget(self.view)
        theme().follow(self.fit)

    def show_diff(self, diff: ContentDiff, names: tuple[str, str]) -> None:
        """Show what differs; a prompt that is the same has no panel."""
        if diff is self._diff:
            return  # every case of a column has the same
        self._diff = diff
        sections = sections_of(diff)
        self.setVisible(bool(sections))
        if sections:
            where = ", ".join(section.title for section in sections)
            between = f" between {names[0]} and {names[1]}" if names[0] != names[1] and all(names) else ""
            self.words.setText(f"{where}. {counted(diff.edits, 'edit')}{between}.")
            self.view.show_sections(first_lines(sections), side_by_side=False, folded=False)
            self.fit()

    def fit(self) -> None:
        """As high as its rows are, within reason."""
        rows = sum(self.view.rowHeight(at) for at in range(len(self.view.rows.rows)))
        self.view.setFixedHeight(min(rows + 2, theme().px(150)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self.fit)  # lines wrap otherwise now


class PromptDiffDialog(Dialog):
    """Both prompts as they were sent, beside each other."""

    def __init__(self, parent: QWidget, title: str, diff: ContentDiff) -> None:
        super().__init__(parent, title, padded=False)
        self._sections = sections_of(diff)
        self._mode = Segmented((("side", "Side by side", "columns-2"), ("one", "One column", "rows-2")), "side", small=True, name="Show")
        self._mode.chosen.connect(lambda _mode: self._show())
        self.head.addWidget(self._mode)
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))
        self.view = DiffView()
        self.body.addWidget(self.view)
        self.add_cancel("Close")
        self.first = self.view
        look, window = theme(), parent.window()
        self.resize(min(look.px(1100), window.width() - 100), min(look.px(620), window.height() - 100))
        self._show()

    def _show(self) -> None:
        self.view.show_sections(self._sections, side_by_side=self._mode.value == "side")
