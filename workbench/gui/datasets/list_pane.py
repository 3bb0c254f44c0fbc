"""The list of datasets at the left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.theme import paint_row, theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.chip import Chip, chip_size, paint_chip
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import ElidedLabel, line
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.words import counted, plain

if TYPE_CHECKING:
    from workbench.workspace import DatasetRow

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
DEPTH = int(Qt.ItemDataRole.UserRole) + 1
HEADING = int(Qt.ItemDataRole.UserRole) + 2
"""The folder that begins with this line, above whose name it stands; empty for a line that goes on."""
_INDENT, _DEEPEST = 16, 4
_HEADING = 28
"""Height of a folder's line in pixels at 100%."""
_NOWHERE = QModelIndex()


def arranged(rows: Sequence[DatasetRow]) -> list[tuple[DatasetRow, int]]:
    """The datasets with how deep each stands, those of no folder first and then folder by folder."""
    folders = sorted({row.folder for row in rows}, key=lambda path: path.casefold().split("/") if path else [])
    return [line for folder in folders for line in _with_parts([row for row in rows if row.folder == folder])]


def _with_parts(rows: Sequence[DatasetRow]) -> list[tuple[DatasetRow, int]]:
    """A part stands below the dataset that it was drawn from, where that is among them."""
    names = {row.name for row in rows}
    parts: dict[str, list[DatasetRow]] = {}
    for row in rows:
        if row.part_of in names and row.part_of != row.name:
            parts.setdefault(row.part_of, []).append(row)
    found: dict[int, tuple[DatasetRow, int]] = {}

    def add(row: DatasetRow, depth: int) -> None:
        if row.id not in found:
            found[row.id] = row, depth
            for part in parts.get(row.name, ()):
                add(part, depth + 1)

    for row in rows:
        if row.part_of not in names or row.part_of == row.name:
            add(row, 0)
    for row in rows:  # what descriptions call parts of each other
        add(row, 0)
    return list(found.values())


