"""The grid as a widget: a frozen column of cases beside the columns of answers; both share model and selection."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionRange, QModelIndex, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QHeaderView, QTableView, QVBoxLayout, QWidget

from workbench.gui.actions import digit
from workbench.gui.cells import State
from workbench.gui.compare.brought import brought_by
from workbench.gui.compare.delegate import CaseDelegate, CellDelegate
from workbench.gui.compare.frame import row_height
from workbench.gui.compare.header import ColumnHeader, CornerHeader
from workbench.gui.grid import SHOWN, Index, RunGrid
from workbench.gui.theme import Theme
from workbench.gui.wanted import Wanted

COLUMN_WIDTH, CASE_WIDTH = 208, 164
FRAME_MS = 12
SCROLLING_S = 0.3
"""So long after the last step it counts as scrolling, whose next frame must not wait for cells that are seen for the first time."""
LATE_MS = 4
"""Until cells are painted for which a frame had no time: keys and the mouse come first."""
HEIGHT_ORDER = ("compact", "normal", "tall")


class CaseView(QTableView):
    """The frozen column of cases. Its viewport is opaque, so that scrolling moves the picture and only what comes into view is painted: the
    delegates paint every pixel of their cells, and the rest is filled here.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        _dress(self)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._scrolled = 0.0
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(LATE_MS)
        self._late.timeout.connect(self._paint_late)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._scrolled = time.perf_counter()
        super().scrollContentsBy(dx, dy)

    def _paint_late(self) -> None:
        """Paint what the last frames had no time for."""
        words = self.itemDelegate()
        assert isinstance(words, CellDelegate | CaseDelegate)
        late, words.late = words.late, []
        model = self.model()
        for row, section in late:
            self.update(model.index(row, section))

    def paintEvent(self, event: QPaintEvent) -> None:
        words = self.itemDelegate()
        assert isinstance(words, CellDelegate | CaseDelegate)
        words.time.begin(hurried=time.perf_counter() - self._scrolled < SCROLLING_S)
        across, down = self.horizontalHeader(), self.verticalHeader()
        cells = QRect(-across.offset(), -down.offset(), across.length(), down.length())
        rest = event.region().subtracted(QRegion(cells))
        if not rest.isEmpty():
            painter = QPainter(self.viewport())
            painter.setClipRegion(rest)
            painter.fillRect(rest.boundingRect(), self.theme.color("surface"))
            painter.end()
        super().paintEvent(event)
        if words.late and not self._late.isActive():
            self._late.start()


