"""The timeline of a prompt: the working copy, then every version, newest first, and what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListView, QVBoxLayout, QWidget

from workbench.gui.library.versions_list import RIGHT, ROW, Index, VersionDelegate, VersionList, WorkingRow
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.quick_dataclass import replace

if TYPE_CHECKING:
    from workbench.workspace import VersionRow

NOTHING: Mapping[int, str] = {}


class VersionsPanel(QListView):
    """The list itself; the current line and the working copy have real buttons."""

    acted = Signal(str, object)
    """What is wanted of a line: `show`, `compare`, `label`, `restore`, `branch`, `copy`, `diff`, `discard`; and the line."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setAccessibleName("Versions")
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._with_buttons: list[QPersistentModelIndex] = []
        self._wanted: int | None = None
        self.list = VersionList(self)
        self.setModel(self.list)
        self.setItemDelegate(VersionDelegate(self, self._extra))
        self.read_only = False
        self._tip: int | None = None
        self._shown: tuple[object, ...] = (None,)
        """What `show_versions` was asked for last."""
        self.customContextMenuRequested.connect(self._menu_at)
        self.activated.connect(self._activated)
        theme().follow(self._renew)

    def want(self, version_id: int | None) -> None:
        """Make a version current, now or when it is among the lines."""
        self._wanted = version_id
        at = next((i for i, row in enumerate(self.list.rows) if version_id is not None and getattr(row, "id", None) == version_id), -1)
        if at >= 0:
            self._wanted = None
            self.setCurrentIndex(self.list.index(at, 0))

    def show_versions(
        self,
        working: WorkingRow | None,
        versions: Sequence[VersionRow],
        changed: Mapping[int, str] = NOTHING,
        closed: frozenset[str] = frozenset(),
        tip: int | None = None,
    ) -> None:
        """Show these lines. The current version stays current, until one is made or another branch is written on: then the newest of
        what is written on is what the next step is about.

        `closed` are branches that were put away, `tip` the id of the version that is the newest of what is written on.
        """
        before, self._shown = self._shown, (working, tuple(versions), dict(changed), closed, tip, self.read_only)
        if self._wanted is None and before[1:] == self._shown[1:] and self._in_place(before[0], working):
            return  # each study of a text that is typed on asks
        switched = None not in (tip, self._tip) and tip != self._tip
        self._tip = tip
        row = self.currentIndex().data(ROW)
        known = {other.id for other in self.list.rows if not isinstance(other, WorkingRow)}
        made = bool(versions) and versions[0].id not in known and any(other.id in known for other in versions)
        made = made and tip in (None, versions[0].id)  # one that is kept aside is not what is written on
        kept = getattr(row, "id", None) if row is not None and not made else None
        if switched and not made:
            kept = tip
        self.list.show(working, versions, changed, closed)
        places = {getattr(other, "id", None): at for at, other in enumerate(self.list.rows)}
        at = next((places[id] for id in (kept, tip) if id is not None and id in places), 1 if working is not None and versions else 0)
        if self.list.rows:
            self.setCurrentIndex(self.list.index(at, 0))
        self.want(self._wanted)
        self._dress()

    def _in_place(self, before: object, working: WorkingRow | None) -> bool:
        """Show the working copy in the line that it has; False where that would not do: its buttons and its lane are others."""
        if working == before:
            return True
        if before is None and working is not None and self.list.rows:
            room = self.list.left
            self.list.show_first(working)
            self._dress(anew=self.list.left != room)
            return True
        if not isinstance(before, WorkingRow) or working is None:
            return False
        if replace(working, edits=before.edits, summary=before.summary) != before:
            return False
        self.list.show_working(working)
        return True

    def current(self) -> VersionRow | None:
        """The version that is current; None for the working copy or no line."""
        row = self.currentIndex().data(ROW)
        return None if row is None or isinstance(row, WorkingRow) else row

    def _activated(self, index: Index) -> None:
        row = index.data(ROW)
        self.acted.emit("diff" if isinstance(row, WorkingRow) else "show", row)

    def _extra(self, index: Index) -> int:
        """Room for the buttons of a line, in pixels."""
        row = index.data(ROW)
        if index.row() == self.currentIndex().row() or isinstance(row, WorkingRow):
            return theme().px(34 if not isinstance(row, WorkingRow) else 24)
        return 0

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self._dress()

    def _dress(self, *, anew: bool = False) -> None:
        """Put buttons into the lines that have some. Those that are there stay: making them takes longer than a key may."""
        rows = self.list.rows
        wanted = {self.currentIndex().row(), 0 if rows and isinstance(rows[0], WorkingRow) else -1} - {-1}
        for index in self._with_buttons:
            if index.isValid() and (anew or index.row() not in wanted):
                self.setIndexWidget(self.list.index(index.row(), 0), None)  # type: ignore[arg-type]
        for row in wanted:
            if self.indexWidget(self.list.index(row, 0)) is None:
                self.setIndexWidget(self.list.index(row, 0), self._buttons(rows[row]))
        self._with_buttons = [QPersistentModelIndex(self.list.index(row, 0)) for row in wanted]
        self.scheduleDelayedItemsLayout()

    def _buttons(self, row: WorkingRow | VersionRow) -> QWidget:
        look = theme()
        holder = QWidget()
        holder.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        across = QHBoxLayout()
        across.setSpacing(6)
        if isinstance(row, WorkingRow):
            if row.can_discard:
                across.addWidget(button("View diff", kind="link", size="small", on=lambda: self.acted.emit("diff", row)))
                across.addSpacing(6)
                if not self.read_only:
                    across.addWidget(button("Discard", kind="link", size="small", on=lambda: self.acted.emit("discard", row)))
        else:
            across.addWidget(button("Show", size="small", on=lambda: self.acted.emit("show", row), tip="Read this version (Enter)"))
            compare = button("Compare...", size="small", on=lambda: self.acted.emit("compare", row), tip="Compare with another version")
            across.addWidget(compare)
            if not self.read_only:
                across.addWidget(button("Label", size="small", on=lambda: self.acted.emit("label", row)))
            more = icon_button("ellipsis", "More about this version", kind="plain", size=14, on=lambda: self._menu(row, more))
            more.setProperty("bulk", "small")
            across.addWidget(more)
        across.addStretch(1)
        column = QVBoxLayout(holder)
        column.setContentsMargins(look.px(self.list.left), 0, look.px(RIGHT), look.px(7))
        column.addStretch(1)
        column.addLayout(across)
        return holder

    def _menu(self, row: VersionRow, below: QWidget) -> None:
        self.menu_of(row).popup(below.mapToGlobal(QPoint(0, below.height())))

    def _menu_at(self, at: QPoint) -> None:
        row = self.indexAt(at).data(ROW)
        if row is not None and not isinstance(row, WorkingRow):
            self.menu_of(row).popup(self.viewport().mapToGlobal(at))

    def menu_of(self, row: VersionRow) -> PopupMenu:
        """All that can be done with a version."""
        menu = PopupMenu(self)
        newest = max((other.number for other in self.list.rows if not isinstance(other, WorkingRow)), default=row.number)

        def add(text: str, what: str) -> None:
            menu.addAction(text).triggered.connect(lambda _checked=False: self.acted.emit(what, row))

        add("Show", "show")
        add("Compare with...", "compare")
        if not self.read_only:
            add("Label...", "label")
            if row.id != self._tip:
                add(f"Restore as v{newest + 1}", "restore")
            add(f"New branch from v{row.number}...", "branch")
        add("Copy the text", "copy")
        add("Copy as curl", "copy_curl")
        add("Copy as Python", "copy_python")
        return menu

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Delete:
            event.accept()  # Delete means the prompt; nobody who looks at versions wants that
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.setProperty("by_key", True)
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _renew(self) -> None:
        self._dress(anew=True)
        self.scheduleDelayedItemsLayout()
