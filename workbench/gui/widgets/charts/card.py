"""One card: a title, a chart or the table behind it, files of it, and a line that says what may be said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImageWriter, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QSizePolicy,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.context import Context
from workbench.gui.theme import set_icon, theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.charts.chart import Chart
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.save_chooser import ask_path
from workbench.gui.widgets.scroll import scroll_area

if TYPE_CHECKING:
    from workbench.workspace import ResultTable

KINDS = (("svg", "SVG"), ("png", "PNG"), ("csv", "CSV"))
SIDE = 14
MOST_ROWS = 2_000
"""Rows of a table on the screen; the file has all."""


class FigureTable(QTableWidget):
    """The table behind a chart. Its letters are the card's keys, not a search in it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if (event.text().isprintable() and event.text() and not event.modifiers()) or event.matches(QKeySequence.StandardKey.Copy):
            event.ignore()
        else:
            super().keyPressEvent(event)


class Card(QFrame):
    """A card around a chart."""

    row_chosen = Signal(int)
    """The row of the table that is current now."""

    def __init__(
        self, context: Context, title: str, chart: Chart, beside: Sequence[QWidget] = (), icon: str = "scale", below: QWidget | None = None
    ) -> None:
        super().__init__()
        self.context, self.title, self.chart = context, title, chart
        self.table: ResultTable | None = None
        self.keys: dict[int, Callable[[], object]] = {}
        """What keys do on the chart and on its table, beside those of every card."""
        self.row: Callable[[], int] = int
        """The row of the table that stands for the current mark of the chart."""
        self.run_name = ""
        """What the files are named after."""
        self.setProperty("kind", "card")
        self.setAccessibleName(title)
        self.about = ElidedLabel("", "small", "text2")
        self.as_table = icon_button("table-2", f"{title} as a table (T)", on=self.toggle_table)
        self.as_table.setCheckable(True)
        self.save = icon_button("download", f"Save {title}", on=self._pick_file)
        self.says = label("", "small", "text2", wrap=True)
        self.grid = FigureTable()
        self._growing: list[QWidget] = []
        """What stands beside the title and takes the room that is left there."""
        self._compose(beside, icon, below)

    def _compose(self, beside: Sequence[QWidget], icon: str, below: QWidget | None) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SIDE, 8, SIDE, 10)
        column.setSpacing(6)
        self._top = top = QHBoxLayout()
        top.setSpacing(6)
        title = label(self.title, "section", weight=600)
        top.addWidget(title)
        for made in beside:
            top.addWidget(made)
            self._growing += [made] if made.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Expanding else []
        top.addStretch(0 if self._growing else 1)  # with a stretch it would take from what they ask for
        self.about.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top.addWidget(self.about)
        top.addWidget(self.as_table)
        top.addWidget(self.save)
        column.addLayout(top)
        self._below_title = QHBoxLayout()
        self._below_title.setSpacing(6)
        column.addLayout(self._below_title)
        inside = QWidget()
        room = QVBoxLayout(inside)
        room.setContentsMargins(0, 0, 0, 0)
        room.addWidget(self.chart)
        room.addStretch(1)
        area = scroll_area(inside, across=True)
        self._dress_table()
        self.body = QStackedWidget()
        self.body.addWidget(area)
        self.body.addWidget(self.grid)
        column.addWidget(self.body, 1)
        if below is not None:
            column.addWidget(below)
        column.addWidget(line())
        said = QHBoxLayout()
        said.setSpacing(8)
        said.addWidget(icon_label(icon, "text2", 16), 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self.says, 1)
        column.addLayout(said)
        self._links = QHBoxLayout()
        self._links.setContentsMargins(theme().px(24), 0, 0, 0)
        column.addLayout(self._links)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def _dress_table(self) -> None:
        grid = self.grid
        grid.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        grid.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        grid.setTabKeyNavigation(False)
        grid.verticalHeader().hide()
        grid.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        grid.setAccessibleName(f"{self.title}, table")
        grid.setFrameShape(QFrame.Shape.NoFrame)
        grid.currentCellChanged.connect(lambda row, _column, before, _: self._moved(row, before))

    def _moved(self, row: int, before: int) -> None:
        if row not in (-1, before):
            self.row_chosen.emit(row)

    def show_table(self, table: ResultTable, about: str = "") -> None:
        """The figures behind the chart, and what may be said of them."""
        self.table = table
        self.about.setText(about)
        self.about.setVisible(bool(about))
        self.says.setText(table.says)
        self.chart.setAccessibleName(f"{self.title}. {table.says}")
        if self.body.currentIndex() == 1:
            self._fill()

    def _place_growing(self) -> None:
        """What grows stands beside the title where all that it says has room there, else on a row of its own."""
        if not self._growing:
            return
        row = self._top
        others = [item for at in range(row.count()) if (item := row.itemAt(at)) and item.widget() not in self._growing]
        fixed = [item.sizeHint().width() for item in others if not item.isEmpty()]
        wanted = sum(fixed) + sum(made.sizeHint().width() for made in self._growing)
        wanted += row.spacing() * (len(fixed) + len(self._growing) - 1)
        to = self._below_title if wanted > self.width() - 2 * SIDE else row
        for at, made in enumerate(self._growing, 1):
            if to.indexOf(made) < 0:
                self._top.removeWidget(made)
                self._below_title.removeWidget(made)
                to.insertWidget(min(at, to.count()), made)

    def show_links(self, links: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Where what is said below can be looked into."""
        while (item := self._links.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for text, verb in links:
            self._links.addWidget(button(text, kind="link", size="small", on=verb))
        if links:
            self._links.addStretch(1)

    def toggle_table(self) -> None:
        """Show the table in place of the chart, or the chart again (T)."""
        to_table = self.body.currentIndex() == 0
        had = self.window().focusWidget() in (self.chart, self.grid)
        self.body.setCurrentIndex(int(to_table))
        self.as_table.setChecked(to_table)
        set_icon(self.as_table, "chart-column" if to_table else "table-2")
        if to_table:
            self._fill()
        if had:
            (self.grid if to_table else self.chart).setFocus(Qt.FocusReason.OtherFocusReason)

    def _fill(self) -> None:
        table, grid = self.table, self.grid
        if table is None:
            return
        rows, _quiet = table.rows[:MOST_ROWS], QSignalBlocker(grid)
        grid.setColumnCount(len(table.header))
        grid.setHorizontalHeaderLabels(list(table.header))
        grid.setRowCount(len(rows))
        for at, row in enumerate(rows):
            for number, value in enumerate(row):
                item = QTableWidgetItem("" if value is None else str(value))
                if isinstance(value, int | float):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                grid.setItem(at, number, item)
        if self.row() < len(rows):
            grid.setCurrentCell(self.row(), max(0, grid.currentColumn()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # other words or another text size
            self._place_growing()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_growing()
        if self.chart.fills:
            QTimer.singleShot(0, self.chart, self.chart.renew)  # when the room inside is known

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_T and not event.modifiers():
            self.toggle_table()
        elif event.matches(QKeySequence.StandardKey.Copy) and self.table is not None:
            QGuiApplication.clipboard().setText(self.table.csv("\t"))
            self.context.notice(f"{self.title} copied as a table.")
        elif event.key() in self.keys and not event.modifiers():
            self.keys[event.key()]()
        else:
            super().keyPressEvent(event)

    # -- files -------------------------------------------------------------------------------------------------

    def _pick_file(self) -> None:
        menu = PopupMenu(self)
        for kind, name in KINDS:
            menu.addAction(f"Save as {name}…").triggered.connect(lambda _checked=False, kind=kind: self._ask_path(kind))
        menu.popup(self.save.mapToGlobal(self.save.rect().bottomLeft()))

    def _ask_path(self, kind: str) -> None:
        name = f"{self.run_name}, {self.title.lower()}".replace("/", "-")
        kinds = f"{dict(KINDS)[kind]} (*.{kind})"
        ask_path(self, f"Save {self.title}", Path.home() / f"{name}.{kind}", kinds, lambda path: self.write(kind, path))

    def write(self, kind: str, path: Path) -> None:
        """Write the chart, or the table behind it, into a file."""
        if self.table is None:
            return
        try:
            if kind == "svg":
                path.write_bytes(self.chart.svg(self.title))
            elif kind == "csv":
                path.write_text(self.table.csv(), "utf-8-sig", newline="")  # Excel reads it wrongly without the mark
            elif not QImageWriter(str(path), b"png").write(self.chart.png()):
                raise OSError("the picture could not be written")
        except OSError as error:
            self.context.notice(f"{path.name} was not saved: {error.strerror or error}. Choose another folder.")
        else:
            self.context.notice(f"Saved as {path.name}.")