class DatasetList(QAbstractListModel):
    """Datasets as lines."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[DatasetRow] = []
        self._depths: list[int] = []

    def show(self, found: Sequence[DatasetRow]) -> bool:
        """Show these. True if the lines are others now."""
        lines = arranged(found)
        rows, depths = [row for row, _depth in lines], [depth for _row, depth in lines]
        same = [(row.id, row.folder) for row in rows] == [(row.id, row.folder) for row in self.rows]
        self._depths = depths
        if same:
            self.rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, 0))
            return False
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()
        return True

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == DEPTH:
            return self._depths[index.row()]
        if role == HEADING:
            return row.folder if index.row() == 0 or self.rows[index.row() - 1].folder != row.folder else ""
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            part = [f"part of {row.part_of}"] if self._depths[index.row()] else []
            part += [f"in folder {row.folder}"] if row.folder else []
            return ", ".join([row.name, *part, facts_of(row), *([f"version {row.version}"] if row.version is not None else [])])
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.description or row.name
        return None


def facts_of(row: DatasetRow) -> str:
    """`120 cases, used by 9 comparisons`."""
    used = f"used by {counted(row.comparisons, 'comparison')}" if row.comparisons else "not used yet"
    return f"{counted(row.cases, 'case')}, {used}"


class DatasetDelegate(QStyledItemDelegate):
    """Two lines: name, and how many cases it has and who uses it. The first of a folder has the folder's name above them."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        look = theme()
        heights = QFontMetrics(look.font("body")).height() + QFontMetrics(look.font("small")).height()
        return QSize(100, heights + look.px(15) + (look.px(_HEADING) if index.data(HEADING) else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, look = index.data(ROW), theme()
        rect: QRect = option.rect
        if heading := index.data(HEADING):
            self._paint_heading(painter, QRect(rect.topLeft(), QSize(rect.width(), look.px(_HEADING))), heading)
            rect = rect.adjusted(0, look.px(_HEADING), 0, 0)
        area = rect.adjusted(look.px(6), 1, -look.px(6), -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, area, selected=selected, radius=6)
        view = option.widget
        if option.state & QStyle.StateFlag.State_HasFocus and view is not None and view.property("by_key"):
            painter.setPen(look.color("focus"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
        body, small = QFontMetrics(look.font("body", 500)), QFontMetrics(look.font("small"))
        depth = min(index.data(DEPTH), _DEEPEST)
        text = area.adjusted(look.px(14 + _INDENT * depth), 0, -look.px(8), 0)
        top = QRect(text.x(), text.y() + look.px(5), text.width(), body.height())
        if row.version is not None:
            size = chip_size(f"v{row.version}")
            place = QRect(QPoint(top.right() - size.width() + 1, top.center().y() - size.height() // 2 + 1), size)
            paint_chip(painter, place, f"v{row.version}")
            top.setWidth(top.width() - size.width() - look.px(6))
        if depth:
            painter.drawPixmap(QPoint(top.x(), top.y() + (top.height() - look.px(14)) // 2), look.pixmap("split", "text3", 14))
            top.setLeft(top.x() + look.px(20))
        painter.setFont(look.font("body", 500))
        painter.setPen(look.color("text"))
        painter.drawText(top, int(Qt.AlignmentFlag.AlignVCenter), body.elidedText(row.name, Qt.TextElideMode.ElideRight, top.width()))
        below = QRect(text.x(), top.bottom() + look.px(3), text.width(), small.height())
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text3"))
        painter.drawText(
            below, int(Qt.AlignmentFlag.AlignVCenter), small.elidedText(facts_of(row), Qt.TextElideMode.ElideRight, below.width())
        )
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, folder: str) -> None:
        look = theme()
        inside = rect.adjusted(look.px(12), 0, -look.px(14), 0)
        painter.save()
        side = look.px(16)
        painter.drawPixmap(QPoint(inside.x(), inside.y() + (inside.height() - side) // 2), look.pixmap("folder-open", "text2", 16))
        painter.setFont(look.font("body", 500))
        painter.setPen(look.color("text2"))
        room = inside.adjusted(side + look.px(7), 0, 0, 0)
        said = QFontMetrics(painter.font()).elidedText(folder, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), said)
        painter.restore()


class DatasetView(QListView):
    """The list itself."""

    entered = Signal()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setProperty("by_key", False)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.setProperty("by_key", True)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered.emit()
        else:
            super().keyPressEvent(event)


class DatasetPane(QWidget):
    """Shows datasets and says which one the user chose."""

    chosen = Signal(int)
    left = Signal()
    archive_wanted = Signal(bool)
    menu_wanted = Signal(QPoint)

    def __init__(self, new: Any, import_: Any) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Dataset list")
        self.archived = False
        self._rows: list[DatasetRow] = []
        self._current: int | None = None
        self._quiet = False
        self.model = DatasetList(self)
        self.view = DatasetView()
        self.view.setProperty("kind", "panel")
        self.view.setModel(self.model)
        self.view.setItemDelegate(DatasetDelegate(self.view))
        self.view.setMouseTracking(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setAccessibleName("Datasets")
        self.field = SearchField("Filter datasets")
        self._chips = QWidget()
        self._flow = FlowLayout(self._chips, gap=5)
        self._count = ElidedLabel("", "small", "text3")
        self._nothing = EmptyState("Nothing found", "No dataset has these words in its name.", icon="search-x")
        self._none = EmptyState("No datasets yet", "Import a file, or write the first case.")
        self._stack = QStackedWidget()
        for page in (self.view, self._nothing, self._none):
            self._stack.addWidget(page)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.field, 1)
        top.addWidget(icon_button("plus", "New dataset", kind="plain", on=new))
        head = QVBoxLayout()
        head.setContentsMargins(10, 10, 10, 4)
        head.addLayout(top)
        head.addWidget(self._chips)
        foot = QHBoxLayout()
        foot.setContentsMargins(14, 5, 8, 5)
        foot.setSpacing(2)
        foot.addWidget(self._count, 1)
        self._archive = icon_button("archive-restore", "Show the archive", on=lambda: self.show_archive(not self.archived))
        foot.addWidget(self._archive)
        foot.addWidget(icon_button("download", "Import a file of cases", on=import_))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        column.addWidget(line())
        column.addLayout(foot)
        self._chips.hide()
        self.field.searched.connect(lambda _text: self._rebuild())
        self.view.selectionModel().currentChanged.connect(self._moved_to)
        self.view.entered.connect(self.left)
        self.view.customContextMenuRequested.connect(lambda at: self.menu_wanted.emit(self.view.viewport().mapToGlobal(at)))
        theme().follow(self.view.doItemsLayout)

    def show_rows(self, rows: Sequence[DatasetRow]) -> None:
        """Show these datasets; the current one stays."""
        self._rows = list(rows)
        self._rebuild()
        cases = sum(row.cases for row in rows)
        where = " in the archive" if self.archived else ""
        self._count.setText(f"{counted(len(rows), 'dataset')}{where}, {counted(cases, 'case')}")

    def show_archive(self, on: bool) -> None:
        """Show the archived datasets, or the live ones."""
        self.archived = on
        self._flow.clear()
        if on:
            chip = Chip("archive", "on", removable=True)
            chip.clicked.connect(lambda: self.show_archive(False))
            self._flow.addWidget(chip)
            chip.show()
        self._chips.setVisible(on)
        self.archive_wanted.emit(on)

    def select(self, dataset_id: int | None) -> None:
        """Make a dataset the current one without saying so."""
        self._current = dataset_id
        at = next((i for i, row in enumerate(self.model.rows) if row.id == dataset_id), -1)
        self._quiet = True
        if at >= 0:
            self.view.setCurrentIndex(self.model.index(at, 0))
        else:
            self.view.clearSelection()
        self._quiet = False

    def current(self) -> DatasetRow | None:
        """The dataset that is current."""
        index = self.view.currentIndex()
        return self.model.rows[index.row()] if index.isValid() and index.row() < len(self.model.rows) else None

    def _rebuild(self) -> None:
        words = plain(self.field.text()).split()
        found = [row for row in self._rows if all(word in plain(f"{row.name} {row.folder} {row.description}") for word in words)]
        self._quiet = True
        self.model.show(found)
        self._quiet = False
        self.select(self._current)
        self._none.say(
            *(
                ("The archive is empty", "Datasets that you delete lie here.")
                if self.archived
                else ("No datasets yet", "Import a file, or write the first case.")
            )
        )
        self._stack.setCurrentWidget(self.view if found else self._nothing if words else self._none)

    def _moved_to(self, index: QModelIndex, _before: QModelIndex) -> None:
        if not self._quiet and index.isValid():
            row = self.model.rows[index.row()]
            if row.id != self._current:
                self._current = row.id
                self.chosen.emit(row.id)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(264), 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(200), 200)
