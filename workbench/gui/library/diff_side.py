"""One side of a comparison of versions: what it can show, and the head in which that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.library.tree import when
from workbench.gui.theme import theme
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.labels import ElidedLabel
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.gui.library.study import Opened
    from workbench.workspace import PromptRow, VersionRow

MAIN = "main"
"""How the branch without a name is called."""

OTHER = "Another prompt..."


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the comparison: a version, or (None) a working copy."""

    version: VersionRow | None
    branch: str | None = None
    """Whose unsaved edits, where there is no version; None: those that are open."""
    prompt: PromptRow | None = None
    """Whose it is, where it is not the prompt on screen."""

    @property
    def name(self) -> str:
        """`v6`, `v8, shorter` or `Working copy`."""
        if self.version is not None:
            return f"v{self.version.number}{f', {self.version.branch}' if self.version.branch else ''}"
        return "Working copy" if self.branch is None else f"Unsaved edits of {self.branch or MAIN}"


def sides_of(opened: Opened, *, working: bool = False, other: bool = False) -> list[Side]:
    """What of a prompt can be compared, its unsaved edits first; never nothing. `working`: there are unsaved edits on screen; `other`: it
    is not the prompt on screen, so that the unsaved edits are those that are stored."""
    prompt = opened.prompt if other else None
    own = [Side(None, opened.prompt.branch, prompt)] if other and (opened.has_draft or not opened.versions) else []
    drafts = [Side(None, row.name, prompt) for row in opened.branches if row.has_draft and not row.current]
    found = [*([Side(None)] if working else own), *drafts, *(Side(version, prompt=prompt) for version in opened.versions)]
    return found or [Side(None)]


def newest_of(sides: Sequence[Side], opened: Opened) -> Side:
    """What a prompt says now: its unsaved edits, else the newest version of the branch that is written on."""
    tip = opened.tip.id if opened.tip is not None else None
    return next((side for side in sides if side.version is None or side.version.id == tip), sides[0])


class SideHead(QWidget):
    """Which version a side shows, with its labels, author, time and note."""

    chosen = Signal()
    other_wanted = Signal()
    """A version of another prompt is to be chosen."""

    def __init__(self, sides: Sequence[Side], now: Side) -> None:
        super().__init__()
        self._sides: list[Side] = []
        self._at = 0
        self.prompt_name = ElidedLabel("", "body", weight=600)
        self.combo = QComboBox()
        self.combo.setProperty("bulk", "small")
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(5)
        self._who = ElidedLabel("", "small", "text3")
        self._note = ElidedLabel("", "small", "text2")
        self.top = top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.prompt_name)
        top.addWidget(self.combo)
        top.addLayout(self._chips)
        top.addStretch(1)
        top.addWidget(self._who)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 9, 14, 6)
        column.setSpacing(2)
        column.addLayout(top)
        self.bottom = QHBoxLayout()
        self.bottom.setSpacing(4)
        self._note.setMinimumHeight(theme().px(28))  # as high as the buttons that stand beside it on one side
        self.bottom.addWidget(self._note, 1)
        column.addLayout(self.bottom)
        self.offer(sides, now)
        self.combo.currentIndexChanged.connect(self._picked)

    def offer(self, sides: Sequence[Side], now: Side) -> None:
        """Let these be chosen, and show one of them; `chosen` is not told."""
        self._sides = list(sides)
        self._at = next((at for at, side in enumerate(sides) if side == now), 0)
        self.combo.blockSignals(True)
        self.combo.clear()
        self.combo.addItems([side.name for side in sides])
        self.combo.insertSeparator(len(sides))
        self.combo.addItem(OTHER)
        # As wide as the versions are; the list below it may be wider.
        self.combo.setMinimumContentsLength(min(16, max(len(side.name) for side in sides)))
        self.combo.view().setMinimumWidth(self.combo.fontMetrics().horizontalAdvance(OTHER) + theme().px(40))
        self.combo.setCurrentIndex(self._at)
        self.combo.blockSignals(False)

    def _picked(self, at: int) -> None:
        if 0 <= at < len(self._sides):
            self._at = at
            self.chosen.emit()
            return
        self.combo.blockSignals(True)
        self.combo.setCurrentIndex(self._at)  # until one is chosen, the side stays what it is
        self.combo.blockSignals(False)
        if at > len(self._sides):
            self.other_wanted.emit()

    @property
    def side(self) -> Side:
        """The side as chosen."""
        return self._sides[self._at]

    @property
    def sides(self) -> list[Side]:
        """All that can be chosen."""
        return self._sides

    def show_side(self, prompt: str) -> None:
        """Show what is known of the chosen version; the prompt's name where the other side is of another prompt."""
        self.prompt_name.setText(prompt)
        self.prompt_name.setVisible(bool(prompt))
        while self._chips.count():
            item = self._chips.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        version = self.side.version
        for name in version.labels if version is not None else ():
            self._chips.addWidget(Chip(name, "label"))
        who = "now" if version is None else ", ".join(part for part in (version.author, when(version.created_at)) if part)
        note = "Not saved as a version yet" if version is None else version.note or "No note"
        self._who.setText(who)
        self._who.setVisible(not prompt)  # the name needs its room
        self._note.setText(note if version is None or not prompt else f"{who}: {note}")
