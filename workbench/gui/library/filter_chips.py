"""What narrows the list of prompts: chips that are on, a few that could be, and the menu of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtWidgets import QDateEdit, QMenu, QWidget

from workbench.gui.library.tree import Filter, all_tags
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.quick_dataclass import replace

if TYPE_CHECKING:
    from workbench.workspace import PromptRow

_SUGGESTED = 3
_MOST_TAGS = 20
_DAYS = {1: "today", 7: "this week", 30: "last 30 days", 365: "last year"}


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

    def menu(self, filter: Filter, rows: Sequence[PromptRow]) -> PopupMenu:
        """A menu of all filters."""
        menu = PopupMenu(self)

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
        self._submenus(menu, filter, rows)
        menu.addSeparator()
        add("Unsaved edits", filter.unsaved, replace(filter, unsaved=not filter.unsaved))
        add("Archive", filter.archived, replace(filter, archived=not filter.archived))
        if filter.on or filter.archived:
            menu.addSeparator()
            menu.addAction("Clear filters").triggered.connect(lambda _checked=False: self.wanted.emit(Filter()))
        return menu

    def _submenus(self, menu: QMenu, filter: Filter, rows: Sequence[PromptRow]) -> None:
        def fill(title: str, options: Sequence[tuple[str, bool, Filter]]) -> None:
            inner = menu.addMenu(title)
            inner.setEnabled(bool(options))
            for text, on, other in options:
                action = inner.addAction(text)
                action.setCheckable(True)
                action.setChecked(on)
                action.triggered.connect(lambda _checked=False, other=other: self.wanted.emit(other))

        folders = sorted({row.folder for row in rows if row.folder}, key=str.casefold)
        fill("Folder", [(path, path == filter.folder, replace(filter, folder="" if path == filter.folder else path)) for path in folders])
        models = sorted({title for row in rows for title in row.models}, key=str.casefold)
        fill("Compared on", [(name, name in filter.models, replace(filter, models=filter.models ^ {name})) for name in models])
        days = [
            (text, n == filter.days, replace(filter, days=0 if n == filter.days else n, since="", until="")) for n, text in _DAYS.items()
        ]
        fill("Changed", [(text.capitalize(), on, other) for text, on, other in days])
        menu.addAction("Changed between...").triggered.connect(lambda _checked=False: self.ask_dates(filter))

    def ask_dates(self, filter: Filter) -> Dialog:
        """Ask for the first and the last day."""
        made = Dialog(self, "Changed between", width=400)
        made.body.addWidget(label("Prompts that were last changed on these days or between them.", "body", "text2", wrap=True))
        fields = []
        for name, day in (("First day", filter.since), ("Last day", filter.until)):
            made.body.addWidget(label(name, "small", "text2", 500))
            field = QDateEdit(QDate.fromString(day, Qt.DateFormat.ISODate) if day else QDate.currentDate())
            field.setCalendarPopup(True)
            field.setDisplayFormat("yyyy-MM-dd")
            field.setAccessibleName(name)
            made.body.addWidget(field)
            fields.append(field)

        def go() -> None:
            made.accept()
            first, last = sorted(str(field.date().toString(Qt.DateFormat.ISODate)) for field in fields)
            self.wanted.emit(replace(filter, days=0, since=first, until=last))

        made.add_cancel()
        made.add_button("Show these", go, kind="primary")
        made.first = fields[0]
        made.open()
        return made


def _active(filter: Filter) -> list[tuple[str, Filter]]:
    found = [("archive", replace(filter, archived=False))] if filter.archived else []
    found += [(tag, replace(filter, tags=filter.tags - {tag})) for tag in sorted(filter.tags)]
    found += [(f"has {name}", replace(filter, labels=filter.labels - {name})) for name in sorted(filter.labels)]
    if filter.unsaved:
        found.append(("unsaved edits", replace(filter, unsaved=False)))
    if filter.folder:
        found.append((f"in {filter.folder}", replace(filter, folder="")))
    found += [(f"on {name}", replace(filter, models=filter.models - {name})) for name in sorted(filter.models)]
    if filter.days:
        found.append((_DAYS.get(filter.days, f"{filter.days} days"), replace(filter, days=0)))
    if filter.since or filter.until:
        days = filter.since if filter.since == filter.until else f"{filter.since} to {filter.until}"
        found.append((days, replace(filter, since="", until="")))
    return found


def _suggestions(filter: Filter, rows: Sequence[PromptRow]) -> list[tuple[str, Filter]]:
    options: list[tuple[str, Filter]] = []
    tags = all_tags(rows)
    if tags and not filter.tags:
        options.append((tags[0], replace(filter, tags=frozenset({tags[0]}))))
    if not filter.labels and any("production" in row.labels for row in rows):
        options.append(("has production", replace(filter, labels=frozenset({"production"}))))
    if not (filter.days or filter.since or filter.until):
        options.append(("this week", replace(filter, days=7)))
    return options
