"""What can be done with whole datasets: make, rename, archive, restore, and import a file of cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.gui.context import Context
from workbench.gui.datasets.import_dialog import ImportTableDialog
from workbench.gui.widgets.dialog import ask_text
from workbench.gui.widgets.import_report import ImportReportDialog
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import DatasetRow, ImportReport, Table

_FILES = "Tables (*.csv *.tsv *.tab *.json *.jsonl *.ndjson *.txt);;All files (*)"


class DatasetVerbs(QObject):
    """Each asks what it has to, calls the workspace, and offers to undo."""

    wanted = Signal(int)
    """A dataset that is to be shown."""
    made = Signal(int)
    """A new dataset, in whose first cell the user is to type."""
    reading = Signal(str)
    """Name of the file that is being read; empty when that is over."""

    def __init__(self, owner: QWidget, context: Context, rows: Callable[[], Sequence[DatasetRow]]) -> None:
        super().__init__(owner)
        self._owner, self._context, self._rows = owner, context, rows

    def _call(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], object] | None = None) -> None:
        self._context.bridge.call(verb, *args, then=then, failed=self._context.failed, owner=self)

    def new(self) -> None:
        """Ask for a name and make a dataset with one column."""
        if self._context.ws.read_only:
            self._context.notice(
                "This workspace can only be read now. Open a copy of it to write.", "Open a copy", self._context.action("file.copy").trigger
            )
            return
        create = self._context.ws.datasets.create
        text = "A dataset holds the cases that every prompt is run on."
        ask_text(self._owner, "New dataset", "Name", "", "Make it", lambda name: self._call(create, name, then=self.made.emit), text=text)

    def rename(self, dataset: DatasetRow | None) -> None:
        """Ask for another name of a dataset."""
        if dataset is None or self._context.ws.read_only:
            return
        rename = self._context.ws.datasets.rename
        ask_text(self._owner, "Rename the dataset", "Name", dataset.name, "Rename", lambda name: self._call(rename, dataset.id, name))

    def archive(self, dataset: DatasetRow | None) -> None:
        """Move a dataset to the archive; the notice brings it back."""
        if dataset is None or dataset.archived or self._context.ws.read_only:
            return
        datasets = self._context.ws.datasets

        def back() -> None:
            self._call(datasets.restore, [dataset.id], then=lambda _none: self.wanted.emit(dataset.id))

        said = f"Moved {dataset.name} to the archive."
        self._call(datasets.archive, [dataset.id], then=lambda _none: self._context.notice(said, "Undo", back))

    def restore(self, dataset: DatasetRow) -> None:
        """Bring a dataset back from the archive."""
        said = f"Restored {dataset.name}."
        self._call(self._context.ws.datasets.restore, [dataset.id], then=lambda _none: self._context.notice(said))

    # -- import ------------------------------------------------------------------------------------------------

    def ask_import(self) -> None:
        """Ask for a file, then show what its columns become."""
        start = self._context.settings.get("import.folder") or ""
        chosen, _ = QFileDialog.getOpenFileName(self._owner, "Import a file of cases", start, _FILES)
        if chosen:
            self._context.settings.set("import.folder", str(Path(chosen).parent))
            self.read_file(chosen)

    def read_file(self, path: str) -> None:
        """Read a file beside the window and show what its columns become."""
        self.reading.emit(Path(path).name)
        self._context.bridge.read(self._context.ws.datasets.read_table, path, then=self._show_table, failed=self._not_read, owner=self)

    def _show_table(self, table: Table) -> None:
        self.reading.emit("")
        rows = [row for row in self._rows() if not row.archived]
        ImportTableDialog(self._owner, self._context, table, rows, None, self._imported).open()

    def _not_read(self, problem: BaseException) -> None:
        self.reading.emit("")
        self._context.failed(problem)

    def _imported(self, report: ImportReport) -> None:
        things = [*report.imported, *report.unchanged]
        if things:
            self.wanted.emit(things[0].id)
        if report.rejected or report.not_carried:
            source = report.rejected[0].path if report.rejected else ""
            ImportReportDialog(self._owner, self._context.bridge, report, source).open()
        elif report.imported:
            done = report.imported[0]
            self._context.notice(f"Imported {counted(done.cases or 0, 'case')} into {done.name}.")
        elif things:
            self._context.notice(f"All of it is in {things[0].name} already.")
