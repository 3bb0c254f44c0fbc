"""Above the table: filter by words, by tag and to the cases with problems, and the columns."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chip import Chip, chip_size
from workbench.gui.widgets.labels import line
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.search_field import SearchField

_CHIPS = 4


class CaseToolBar(QWidget):
    """`filtered` comes with words and a tag."""

    filtered = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Filter cases")
        self._tags: dict[str, int] = {}
        self._total = 0
        self._tag = ""
        self._problems = 0
        self._fitting = 0
        self.problems_on = False
        self.field = SearchField("Filter cases")
        self.columns = button("Columns", "columns-3", size="small")
        self._chips = QHBoxLayout()
        self._chips.setSpacing(5)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 12, 7)
        row.setSpacing(8)
        row.addWidget(self.field)
        row.addLayout(self._chips)
        row.addStretch(1)
        row.addWidget(self.columns)
        self.field.searched.connect(lambda text: self.filtered.emit(text, self._tag))
        theme().follow(self._resize)
        self._resize()

    @property
    def tag(self) -> str:
        """The tag that is filtered by; empty for none."""
        return self._tag

    def show_tags(self, total: int, tags: Mapping[str, int]) -> None:
        """Offer these tags, with how many cases have each."""
        if (total, dict(tags)) != (self._total, self._tags):
            self._total, self._tags = total, dict(tags)
            self._renew()

    def show_problems(self, count: int) -> None:
        """Offer the cases with problems; 0 offers none."""
        if count != self._problems:
            self._problems = count
            if not count and self.problems_on:
                self.choose_problems(False)
            else:
                self._renew()

    def choose_problems(self, on: bool) -> None:
        """Show only the cases with problems, or all."""
        self.problems_on = on
        self._renew()
        self.filtered.emit(self.field.text().strip(), self._tag)

    def clear(self) -> None:
        """Filter by nothing, without saying so."""
        self._tag = ""
        self.problems_on = False
        self.field.blockSignals(True)
        self.field.clear()
        self.field.blockSignals(False)
        self._renew()

    def choose(self, tag: str) -> None:
        """Filter by a tag; empty: by none."""
        self._tag = tag
        self._renew()
        self.filtered.emit(self.field.text().strip(), tag)

    def _all(self) -> None:
        self.problems_on = False
        self.choose("")

    def _renew(self) -> None:
        while self._chips.count():
            item = self._chips.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        ordered = self._ordered()
        everything = Chip(f"All {self._total:,}", "on" if not (self._tag or self.problems_on) else "plain", clickable=True)
        everything.clicked.connect(self._all)
        self._chips.addWidget(everything)
        if self._problems:
            text, kind = f"Problems {self._problems:,}", "on" if self.problems_on else "warn"
            problems = Chip(text, kind, icon="triangle-alert", clickable=True, tip="Show only cases with an empty cell or a near copy")
            problems.clicked.connect(lambda: self.choose_problems(not self.problems_on))
            self._chips.addWidget(problems)
        if ordered:
            edge = line(vertical=True)
            edge.setFixedHeight(theme().px(18))
            self._chips.addWidget(edge)
        self._fitting = fitting = self._fit(ordered)
        for tag in ordered[:fitting]:
            on = tag == self._tag
            chip = Chip(f"{tag} {self._tags[tag]:,}", "on" if on else "plain", clickable=True, tip=f"Show only cases with the tag {tag}")
            chip.clicked.connect(lambda tag=tag, on=on: self.choose("" if on else tag))
            self._chips.addWidget(chip)
        if len(ordered) > fitting:
            more = Chip(f"{len(ordered) - fitting} more" if fitting else f"Tags {len(ordered)}", clickable=True)
            more.clicked.connect(lambda: self._menu(ordered[fitting:], more))
            self._chips.addWidget(more)

    def _ordered(self) -> list[str]:
        return sorted(self._tags, key=lambda tag: (tag != self._tag, -self._tags[tag], tag))

    def _fit(self, ordered: list[str]) -> int:
        """How many tags have room beside the field and the button: a chip that is cut off says nothing."""
        gap = self._chips.spacing()
        room = self.width() - self.field.width() - self.columns.sizeHint().width() - theme().px(60)
        room -= chip_size(f"All {self._total:,}").width() + chip_size("99 more").width() + 3 * gap
        if self._problems:
            room -= chip_size(f"Problems {self._problems:,}", icon="triangle-alert").width() + gap
        for count, tag in enumerate(ordered[:_CHIPS]):
            room -= chip_size(f"{tag} {self._tags[tag]:,}").width() + gap
            if room < 0:
                return count
        return min(_CHIPS, len(ordered))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fit(self._ordered()) != self._fitting:
            self._renew()

    def _menu(self, tags: list[str], below: QWidget) -> None:
        menu = PopupMenu(self)
        for tag in tags[:60]:
            menu.addAction(f"{tag}  {self._tags[tag]:,}").triggered.connect(lambda _checked=False, tag=tag: self.choose(tag))
        menu.popup(below.mapToGlobal(QPoint(0, below.height())))

    def _resize(self) -> None:
        self.field.setFixedWidth(theme().px(150))
        self._renew()
