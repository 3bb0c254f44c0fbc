"""The datasets screen: the list, the cases of one dataset in a table, one case as a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.datasets.case_form import CaseForm
from workbench.gui.datasets.case_model import CaseModel
from workbench.gui.datasets.case_table import CaseTable
from workbench.gui.datasets.case_verbs import CaseVerbs
from workbench.gui.datasets.cell_values import FILES, pasted
from workbench.gui.datasets.column_verbs import ColumnVerbs
from workbench.gui.datasets.dataset_verbs import DatasetVerbs
from workbench.gui.datasets.foot import Foot
from workbench.gui.datasets.history import History
from workbench.gui.datasets.list_pane import DatasetPane
from workbench.gui.datasets.old_cases import OldCases
from workbench.gui.datasets.problem_watch import ProblemWatch, said
from workbench.gui.datasets.results_panel import ResultsPanel
from workbench.gui.datasets.tool_bar import CaseToolBar
from workbench.gui.datasets.version_verbs import DatasetVersionVerbs
from workbench.gui.datasets.version_watch import VersionWatch
from workbench.gui.screen import Crumb, Screen
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import line
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.three_panes import ThreePanes
from workbench.gui.words import counted
from workbench.values import Changes

if TYPE_CHECKING:
    from workbench.workspace import CaseRecord, DatasetRow, DatasetVersionRow


class DatasetsScreen(Screen):
    """Composes list, table and form."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.rows: list[DatasetRow] = []
        self._wanted: int | None = None
        self._wanted_row: int | None = None
        self._wanted_version: DatasetVersionRow | None = None
        self._write_into: int | None = None
        self.model = CaseModel(context, self)
        self.table = CaseTable(self.model)
        self.results = ResultsPanel(context)
        self.form = CaseForm(context, self.results)
        self.tools = CaseToolBar()
        self.history = History()
        self.problems = ProblemWatch(context, self)
        self.datasets = DatasetVerbs(self, context, lambda: self.rows, self.history)
        self.verbs = CaseVerbs(self, context, self.model, self.history)
        self.columns = ColumnVerbs(self, context, self.model, self.history)
        self.list = DatasetPane(self.datasets.new, self.datasets.ask_import)
        self._import = button("Import", "upload", on=self.datasets.ask_import)
        self._split = button("Split", "split", on=context.action("datasets.split").trigger, tip="Split the dataset or draw a sample")
        self._check = button(
            "Check", "shield-check", on=context.action("datasets.check").trigger, tip="Look for empty cells and near copies"
        )
        self._add = button("Add case", "plus", "primary", on=self.add_case, tip="Add a case (Ctrl N)")
        self.unsaved = VersionWatch(context, self)
        self.versions = DatasetVersionVerbs(self, context, self.unsaved, self.history)
        self.foot = Foot()
        self.old = OldCases()
        self._compose()
        self._connect()

    def _compose(self) -> None:
        page = QWidget()
        self._pages = QStackedWidget()
        self._pages.setProperty("kind", "surface")
        self._pages.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._no_cases = EmptyState(
            "No test cases yet",
            "Test cases are the inputs every prompt is run on. Ten good ones are enough to start. Paste rows from a spreadsheet, or:",
            [button("Import a file", kind="primary", on=self.datasets.ask_import), button("Write the first case", on=self.add_case)],
        )
        self._no_match = EmptyState(
            "Nothing found", "No case has these words and this tag.", [button("Clear filters", on=self._clear_filter)], "search-x"
        )
        self._cases = QStackedWidget()
        for part in (self.table, self._no_cases, self._no_match):
            self._cases.addWidget(part)
        column.addWidget(self.old)
        column.addWidget(self.tools)
        column.addWidget(line())
        column.addWidget(self._cases, 1)
        column.addWidget(line())
        column.addWidget(self.foot)
        self._none = EmptyState(
            "No test cases yet",
            "Test cases are the inputs every prompt is run on. Ten good ones are enough to start.",
            [button("Import a file", kind="primary", on=self.datasets.ask_import), button("Write the first case", on=self.datasets.new)],
        )
        self._pages.addWidget(self._none)
        self._pages.addWidget(page)
        self._frame = ThreePanes(self.context.settings, "datasets", self.list, self._pages, self.form, (264, 312))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._frame)
        self.setAcceptDrops(True)

    def _connect(self) -> None:
        self.list.chosen.connect(self.open)
        self.list.left.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.list.archive_wanted.connect(lambda _on: self._read_rows())
        self.list.menu_wanted.connect(lambda at: self._dataset_menu().popup(at))
        self.tools.filtered.connect(self._filter)
        self.tools.columns.clicked.connect(lambda _checked=False: self._columns_menu())
        self.table.current_changed.connect(self._show_current)
        self.table.paste_wanted.connect(self._paste)
        self.table.menu_wanted.connect(lambda at: self._case_menu().popup(at))
        self.table.header_menu_wanted.connect(self._header_menu)
        self.model.edited.connect(self.verbs.set_value)
        self.model.loaded.connect(self._loaded)
        self.model.modelReset.connect(self._loaded)
        self.form.edited.connect(self.verbs.set_value)
        self.form.file_wanted.connect(self.verbs.choose_file)
        self.form.given.connect(self.verbs.give_file)
        self.table.file_wanted.connect(lambda cell: self._at(cell, self.verbs.choose_file))
        self.table.given.connect(lambda cell, source: self._at(cell, self.verbs.give_file, source))
        self.form.stepped.connect(lambda step: self.table.go_to(self.table.currentIndex().row() + step))
        self.form.menu_wanted.connect(lambda: self._case_menu().popup(self.form.more.mapToGlobal(QPoint(0, self.form.more.height()))))
        self.verbs.typed_into.connect(self.table.type_into)
        self.datasets.wanted.connect(self._made)
        self.datasets.made.connect(self._made_new)
        self.table.gave_up.connect(lambda row: self.verbs.give_up(self.model.record(row)))
        self.datasets.reading.connect(lambda name: self.foot.hint.setText(f"Reading {name}") if name else self._loaded())
        self.problems.found.connect(self._show_problems)
        self.unsaved.found.connect(self._show_versions)
        self.foot.versions_wanted.connect(lambda: self.versions.open(self.model.dataset))
        self.foot.save_wanted.connect(lambda: self.versions.save(self.model.dataset))
        self.versions.looked_at.connect(self.look_at)
        self.old.back_wanted.connect(lambda: self.look_at(None))
        self.old.restore_wanted.connect(self.versions.restore)
        for id, verb in self._actions().items():
            self.on(id, verb)

    def _actions(self) -> dict[str, Callable[[], object]]:
        return {
            "datasets.import": self.datasets.ask_import,
            "datasets.export": lambda: self.datasets.ask_export(self.model.dataset),
            "datasets.split": lambda: self.datasets.split(self.model.dataset),
            "datasets.check": self.problems.check,
            "datasets.save": lambda: self.versions.save(self.model.dataset),
            "datasets.versions": lambda: self.versions.open(self.model.dataset),
            "datasets.duplicate": lambda: self.verbs.duplicate(self.table.selected()),
            "datasets.rename": lambda: self.datasets.rename(self.model.dataset),
            "datasets.move": lambda: self.datasets.move(self.model.dataset),
            "datasets.archive": self.delete,
            "edit.undo": lambda: self._say_step(self.history.undo(), "Undone"),
            "edit.redo": lambda: self._say_step(self.history.redo(), "Done again"),
        }

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        dataset = self.model.dataset
        return [("Datasets", None)] if dataset is None else [("Datasets", self.list.field.setFocus), (dataset.name, None)]

    def top_actions(self) -> list[QWidget]:
        return [self._import, self._split, self._check, self._add] if self.model.dataset is not None else [self._import]

    def show_at(self, **at: Any) -> None:
        """`dataset_id`, `case_id`; `version_id` of a dataset; `start` = new, import; `import_file`."""
        if at.get("version_id") is not None:
            workspace, version_id = self.context.ws, int(at["version_id"])
            verb = lambda: workspace.dataset_versions.get(version_id)  # noqa: E731  (the service is imported on the reading thread)
            self.context.bridge.read(verb, then=self._open_version, failed=self.context.failed, owner=self)
        elif at.get("case_id") is not None:
            self.context.bridge.read(
                self.context.ws.datasets.case, int(at["case_id"]), then=self._open_case, failed=self.context.failed, owner=self
            )
        elif at.get("dataset_id") is not None:
            self.open(int(at["dataset_id"]))
        if at.get("import_file"):
            self.datasets.read_file(str(at["import_file"]))
        elif at.get("start") == "new":
            self.datasets.new()
        elif at.get("start") == "import":
            self.datasets.ask_import()
        elif not at:
            self.list.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def where(self) -> dict[str, Any]:
        return {"dataset_id": self._wanted} if self._wanted is not None else {}

    def refresh(self, changes: Changes | None) -> None:
        if changes is None or changes.has("dataset", "case", "comparison"):
            self._read_rows()
        if changes is not None and changes.has("run"):
            self.results.renew()
        if changes is not None and changes.has("case", "dataset") and self.model.dataset is not None:
            self.model.reload()

    def search_focus(self) -> None:
        self.tools.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.tools.field.selectAll()

    def new(self) -> None:
        if self.model.dataset is None:
            self.datasets.new()
        else:
            self.add_case()

    def panes(self) -> list[QWidget]:
        return [pane for pane in (self.list, self._pages, self.form) if not pane.isHidden()]

    def toggle_left(self) -> None:
        self._frame.toggle_left()

    def toggle_right(self) -> None:
        self._frame.toggle_right()

    def leave(self) -> bool:
        self.form.keep()
        return True

    # -- datasets ----------------------------------------------------------------------------------------------

    def open(self, dataset_id: int) -> None:
        """Show a dataset."""
        self.form.keep()
        self._wanted = dataset_id
        self.list.select(dataset_id)
        self._show_dataset()

    def _open_case(self, record: CaseRecord) -> None:
        if self.model.text or self.model.tag or self.model.only is not None:
            self._clear_filter()
        self.open(record.dataset_id)
        self._wanted_row = record.number - 1 if record.number else None
        self._loaded()

    def _open_version(self, version: DatasetVersionRow) -> None:
        self._wanted_version = version
        self.open(version.dataset_id)
        if version.dataset_id not in [row.id for row in self.rows]:
            self.list.show_archive(not self.list.archived)

    def look_at(self, version: DatasetVersionRow | None) -> None:
        """Show the cases of a version as they were; None: as they are."""
        dataset = self.model.dataset
        if dataset is None or (version is not None and version.dataset_id != dataset.id):
            return
        self.form.keep()
        self.tools.clear()
        self.model.show(dataset, version)
        self._show_state()

    def _show_state(self) -> None:
        """What can be done now: an old version is read and not written."""
        version, found = self.model.version, self.model.dataset
        self.old.read(version, found)
        self.tools.setVisible(version is None)
        for part in (self._add, self._split, self.tools.columns):
            part.setEnabled(self.model.writable)
        self._check.setEnabled(version is None)
        self._show_versions()
        self._show_current(self.table.currentIndex().row())

    def _show_versions(self) -> None:
        looked_at = self.model.version.number if self.model.version is not None else None
        self.foot.show_versions(self.model.dataset, self.unsaved.unsaved, writable=self.model.writable, looked_at=looked_at)

    def _read_rows(self) -> None:
        workspace, archived = self.context.ws, self.list.archived  # the service is imported on the reading thread, not here
        self.context.bridge.read(
            lambda: workspace.datasets.list(archived), then=self._show_rows, failed=self.context.failed, owner=self, key="datasets.rows"
        )

    def _show_rows(self, rows: list[DatasetRow]) -> None:
        self.rows = rows
        if self._wanted not in [row.id for row in rows]:
            self._wanted = rows[0].id if rows else None
        self.list.show_rows(rows)
        self.list.select(self._wanted)
        self._show_dataset()

    def _show_dataset(self) -> None:
        found = next((row for row in self.rows if row.id == self._wanted), None)
        if found is None and self._wanted is not None:
            return  # its row is on the way
        before = self.model.dataset
        if before is None or found is None or before.id != found.id:
            self.history.dataset = found.id if found is not None else 0
            self.tools.clear()
        named = (before.name if before else None) != (found.name if found else None)
        version = self.model.version if before is not None and found is not None and before.id == found.id else None
        if self._wanted_version is not None and found is not None and self._wanted_version.dataset_id == found.id:
            version, self._wanted_version = self._wanted_version, None
        self.model.show(found, version)
        self._pages.setCurrentIndex(1 if found is not None else 0)
        if found is not None:
            self.tools.show_tags(found.cases, found.tags)
        self.problems.show(found)
        self.unsaved.show(found)
        self._show_state()
        if named or before is None:
            self.crumbs_changed.emit()
        if found is not None and found.id == self._write_into:
            self._write_into = None
            self.add_case()

    def _made_new(self, dataset_id: int) -> None:
        self._write_into = dataset_id
        self._made(dataset_id)

    def _made(self, dataset_id: int) -> None:
        self._wanted = dataset_id
        if self.list.archived:
            self.list.show_archive(False)
        else:
            self._read_rows()

    def delete(self) -> None:
        """Take out the selected cases, or, from the list, the dataset."""
        if self.list.view.hasFocus():
            self.datasets.archive(self.model.dataset)
        elif self.table.isAncestorOf(self.focusWidget() or self.table) or self.table.hasFocus():
            self.verbs.delete(self.table.selected_rows(), self.table.selected())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Not shortcuts of the window: in a field these keys belong to the text.
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not event.modifiers():
            self.delete()
        elif event.key() == Qt.Key.Key_F2:
            self.datasets.rename(self.model.dataset)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and len(event.mimeData().urls()) == 1 and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.datasets.read_file(event.mimeData().urls()[0].toLocalFile())

    # -- cases -------------------------------------------------------------------------------------------------

    def add_case(self) -> None:
        """Add an empty case and start to type it."""
        if self.model.dataset is None:
            self.datasets.new()
            return
        if self.tools.tag or self.tools.problems_on or self.tools.field.text():
            self._clear_filter()
        self.verbs.add()

    def _paste(self, text: str, section: int) -> None:
        index = self.table.currentIndex()
        record, column = self.model.record(index.row()), self.model.column(index.column())
        rows = pasted(text)
        if record is not None and column is not None and len(rows) == 1 and len(rows[0]) == 1:
            self.verbs.paste_into(record, column, rows[0][0])
        else:
            self.verbs.paste(text, section)

    def _at(self, cell: QPersistentModelIndex, verb: Callable[..., object], *more: Any) -> None:
        """Do something with the case and the column of a cell."""
        record, column = self.model.record(cell.row()), self.model.column(cell.column())
        if record is not None and column is not None:
            verb(record, column, *more)

    def _filter(self, text: str, tag: str) -> None:
        self.model.filter(text, tag, list(self.problems.by_case) if self.tools.problems_on else None)

    def _show_problems(self) -> None:
        problems = self.problems.problems
        self.model.show_problems(self.problems.by_case)  # an old version's cases have other ids
        self.tools.show_problems(problems.with_problems if problems is not None else 0)
        if self.tools.problems_on:
            self._filter(self.tools.field.text().strip(), self.tools.tag)
        self._loaded()

    def _clear_filter(self) -> None:
        self.tools.clear()
        self.model.filter("", "")

    def _loaded(self) -> None:
        dataset = self.model.dataset
        if dataset is None:
            return
        filtered = bool(self.model.text or self.model.tag or self.model.only is not None)
        total = dataset.cases if self.model.version is None else self.model.version.cases
        shown = self.model.total
        self.foot.sum.setText(f"{shown:,} of {counted(total, 'case')}" if filtered else counted(shown, "case"))
        now = self.model.version is None
        problems = said(self.problems.problems) if self.problems.problems is not None and now else ""
        self.foot.hint.setText(
            problems or ("Enter types, Ctrl N adds a case, rows from a spreadsheet can be pasted" if shown and now else "")
        )
        self.foot.sum.updateGeometry()
        empty = self._no_match if filtered else self._no_cases
        self._cases.setCurrentWidget(self.table if shown or (not filtered and total) else empty)
        if self._wanted_row is not None and self._wanted_row < shown and dataset.id == self._wanted:
            row, self._wanted_row = self._wanted_row, None
            self.table.go_to(row, 1)
        self._show_current(self.table.currentIndex().row())

    def _show_current(self, row: int) -> None:
        dataset = self.model.dataset
        record = self.model.record(row) if dataset is not None and row >= 0 else None
        if record is None and row >= 0 and self.model.total:
            return  # it is being read
        self.form.show_case(record, self.model.columns, dataset.name if dataset else "", read_only=not self.model.writable)
        self.results.show_case(record)

    def _say_step(self, text: str, word: str) -> None:
        if text:
            self.context.notice(f"{word}: {text}.")

    # -- menus -------------------------------------------------------------------------------------------------

    def _case_menu(self) -> PopupMenu:
        menu = PopupMenu(self)
        records = self.table.selected()
        if not records or not self.model.writable:
            return menu
        column = self.model.column(self.table.currentIndex().column())
        if len(records) == 1 and column is not None and column.type in FILES:
            menu.addAction("Choose file...").triggered.connect(lambda _checked=False: self.verbs.choose_file(records[0], column))
        if len(records) == 1:
            menu.offer(self.context.action("datasets.duplicate"))
        delete = menu.addAction(f"Delete {counted(len(self.table.selected_rows()), 'case')}")
        delete.triggered.connect(lambda _checked=False: self.verbs.delete(self.table.selected_rows(), self.table.selected()))
        return menu

    def _dataset_menu(self) -> PopupMenu:
        menu = PopupMenu(self)
        dataset = self.model.dataset
        if dataset is None or self.context.ws.read_only:
            return menu
        if dataset.archived:
            menu.addAction("Restore").triggered.connect(lambda _checked=False: self.datasets.restore(dataset))
            return menu
        for id in ("rename", "move", "save", "versions", "export", "split"):
            menu.offer(self.context.action(f"datasets.{id}"))
        menu.addAction("Move the dataset to the archive").triggered.connect(
            lambda _checked=False: self.datasets.archive(self.model.dataset)
        )
        return menu

    def _columns_menu(self) -> None:
        below = self.tools.columns
        self.columns.menu().popup(below.mapToGlobal(QPoint(0, below.height() + 2)))

    def _header_menu(self, section: int, at: QPoint) -> None:
        column = self.model.column(section)
        if column is not None and not column.own:
            self.columns.menu_of(column).popup(at)
        else:
            self.columns.menu().popup(at)