class CellView(CaseView):
    """The columns of answers."""

    rate = Signal(int)
    """A digit 0 to 5 was pressed."""
    opened = Signal()
    pause = Signal()
    left = Signal()
    menu_wanted = Signal(QModelIndex, QPoint)
    copy_wanted = Signal()
    paste_wanted = Signal()
    dropped = Signal(QModelIndex, object)
    """The QMimeData of a drop on a cell that waits for a person; it is to be taken at once."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.single_keys = True
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Answers")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.cells = CellDelegate(theme, self)
        self.setItemDelegate(self.cells)
        self.headers = ColumnHeader(theme, self)
        self.setHorizontalHeader(self.headers)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.cells.marks_selection = len(blocks := self.blocks()) > 1 or any(block.width() * block.height() > 1 for block in blocks)

    def blocks(self) -> list[QItemSelectionRange]:
        """What is selected, as rectangles of rows and sections."""
        picked = self.selectionModel().selection()
        return [picked.at(number) for number in range(picked.count())]

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands here, not a search."""

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        for index in (previous, current):
            if index.isValid():
                self.update(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = digit(event) if self.single_keys else None
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if number is not None and number <= 5:
            self.rate.emit(number)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.opened.emit()
        elif event.key() == Qt.Key.Key_Space and plain:
            self.pause.emit()
        elif event.key() == Qt.Key.Key_Escape and plain:
            self.left.emit()
        elif event.key() == Qt.Key.Key_C and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.copy_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste_wanted.emit()
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        index = self.indexAt(point)
        self.cells.hover(index, point)
        hit = index.isValid() and self.cells.what_is_at(index, self.visualRect(index), point) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hit else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.cells.hover(QModelIndex(), QPoint(-1, -1))
        super().leaveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self.cells.what_is_at(index, self.visualRect(index), event.position().toPoint()) is None:
            self.opened.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos()) if event.reason() == QContextMenuEvent.Reason.Mouse else self.currentIndex()
        if index.isValid():
            if not self.selectionModel().isSelected(index):  # a selected block stays: the menu copies it
                self.setCurrentIndex(index)
            self.menu_wanted.emit(index, event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(brought_by(event.mimeData()) is not None)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        shown = self.indexAt(event.position().toPoint()).data(SHOWN)
        event.setAccepted(shown is not None and shown.state is State.BY_HAND)

    def dropEvent(self, event: QDropEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        shown = index.data(SHOWN)
        if shown is not None and shown.state is State.BY_HAND:
            event.acceptProposedAction()
            self.setCurrentIndex(index)
            self.dropped.emit(index, event.mimeData())

    def viewportEvent(self, event: QEvent) -> bool:
        # The view's own hover bookkeeping repaints whole cells for nothing.
        if event.type() in (QEvent.Type.HoverMove, QEvent.Type.HoverEnter):
            return True
        return super().viewportEvent(event)


class GridTable(QWidget):
    """Both views with one set of rows; widths and heights follow the text size."""

    current_changed = Signal()
    columns_moved = Signal()
    turned = Signal()
    """The order of the rows was turned round."""
    """A column was dragged to another place."""

    def __init__(self, theme: Theme, model: RunGrid) -> None:
        super().__init__()
        self.theme = theme
        self.grid = model
        self.hidden: set[int] = set()
        self.order: list[int] = []
        self._placing = False
        self.height_choice = "normal"
        self.main = CellView(theme)
        self.cases = CaseView(theme)
        self.cases.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.cases.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.cases.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.cases.setAccessibleName("Cases")
        self.corner = CornerHeader(theme, self.cases)
        self.cases.setHorizontalHeader(self.corner)
        self.case_words = CaseDelegate(theme, self.cases, self.main)
        self.cases.setItemDelegate(self.case_words)
        for view in (self.main, self.cases):
            view.setModel(model)
        self.cases.setSelectionModel(self.main.selectionModel())
        self._lay_out()
        bar, case_bar = self.main.verticalScrollBar(), self.cases.verticalScrollBar()
        bar.valueChanged.connect(case_bar.setValue)
        case_bar.valueChanged.connect(bar.setValue)
        self.main.horizontalScrollBar().rangeChanged.connect(lambda _low, _high: self._match_foot())
        self.main.selectionModel().currentChanged.connect(self._moved)
        self.main.headers.sectionMoved.connect(self._section_moved)
        self.cases.clicked.connect(self._case_clicked)
        self.corner.sectionClicked.connect(lambda _section: self._turn_round())
        model.modelReset.connect(self._reset)
        model.headers_changed.connect(lambda columns: self.main.headers.show_again(columns))
        model.dataChanged.connect(self._data_changed)
        theme.follow(self.measure)
        self._changed = QTimer(self)  # the cell itself and all that the panel says of it are two turns: together they hold up the keys
        self._changed.setSingleShot(True)
        self._changed.setInterval(FRAME_MS)
        self._changed.timeout.connect(self.current_changed)
        self._caret = QTimer(self)
        self._caret.setInterval(250)
        self._caret.timeout.connect(self._tick)
        self.measure()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.cases, 1)
        self._foot = QFrame()
        self._foot.setProperty("kind", "panel")
        self._foot.setFixedHeight(0)
        left.addWidget(self._foot)
        row.addLayout(left)
        row.addWidget(self.main, 1)

    # -- what is chosen ----------------------------------------------------------------------------------------

    def current(self) -> tuple[int, int] | None:
        """(case index, column) of the current cell, or None."""
        index = self.main.currentIndex()
        case = self.grid.case_index(index.row()) if index.isValid() else None
        return None if case is None or index.column() < 1 else (case, index.column() - 1)

    def choose(self, case: int, column: int) -> bool:
        """Make a cell the current one and bring it into view; False where the filter or a hidden column keeps it away."""
        row = self.grid.row_of(case)
        if row is None or not 0 <= column < len(self.grid.columns) or column in self.hidden:
            return False
        index = self.grid.index(row, column + 1)
        self.main.setCurrentIndex(index)
        self.main.scrollTo(index)
        return True

    def choose_first(self) -> None:
        """Make the first visible cell the current one, if there is none."""
        if self.current() is None and self.grid.rowCount():
            column = next((info.index for info in self.grid.columns if info.index not in self.hidden), None)
            case = self.grid.case_index(0)
            if column is not None and case is not None:
                self.choose(case, column)

    def chosen(self) -> tuple[list[int], list[int]]:
        """The cases and columns of the selected block, as they stand on the screen."""
        picked = self.main.blocks()
        rows = sorted({row for part in picked for row in range(part.top(), part.bottom() + 1)})
        columns = {column - 1 for part in picked for column in range(part.left(), part.right() + 1)}
        return (
            [case for row in rows if (case := self.grid.case_index(row)) is not None],
            [column for column in self.visible() if column in columns],
        )

    def visible(self) -> list[int]:
        """The columns that are shown (0-based), as they stand from left to right."""
        header = self.main.horizontalHeader()
        shown = [number for number in range(len(self.grid.columns)) if number not in self.hidden]
        return sorted(shown, key=lambda number: header.visualIndex(number + 1))

    def mark_words(self, wanted: Wanted) -> None:
        """Mark what is looked for wherever an answer on screen holds it."""
        self.main.cells.painter.mark_words(wanted)
        self.main.viewport().update()

    def show_columns(self, hidden: set[int], order: Sequence[int] = (), ends: frozenset[int] = frozenset()) -> None:
        """Hide these columns (0-based) and show all others in an order; behind `ends` another group begins."""
        self.hidden, self.order = set(hidden), list(order)
        header = self.main.headers
        self._placing = True
        for at, number in enumerate(self.order):
            header.moveSection(header.visualIndex(number + 1), at + 1)
        self._placing = False
        header.group_ends = self.main.cells.painter.group_ends = ends
        for number in range(len(self.grid.columns)):
            self.main.setColumnHidden(number + 1, number in self.hidden)
        current = self.current()
        if current is not None and current[1] in self.hidden:
            visible = self.visible()
            if visible:
                self.choose(current[0], min(visible, key=lambda number: abs(number - current[1])))
        self.measure()

    def order_of_now(self) -> list[int]:
        """All columns as the header has them now, hidden ones too."""
        return sorted(range(len(self.grid.columns)), key=lambda number: self.main.headers.visualIndex(number + 1))

    def _section_moved(self, _section: int, _before: int, _now: int) -> None:
        if not self._placing:
            QTimer.singleShot(0, self, self.columns_moved.emit)  # the header is still in the middle of the drag

    def reveal(self) -> None:
        """Bring the current cell into view."""
        self.main.scrollTo(self.main.currentIndex())

    def top_of_current(self) -> int | None:
        """Where the current row stands on the screen; None where it is out of sight."""
        index = self.main.currentIndex()
        top = self.main.visualRect(index).y() if index.isValid() else None
        return top if top is not None and 0 <= top < self.main.viewport().height() else None

    def keep(self, place: tuple[int, int], top: int | None) -> None:
        """Make a cell the current one again after the rows were laid out anew, where it stood on the screen; out of sight it stays so."""
        row = self.grid.row_of(place[0])
        if row is None:
            return
        bar = self.main.verticalScrollBar()
        scrolled = bar.value()
        index = self.grid.index(row, place[1] + 1)
        self.main.setCurrentIndex(index)
        bar.setValue(scrolled if top is None else bar.value() + self.main.visualRect(index).y() - top)

    def set_height(self, choice: str) -> None:
        """Compact, normal or tall rows. The current row keeps its place on the screen."""
        index, before = self.main.currentIndex(), self.top_of_current()
        self.height_choice = choice
        self.measure()
        if before is not None:
            bar = self.main.verticalScrollBar()
            bar.setValue(bar.value() + self.main.visualRect(index).y() - before)

    # -- size --------------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Lay the rows and columns out again for text size, row height and room."""
        theme = self.theme
        self.main.cells.painter.height = self.height_choice
        self.case_words.height = self.height_choice
        self.main.cells.painter.forget()
        self.case_words.forget()
        tall = row_height(theme, self.height_choice)
        for view in (self.main, self.cases):
            header = view.verticalHeader()
            header.setMinimumSectionSize(1)
            header.setDefaultSectionSize(tall)
            view.verticalScrollBar().setSingleStep(max(16, tall // 3))
        self.main.horizontalScrollBar().setSingleStep(theme.px(COLUMN_WIDTH) // 4)
        self.cases.setFixedWidth(theme.px(CASE_WIDTH))
        self.cases.setColumnWidth(0, theme.px(CASE_WIDTH))
        self.main.setColumnHidden(0, True)
        for number in range(1, len(self.grid.columns) + 1):
            self.cases.setColumnHidden(number, True)
        self._share_width()
        self._match_foot()

    def _share_width(self) -> None:
        """Columns share the room; below their least width the view scrolls."""
        visible = self.visible()
        if not visible:
            return
        room = self.main.viewport().width()
        width = max(self.theme.px(COLUMN_WIDTH), room // len(visible))
        rest = max(0, room - width * len(visible)) if width * len(visible) <= room else 0
        for number in visible:
            self.main.setColumnWidth(number + 1, width + (rest if number == visible[-1] else 0))

    def _match_foot(self) -> None:
        bar = self.main.horizontalScrollBar()
        self._foot.setFixedHeight(bar.sizeHint().height() if bar.maximum() > bar.minimum() else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()
        QTimer.singleShot(0, self, self._share_width)  # the views get their own new width after this one

    # -- what happens ------------------------------------------------------------------------------------------

    def animate(self, on: bool) -> None:
        """Let clocks and the caret go while a run is going on."""
        if on and not self._caret.isActive():
            self._caret.start()
        elif not on:
            self._caret.stop()

    def _tick(self) -> None:
        if self.isVisible():
            self.grid.tick()

    def _reset(self) -> None:
        """Qt forgets the columns with the rows."""
        count = len(self.grid.columns)
        order = self.order if len(self.order) == count else []
        self.show_columns({number for number in self.hidden if number < count}, order, self.main.headers.group_ends)

    def _moved(self, current: QModelIndex, previous: QModelIndex) -> None:
        for row in {current.row(), previous.row()}:
            if row >= 0:
                self.cases.update(self.grid.index(row, 0))
        self.current_changed.emit()

    def _case_clicked(self, index: QModelIndex) -> None:
        current = self.current()
        case = self.grid.case_index(index.row())
        if case is not None:
            self.choose(case, current[1] if current else 0)
        self.main.setFocus(Qt.FocusReason.MouseFocusReason)

    def _data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        if first == last and first.isValid() and first == self.main.currentIndex() and not self._changed.isActive():
            self._changed.start()

    def _turn_round(self) -> None:
        self.corner.descending = not self.corner.descending
        chosen = self.current()
        self.grid.turn_round()
        self.turned.emit()
        if chosen is not None:
            self.choose(*chosen)

    def state_at(self, case: int, column: int) -> State | None:
        """The state of a cell that is loaded."""
        row = self.grid.row_of(case)
        shown = self.grid.index(row, column + 1).data(SHOWN) if row is not None else None
        return shown.state if shown is not None else None


def _dress(view: QTableView) -> None:
    view.setShowGrid(False)
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setTabKeyNavigation(False)
    view.setWordWrap(False)
    view.setCornerButtonEnabled(False)
