"""The settings page: sections at the left, every declared setting at the right, changes count at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.actions import ACTIONS
from workbench.gui.context import Context
from workbench.gui.screen import Crumb, Screen
from workbench.gui.settings.controls import control, offer
from workbench.gui.settings.row import Row
from workbench.gui.settings.storage import StorageRows
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import key_label, label, line
from workbench.gui.widgets.navigation import NavigationDelegate
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.widgets.search_field import SearchField
from workbench.settings import BY_KEY, SECTIONS, SETTINGS
from workbench.values import Changes

ICONS = {
    "appearance": "palette", "keyboard": "keyboard", "runs": "play", "spending": "coins", "storage": "database-backup",
    "network": "globe",
}  # fmt: skip
SHORT = {"appearance": "Appearance"}
"""What the list says where the title of a section is too long for it."""
LIST_WIDTH = 236
NARROW, VERY_NARROW = 1280, 840
"""Window widths at a text size of 100% below which a row has two columns, and one."""


class _Page(QWidget):
    """Says when something in it asks for other room."""

    asked = Signal()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.asked.emit()
        return super().event(event)


class SettingsScreen(Screen):
    """Drawn from the table in `workbench.settings`; a new setting appears here by being declared."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._sections: dict[str, QWidget] = {}
        self._rows: list[tuple[str, Row]] = []
        self._models: dict[str, QComboBox] = {}
        self._show: dict[str, Any] = {}
        self._undo: list[tuple[str, Any]] = []
        self._quiet = False
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        self._side = self._make_side()
        self._scroll = scroll_area(self._make_page(), by_key=True)
        self._scroll.verticalScrollBar().valueChanged.connect(self._scrolled)
        across.addWidget(self._side)
        across.addWidget(line(vertical=True))
        across.addWidget(self._scroll, 1)
        self.on("edit.undo", self.undo)
        context.settings.on_change(self._changed_elsewhere)
        theme().follow(self._resize_side)
        self._resize_side()

    # -- making ------------------------------------------------------------------------------------------------

    def _make_side(self) -> QWidget:
        side = QFrame()
        side.setProperty("kind", "panel")
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 10, 0, 10)
        column.setSpacing(8)
        self._search = SearchField("Find a setting")
        self._search.searched.connect(self.find_words)
        self._list = QListWidget()
        self._list.setProperty("kind", "panel")
        self._list.setAccessibleName("Sections")
        self._list.setItemDelegate(NavigationDelegate(self._list))
        self._list.setMouseTracking(True)
        for section, title in SECTIONS:
            item = QListWidgetItem(SHORT.get(section, title))
            item.setData(NavigationDelegate.ICON, ICONS.get(section, "settings-2"))
            item.setData(Qt.ItemDataRole.UserRole, section)
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        self._list.itemClicked.connect(lambda item: self._go_to(item.data(Qt.ItemDataRole.UserRole)))
        self._list.currentItemChanged.connect(self._chosen)
        search = QHBoxLayout()
        search.setContentsMargins(10, 0, 10, 0)
        search.addWidget(self._search)
        column.addLayout(search)
        self._list.setSizeAdjustPolicy(QAbstractItemView.SizeAdjustPolicy.AdjustToContents)
        self._list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        column.addWidget(self._list)
        hint = QHBoxLayout()
        hint.setContentsMargins(18, 4, 10, 0)
        hint.setSpacing(6)
        hint.addWidget(label("Changes count at once. Each can be undone:", "small", "text3", wrap=True), 1)
        hint.addWidget(key_label("Ctrl Z"), 0, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(hint)
        column.addStretch(1)
        return side

    def _make_page(self) -> QWidget:
        page = _Page()
        page.asked.connect(self._lay_out_rows)
        column = QVBoxLayout(page)
        column.setContentsMargins(28, 16, 28, 32)
        column.setSpacing(8)
        self._storage = StorageRows(self.context)
        for section, title in SECTIONS:
            box = QWidget()
            inside = QVBoxLayout(box)
            inside.setContentsMargins(0, 0, 0, 8)
            inside.setSpacing(8)
            inside.addWidget(label(title, "section"))
            card = QFrame()
            card.setProperty("kind", "card")
            rows = QVBoxLayout(card)
            rows.setContentsMargins(1, 1, 1, 1)
            rows.setSpacing(0)
            for index, row in enumerate(self._rows_of(section)):
                if index:
                    separator = line()
                    row.setProperty("line", True)
                    row.line = separator  # type: ignore[attr-defined]  # hidden and shown with its row
                    rows.addWidget(separator)
                rows.addWidget(row)
                self._rows.append((section, row))
            inside.addWidget(card)
            column.addWidget(box)
            self._sections[section] = box
        self._nothing = label("No setting has these words.", "body", "text2")
        self._nothing.hide()
        column.addWidget(self._nothing)
        column.addStretch(1)
        return page

    def _rows_of(self, section: str) -> list[Row]:
        rows = []
        for setting in SETTINGS:
            if setting.section != section:
                continue
            made, show = control(setting, self.context.settings.get(setting.key), self._set)
            if isinstance(made, QComboBox):
                self._models[setting.key] = made
            self._show[setting.key] = show
            rows.append(Row(setting.title, setting.short, [made], setting.long))
        if section == "keyboard":
            count = sum(1 for action in ACTIONS for _ in action.keys)
            keys = button(f"Show all {count} keys", "keyboard", size="small", on=self.context.action("help.keys").trigger)
            rows.append(Row("Key list", "Every key by screen.", [keys], "Tooltips, menus and the palette name the keys as well."))
        if section == "storage":
            rows = [self._storage.file, self._storage.folder, self._storage.backups, *rows, self._storage.keys]
        return rows

    # -- changing ----------------------------------------------------------------------------------------------

    def _set(self, key: str, value: Any) -> None:
        before = self.context.settings.get(key)
        if before == value:
            return
        self._undo.append((key, before))
        self._quiet = True
        try:
            self.context.settings.set(key, value)
        finally:
            self._quiet = False
        self.context.bridge.read(
            self.context.settings.flush, then=lambda problem: self.context.notice(problem) if problem else None, owner=self
        )

    def undo(self) -> None:
        """Take the last change made here back."""
        if self._undo:
            key, before = self._undo.pop()
            self.context.settings.set(key, before)
            self.context.notice(f"{BY_KEY[key].title} is as before.")

    def _changed_elsewhere(self, key: str) -> None:
        if not self._quiet and key in self._show:
            try:
                self._show[key](self.context.settings.get(key))
            except RuntimeError:  # this screen was closed; the settings live longer
                self._show.clear()

    # -- finding -----------------------------------------------------------------------------------------------

    def find_words(self, text: str) -> None:
        """Show only the settings that have all these words."""
        words = text.lower().split()
        shown: set[str] = set()
        for section, row in self._rows:
            found = all(word in row.words for word in words)
            row.setVisible(found)
            if row.property("line"):
                row.line.setVisible(found and section in shown)  # type: ignore[attr-defined]
            if found:
                shown.add(section)
        for section, box in self._sections.items():
            box.setVisible(section in shown)
        self._nothing.setVisible(not shown)

    def _chosen(self, now: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if now is not None and self._list.hasFocus():
            self._go_to(now.data(Qt.ItemDataRole.UserRole))

    def _go_to(self, section: str) -> None:
        box = self._sections.get(section)
        if box is not None:
            self._jumping = True
            self._scroll.verticalScrollBar().setValue(max(0, box.y() - 16))
            self._jumping = False
            self._mark(section)
            self.crumbs_changed.emit()  # a click has marked it already

    _jumping = False

    def _scrolled(self, value: int) -> None:
        if self._jumping:
            return
        above = [section for section, box in self._sections.items() if box.isVisible() and box.y() <= value + 40]
        self._mark(above[-1] if above else SECTIONS[0][0])

    def _mark(self, section: str) -> None:
        for index in range(self._list.count()):
            if self._list.item(index).data(Qt.ItemDataRole.UserRole) == section and self._list.currentRow() != index:
                self._list.blockSignals(True)
                self._list.setCurrentRow(index)
                self._list.blockSignals(False)
                self.crumbs_changed.emit()

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        item = self._list.currentItem()
        return [("Settings", lambda: self._go_to(SECTIONS[0][0])), (item.text() if item else "", None)]

    def show_at(self, section: str = "", **at: Any) -> None:
        if section:
            QTimer.singleShot(0, self, lambda: self._go_to(section))  # the page has its heights by then

    def where(self) -> dict[str, Any]:
        item = self._list.currentItem()
        return {"section": item.data(Qt.ItemDataRole.UserRole)} if item else {}

    def refresh(self, changes: Changes | None) -> None:
        if changes is None or changes.has("model", "connection"):
            ws = self.context.ws  # its service of connections is imported on the reading thread, not here
            self.context.bridge.read(
                lambda: [(row.title, row.embeds) for row in ws.connections.models()], then=self._offer_models,
                owner=self, key="settings.models",
            )  # fmt: skip
        if changes is None or changes.has("connection", "run"):
            self._storage.measure()

    def search_focus(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def _offer_models(self, found: list[tuple[str, bool]]) -> None:
        """Embedding models compare meanings, the others judge."""
        for key, made in self._models.items():
            offer(made, [title for title, embeds in found if embeds == (key == "embedding_model")])

    def panes(self) -> list[QWidget]:
        return [self._side, self._scroll]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out_rows()

    def _lay_out_rows(self) -> None:
        width = self.window().width() * 100 / theme().percent
        columns = 3 if width >= NARROW else 2 if width >= VERY_NARROW else 1
        controls = max(row.least for _, row in self._rows)
        for _, row in self._rows:
            row.set_columns(columns, controls)

    def sizeHint(self) -> QSize:
        return QSize(900, 600)

    def _resize_side(self) -> None:
        self._side.setFixedWidth(theme().px(LIST_WIDTH))
