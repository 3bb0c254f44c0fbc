"""What the columns of a collection of prompts become: guessed, shown with the first row, changed before anything comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.workspace import PromptColumns

PARTS = (
    ("text", "Prompt text"), ("name", "Name"), ("system", "System message"), ("tags", "Tags"), ("description", "Description"),
    ("folder", "Folder"),
)  # fmt: skip
"""Each part of a prompt, and how it is said."""
_NOTHING = "nothing"
_KEY = "import.prompt_columns"
_MOST = 40


class PromptColumnsDialog(Dialog):
    """`go` gets the column of each part, empty for a part that no column is."""

    def __init__(
        self, parent: QWidget, settings: Settings, path: str, found: PromptColumns, go: Callable[[Mapping[str, str]], object]
    ) -> None:
        super().__init__(parent, "Import prompts", width=620)
        self._settings, self._found, self._go = settings, found, go
        known = recalled(settings, found.columns)
        start = known or found.parts
        said = "Each row becomes a prompt. Columns are mapped as the last time." if known else "Each row becomes a prompt. Guessed by name."
        self.heading.setText(f"Import prompts from {Path(path).name}")
        self.body.addWidget(label(said, "small", "text2", wrap=True))
        card = QFrame()
        card.setProperty("kind", "card")
        grid = QGridLayout(card)
        grid.setContentsMargins(12, 8, 12, 10)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for at, text in enumerate(("Part of the prompt", "Comes from the column", "First row")):
            grid.addWidget(label(text, "small", "text2", 600), 0, at)
        self.choices: dict[str, QComboBox] = {}
        self._shown: dict[str, ElidedLabel] = {}
        for at, (part, text) in enumerate(PARTS, 1):
            choice = QComboBox()
            choice.setAccessibleName(f"Column of the {text.lower()}")
            choice.addItem(_NOTHING, "")
            for column in found.columns:
                choice.addItem(column, column)
            choice.setCurrentIndex(max(0, choice.findData(start.get(part, ""))))
            choice.currentIndexChanged.connect(lambda _index: self._look())
            self.choices[part] = choice
            self._shown[part] = ElidedLabel("", "body", "text2")
            grid.addWidget(label(text, "body"), at, 0)
            grid.addWidget(choice, at, 1)
            grid.addWidget(self._shown[part], at, 2)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(2, 4)
        self.body.addWidget(card)
        self._trouble = label("", "small", "fail", wrap=True)
        self.body.addWidget(self._trouble)
        self._left = label("", "small", "text3", wrap=True)
        self.body.addWidget(self._left)
        self.add_cancel()
        self._import = self.add_button("Import the prompts", self._begin, kind="primary")
        self.first = self.choices["text"]
        self._look()
        self.resize(min(theme().px(620), parent.window().width() - 40), self.sizeHint().height())

    def parts(self) -> dict[str, str]:
        """Column by part as the user left it."""
        return {part: str(choice.currentData()) for part, choice in self.choices.items()}

    def _look(self) -> None:
        parts = self.parts()
        first = self._found.first[0] if self._found.first else {}
        for part, column in parts.items():
            self._shown[part].setText(" ".join(first.get(column, "").split())[:200] if column else "")
        trouble = "" if parts["text"] else "A prompt needs a text. Say which column it is."
        if not self._found.first:
            trouble = "There is no row below the header."
        self._trouble.setText(trouble)
        self._trouble.setVisible(bool(trouble))
        self._import.setEnabled(not trouble)
        left = [column for column in self._found.columns if column not in parts.values()]
        self._left.setText(f"Left out: {', '.join(left)}." if left else "Every column is used.")

    def _begin(self) -> None:
        parts = self.parts()
        remember(self._settings, self._found.columns, parts)
        self.accept()
        self._go(parts)


def remember(settings: Settings, columns: Sequence[str], parts: Mapping[str, str]) -> None:
    """Keep the mapping that the user imported with; the oldest of 40 goes."""
    kept = [item for item in _kept(settings) if item.get("columns") != list(columns)]
    settings.set(_KEY, [*kept, {"columns": list(columns), "parts": dict(parts)}][-_MOST:])


def recalled(settings: Settings, columns: Sequence[str]) -> Mapping[str, str] | None:
    """The mapping that was used for a table of just these columns; None if there was none."""
    for item in _kept(settings):
        parts = item.get("parts")
        if item.get("columns") == list(columns) and isinstance(parts, dict):
            return {str(part): str(column) for part, column in parts.items()}
    return None


def _kept(settings: Settings) -> list[dict[str, Any]]:
    kept = settings.get(_KEY)
    return [item for item in kept if isinstance(item, dict)] if isinstance(kept, list) else []
