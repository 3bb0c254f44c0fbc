"""The list of prompts at the left: filter, folders, what can be done with several prompts at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QStackedWidget, QTreeView, QVBoxLayout, QWidget

from workbench.gui.library.filter_chips import FilterChips
from workbench.gui.library.tree import Filter, Node, PromptTree, build
from workbench.gui.library.tree_delegate import TreeDelegate
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import label, line
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.words import counted
from workbench.quick_dataclass import replace

if TYPE_CHECKING:
    from workbench.workspace import Hit, PromptRow

_OPENED_AT_ONCE = 300
"""Lines of folders that are opened in one turn: Qt asks for each line several times, so that thousands would be felt."""


class PromptView(QTreeView):
    """The tree itself. A click on a folder opens or closes it; the list says so when Enter is pressed on a prompt."""

    entered_by_key = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setItemsExpandable(True)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Prompts")
        self._then: Callable[[], None] | None = None

    def once_painted(self, then: Callable[[], None]) -> None:
        """Do something when what is shown now has been painted; at once where nobody sees it."""
        if self.isVisible():
            self._then = then
            self.viewport().update()
        else:
            QTimer.singleShot(0, self, then)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._then is not None:
            QTimer.singleShot(0, self, self._then)
            self._then = None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and self.model().rowCount(index) and not event.modifiers():
            self.setExpanded(index, not self.isExpanded(index))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setProperty("by_key", False)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.setProperty("by_key", True)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            index = self.currentIndex()
            if index.isValid() and self.model().rowCount(index):
                self.setExpanded(index, not self.isExpanded(index))
            else:
                self.entered_by_key.emit()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        rect = self.visualRect(self.currentIndex())
        was_seen = not rect.isEmpty() and QRect(QPoint(0, 0), event.oldSize()).contains(rect.center())
        super().resizeEvent(event)
        if was_seen:
            self.scrollTo(self.currentIndex())

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.setProperty("by_key", True)
        super().focusInEvent(event)


class ListPane(QWidget):
    """Shows rows, and says which prompt the user chose and what is to be done with prompts and folders."""

    chosen = Signal(int)
    """The prompt that is now current."""
    left = Signal()
    """Enter was pressed on a prompt: the user wants to write."""
    filter_changed = Signal(object)
    text_wanted = Signal(str)
    """Words that are to be looked for in the versions too; `show_found` takes the answer."""
    menu_wanted = Signal(QPoint)
    moved = Signal(list, list, str)
    """Ids of prompts and paths of folders, and the folder that they go into."""

    def __init__(self, actions: Mapping[str, QAction], write: Callable[[], None], import_: Callable[[], None]) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Prompt list")
        self.filter = Filter()
        self._rows: list[PromptRow] = []
        self._folders: list[str] = []
        self._wanted_folder = ""
        self._closed: set[str] = set()
        self._quiet = False
        self._opens = False
        """Folders are being opened of which nobody said that they are to stay so: a filter shows what was closed too."""
        self._to_open: list[Node] = []
        """Folders whose turn to be opened comes, the first one last."""
        self._opening = QTimer(self)
        self._opening.setInterval(0)
        self._current: int | None = None
        self.model = PromptTree(self)
        self.view = PromptView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(TreeDelegate(self.view, self.model))
        self.field = SearchField("Filter prompts")
        self._chips = FilterChips()
        self._chips.wanted.connect(self.set_filter)
        self._more = icon_button("list-filter", "Filter by tag, label, folder, model or date", kind="plain", on=self._filter_menu)
        self._new = icon_button("plus", "New prompt (Ctrl N)", kind="plain", on=actions["library.new"].trigger)
        self._count = label("", "small", "text3", wrap=True)
        self._empty = EmptyState(
            "No prompts yet",
            "Import a folder or write the first one.",
            [button("Import", kind="plain", on=import_), button("Write a prompt", kind="primary", on=write)],
        )
        self._nothing = EmptyState("Nothing found", "", [button("Clear filters", on=self.clear_filter)], icon="search-x")
        self._stack = QStackedWidget()
        for page in (self.view, self._empty, self._nothing):
            self._stack.addWidget(page)
        self._compose(actions)
        self._connect()

    def _compose(self, actions: Mapping[str, QAction]) -> None:
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.field, 1)
        top.addWidget(self._more)
        top.addWidget(self._new)
        head = QVBoxLayout()
        head.setContentsMargins(10, 10, 10, 4)
        head.setSpacing(6)
        head.addLayout(top)
        head.addWidget(self._chips)
        foot = QHBoxLayout()
        foot.setContentsMargins(14, 5, 8, 5)
        foot.setSpacing(2)
        foot.addWidget(self._count, 1)
        for id, icon in (("library.new_folder", "folder-plus"), ("file.export", "upload"), ("file.import", "download")):
            foot.addWidget(icon_button(icon, actions[id].text(), on=actions[id].trigger))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        column.addWidget(line())
        column.addLayout(foot)

    def _connect(self) -> None:
        self.field.searched.connect(lambda text: self.set_filter(replace(self.filter, text=text)))
        self.view.selectionModel().currentChanged.connect(self._moved_to)
        self.view.entered_by_key.connect(self.left)
        self.view.customContextMenuRequested.connect(lambda at: self.menu_wanted.emit(self.view.viewport().mapToGlobal(at)))
        self.view.expanded.connect(lambda index: None if self._opens else self._closed.discard(self.model.node(index).folder))
        self.view.collapsed.connect(lambda index: None if self._quiet else self._keep_closed(self.model.node(index).folder))
        self._opening.timeout.connect(self._open_more)
        self.model.dropped.connect(self.moved)
        self.model.redrawn.connect(self.view.viewport().update)
        theme().follow(self.view.doItemsLayout)

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_rows(self, rows: Sequence[PromptRow], folders: Sequence[str]) -> None:
        """Show these prompts; selection, open folders and scroll position stay."""
        self._rows, self._folders = list(rows), list(folders)
        self._rebuild()
        if self._wanted_folder:
            self.go_to_folder(self._wanted_folder)
        self._chips.show_filter(self.filter, self._rows)
        versions = sum(row.versions for row in self._rows)
        snippets = sum(row.kind == "snippet" for row in self._rows)
        found = [counted(len(rows) - snippets, "prompt")] if len(rows) > snippets or not snippets else []
        found += [counted(snippets, "snippet")] if snippets else []
        where = " in the archive" if self.filter.archived else ""
        told = [f"{', '.join(found)}{where}", counted(versions, "version")]
        # Where all of it has no room in one line it goes on in the next one, behind a comma.
        self._count.setText(", ".join(told).replace(" ", "\u00a0").replace(",\u00a0", ", "))

    def set_filter(self, wanted: Filter) -> None:
        """Narrow the list."""
        if wanted == self.filter:
            return
        before, self.filter = self.filter, wanted
        if before.text != wanted.text:
            self.model.found = {}
            self.text_wanted.emit(wanted.text)
        if self.field.text().strip() != wanted.text:
            self.field.setText(wanted.text)
        self._rebuild()
        self._chips.show_filter(self.filter, self._rows)
        if before.archived != wanted.archived:
            self.filter_changed.emit(wanted)

    def show_found(self, text: str, found: Mapping[int, Hit]) -> None:
        """Show the prompts too whose versions have these words, with the place; an answer to older words is dropped."""
        if text == self.filter.text and found != self.model.found:
            self.model.found = found
            self._rebuild()
            self.view.viewport().update()

    def found_version(self, prompt_id: int) -> int | None:
        """The version in which the words of the filter were found."""
        hit = self.model.found.get(prompt_id)
        return None if hit is None else hit.id

    def clear_filter(self) -> None:
        """Show all prompts again."""
        self.set_filter(Filter())

    def select(self, prompt_id: int | None) -> None:
        """Make a prompt the current one without saying so; its folder opens."""
        self._current = prompt_id
        index = self.model.find(prompt_id=prompt_id) if prompt_id is not None else QModelIndex()
        if self.view.currentIndex() == index and index.isValid():
            return
        self._quiet = True
        if index.isValid():
            self._open_more(self.model.node(index).folder)
            self._make_current(index)
            self.view.scrollTo(index)
        else:
            self.view.clearSelection()
        self._quiet = False

    def select_folder(self, path: str) -> None:
        """Make a folder the current line and open it."""
        index = self.model.find(folder=path)
        if index.isValid():
            self._make_current(index)
            self.view.setExpanded(index, True)
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def go_to_folder(self, path: str) -> None:
        """Select a folder in the whole list; as soon as the list is there, where it is not yet."""
        self.clear_filter()
        self._wanted_folder = "" if self.model.find(folder=path).isValid() or self._folders else path
        self.select_folder(path)

    def _make_current(self, index: QModelIndex) -> None:
        # With several lines to choose from Qt looks whether Ctrl or Shift is held, as after Ctrl+Shift+D, and selects otherwise.
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setCurrentIndex(index)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)

    def selected_ids(self) -> list[int]:
        """The selected prompts."""
        return [node.row.id for node in self._selected() if node.row is not None]

    def folder(self) -> str:
        """The folder that is current, or that of the current prompt; empty for none."""
        index = self.view.currentIndex()
        return self.model.node(index).folder if index.isValid() else ""

    def current_folder(self) -> str | None:
        """The folder whose own line is current, else None."""
        index = self.view.currentIndex()
        node = self.model.node(index)
        return node.folder if index.isValid() and node.row is None else None

    def first(self) -> int | None:
        """The first prompt shown."""
        pending = list(self.model.root.children)
        while pending:
            node = pending.pop(0)
            if node.row is not None:
                return int(node.row.id)
            pending = [*node.children, *pending]
        return None

    def _selected(self) -> list[Node]:
        return [self.model.node(index) for index in self.view.selectionModel().selectedIndexes()]

    def _rebuild(self) -> None:
        filtered = self.filter.on
        root = build(
            self._rows,
            self._folders,
            lambda row: self.filter.accepts(row, self.model.found),
            empty_folders=not filtered and not self.filter.archived,
        )
        self._quiet = True
        if self.model.show(root, filtered=filtered):
            index = self.model.find(prompt_id=self._current) if self._current is not None else QModelIndex()
            # Not expandAll: it opens the lines of prompts too, which takes a tenth of a second for thousands.
            self._to_open = [node for node in self.model.folders() if filtered or node.folder not in self._closed]
            self._to_open.reverse()
            self._open_more(self.model.node(index).folder if index.isValid() else None)
            if index.isValid():
                self._make_current(index)
        self._quiet = False
        if root.children:
            self._stack.setCurrentWidget(self.view)
        elif filtered or self.filter.archived:
            self._nothing.say(*self._nothing_words())
            self._stack.setCurrentWidget(self._nothing)
        else:
            self._stack.setCurrentWidget(self._empty)

    def _open_more(self, as_far_as: str | None = None) -> None:
        """Open the next folders: as many lines as go in one turn, and all down to the one that is named, so that what is shown of it
        does not move when others are opened above."""
        self._opens = True
        lines, ahead = 0, any(node.folder == as_far_as for node in self._to_open)
        while self._to_open and (ahead or lines < _OPENED_AT_ONCE):
            node = self._to_open.pop()
            ahead = ahead and node.folder != as_far_as
            lines += len(node.children)
            self.view.expand(self.model.at(node))
        self._opens = False
        if self._to_open:
            self._opening.start()
        else:
            self._opening.stop()

    def _keep_closed(self, folder: str) -> None:
        """Note that the user closed a folder, whose turn to be opened may be still to come."""
        self._closed.add(folder)
        self._to_open = [node for node in self._to_open if node.folder != folder]

    def _nothing_words(self) -> tuple[str, str]:
        if self.filter.archived and not self.filter.on:
            return "The archive is empty", "Prompts that you delete lie here until you restore them."
        if self.filter.tags and not self.filter.text:
            return "Nothing found", f"No prompt has the tag {' or '.join(sorted(self.filter.tags))} here."
        if not self.filter.text:
            return "Nothing found", ""
        return (
            "Nothing found",
            f"No prompt here has {self.filter.text} in its name, folder, description, tags or versions." if self.filter.text else "",
        )

    def _moved_to(self, index: QModelIndex, _before: QModelIndex) -> None:
        node = self.model.node(index)
        if not self._quiet and index.isValid() and node.row is not None and node.row.id != self._current:
            self._current = node.row.id
            self.chosen.emit(node.row.id)

    def _filter_menu(self) -> None:
        self._chips.menu(self.filter, self._rows).popup(self._more.mapToGlobal(QPoint(0, self._more.height() + 2)))

    def reading(self) -> list[QWidget]:
        """The parts from top to bottom: chips are made anew at times."""
        return [self.field, self._more, self._new, self._chips, self._stack]

    def sizeHint(self) -> QSize:
        return QSize(theme().px(264), 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(200), 200)
