"""What narrows the list of prompts: chips that are on, a few that could be, and the menu of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from workbench.gui.library.tree import Filter, all_tags
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.flow import FlowLayout

if TYPE_CHECKING:
    from workbench.workspace import PromptRow

_SUGGESTED = 3
_MOST_TAGS = 20


class FilterChips(QWidget):
    """`wanted` comes with the filter that the user chose."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._flow = FlowLayout(self, gap=5, row_gap=2)

    def show_filter(self, filter: Filter, rows: Sequence[PromptRow]) -> None:
        """Show what is on, and a few suggestions for these prompts."""
        self._flow.clear()
        chips = [(Chip(text, "on", removable=True), without) for text, without in _active(filter)]
        if not filter.archived and rows:
            options = _suggestions(filter, rows)[: max(0, _SUGGESTED - len(chips))]
            chips += [(Chip(text, clickable=True, tip=f"Show only {text}"), with_it) for text, with_it in options]
        for chip, other in chips:
            chip.clicked.connect(lambda other=other: self.wanted.emit(other))
            self._flow.addWidget(chip)
        self.setVisible(bool(chips))
        self.updateGeometry()

    def menu(self, filter: Filter, rows: Sequence[PromptRow]) -> QMenu:
        """A menu of all filters."""
        menu = QMenu(self)

        def add(text: str, on: bool, other: Filter) -> None:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(on)
            action.triggered.connect(lambda _checked=False: self.wanted.emit(other))

        for tag in all_tags(rows)[:_MOST_TAGS]:
            add(f"Tag {tag}", tag in filter.tags, replace(filter, tags=filter.tags ^ {tag}))
        menu.addSeparator()
        for name in sorted({name for row in rows for name in row.labels}):
            add(f"Has {name}", name in filter.labels, replace(filter, labels=filter.labels ^ {name}))
        menu.addSeparator()
        add("Unsaved edits", filter.unsaved, replace(filter, unsaved=not filter.unsaved))
        add("Changed in the last seven days", filter.this_week, replace(filter, this_week=not filter.this_week))
        add("Archive", filter.archived, replace(filter, archived=not filter.archived))
        if filter.on or filter.archived:
            menu.addSeparator()
            menu.addAction("Clear filters").triggered.connect(lambda _checked=False: self.wanted.emit(Filter()))
        return menu


def _active(filter: Filter) -> list[tuple[str, Filter]]:
    found = [("archive", replace(filter, archived=False))] if filter.archived else []
    found += [(tag, replace(filter, tags=filter.tags - {tag})) for tag in sorted(filter.tags)]
    found += [(f"has {name}", replace(filter, labels=filter.labels - {name})) for name in sorted(filter.labels)]
    if filter.unsaved:
        found.append(("unsaved edits", replace(filter, unsaved=False)))
    if filter.this_week:
        found.append(("this week", replace(filter, this_week=False)))
    return found


def _suggestions(filter: Filter, rows: Sequence[PromptRow]) -> list[tuple[str, Filter]]:
    options: list[tuple[str, Filter]] = []
    tags = all_tags(rows)
    if tags and not filter.tags:
        options.append((tags[0], replace(filter, tags=frozenset({tags[0]}))))
    if not filter.labels and any("production" in row.labels for row in rows):
        options.append(("has production", replace(filter, labels=frozenset({"production"}))))
    if not filter.this_week:
        options.append(("this week", replace(filter, this_week=True)))
    return options
