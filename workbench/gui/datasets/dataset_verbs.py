"""What can be done with whole datasets: make, rename, archive, restore, split, and files of cases in and out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.gui.context import Context
from workbench.gui.datasets.history import History
from workbench.gui.datasets.import_dialog import ImportTableDialog
from workbench.gui.datasets.split_dialog import Split, SplitDialog
from workbench.gui.widgets.dialog import ask_text
from workbench.gui.widgets.import_report import ImportReportDialog
from workbench.gui.words import counted
from workbench.values import Progress, Stopped

if TYPE_CHECKING:
    from workbench.workspace import DatasetRow, ImportReport, Table, Workspace

_FILES = "Tables (*.csv *.tsv *.tab *.xlsx *.json *.jsonl *.ndjson *.txt);;All files (*)"
_WRITTEN = "CSV (*.csv);;Excel workbook (*.xlsx);;Tab-separated (*.tsv);;JSON (*.json);;JSON Lines (*.jsonl)"


class DatasetVerbs(QObject):
    """Each asks what it has to, calls the workspace, and offers to undo."""

    wanted = Signal(int)
    """A dataset that is to be shown."""
    made = Signal(int)
    """A new dataset, in whose first cell the user is to type."""
    reading = Signal(str)
    """Name of the file that is being read; empty when that is over."""

    def __init__(self, owner: QWidget, context: Context, rows: Callable[[], Sequence[DatasetRow]], history: History) -> None:
        super().__init__(owner)
        self._owner, self._context, self._rows, self._history = owner, context, rows, history

    def _call(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], object] | None = None) -> None:
        self._context.bridge.call(verb, *args, then=then, failed=self._context.failed, owner=self)

    def new(self) -> None:
        """Ask for a name and make a dataset with one column."""
        if self._context.ws.read_only:
            self._context.say_read_only()
            return
        create = self._context.ws.datasets.create
        text = "A dataset holds the cases that every prompt is run on."
        ask_text(self._owner, "New dataset", "Name", "", "Make it", lambda name: self._call(create, name, then=self.made.emit), text=text)

    def rename(self, dataset: DatasetRow | None) -> None:
        """Ask for another name of a dataset."""
        if dataset is None or self._context.ws.read_only:
            return
        rename = self._context.ws.datasets.rename

        def go(name: str) -> None:
            def done(_none: object) -> None:
                there, back = (lambda: self._call(rename, dataset.id, name)), (lambda: self._call(rename, dataset.id, dataset.name))
                self._history.add(f"renamed {dataset.name}", back, there, also=(dataset.id,))

            if name != dataset.name:
                self._call(rename, dataset.id, name, then=done)

        ask_text(self._owner, "Rename the dataset", "Name", dataset.name, "Rename", go)

    def move(self, dataset: DatasetRow | None) -> None:
        """Ask for another folder of a dataset."""
        if dataset is None or dataset.archived or self._context.ws.read_only:
            return
        move = self._context.ws.datasets.move

        def go(folder: str) -> None:
            def done(_none: object) -> None:
                there, back = (lambda: self._call(move, [dataset.id], folder)), (lambda: self._call(move, [dataset.id], dataset.folder))
                self._history.add(f"moved {dataset.name}", back, there, also=(dataset.id,))

            if folder != dataset.folder:
                self._call(move, [dataset.id], folder, then=done)

        said = "Such as support/refunds. Empty: in no folder."
        ask_text(self._owner, "Move the dataset to a folder", "Folder", dataset.folder, "Move", go, allow_empty=True, text=said)

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

    # -- parts and files out -----------------------------------------------------------------------------------

    def split(self, dataset: DatasetRow | None) -> None:
        """Ask for parts and a seed, and draw them."""
        if dataset is None or dataset.archived or self._context.ws.read_only:
            return
        if not dataset.cases:
            self._context.notice(f"{dataset.name} has no cases to draw from.")
            return
        datasets = self._context.ws.datasets

        def made(ids: list[int]) -> None:
            names = counted(len(ids), "new dataset")

            def undo() -> None:
                self._call(datasets.archive, ids, then=lambda _none: self.wanted.emit(dataset.id))

            def redo() -> None:
                self._call(datasets.restore, ids, then=lambda _none: self.wanted.emit(ids[0]))

            take_back = self._history.add(f"drew {names} from {dataset.name}", undo, redo, also=(dataset.id, *ids))
            self._context.notice(f"Drew {names} from {dataset.name}.", "Undo", take_back)
            self.wanted.emit(ids[0])

        def tagged(found: dict[str, list[int]]) -> None:
            def tag_all(on: bool) -> None:
                for tag, ids in found.items():
                    self._call(datasets.tag_cases, ids, tag, on)

            said = ", ".join(f"{tag} {len(ids):,}" for tag, ids in found.items())
            text = f"tagged cases of {dataset.name}: {said}"
            take_back = self._history.add(text, lambda: tag_all(False), lambda: tag_all(True), also=(dataset.id,))
            self._context.notice(f"Tagged cases of {dataset.name}: {said}.", "Undo", take_back)

        def go(chosen: Split) -> None:
            parts, seed, tags = chosen
            if tags:
                self._call(datasets.split_by_tags, dataset.id, parts, seed, then=tagged)
            else:
                self._call(datasets.split, dataset.id, parts, seed, then=made)

        SplitDialog(self._owner, dataset, go).open()

    def ask_export(self, dataset: DatasetRow | None) -> None:
        """Ask for a file; its ending says the form."""
        if dataset is None:
            return
        start = Path(self._context.settings.get("export.tables") or Path.home())
        name = re.sub(r'[\\/:*?"<>|]', " ", dataset.name).strip() or "cases"
        chosen, form = QFileDialog.getSaveFileName(self._owner, "Export the dataset as a table", str(start / name), _WRITTEN)
        if chosen:
            path = Path(chosen)
            if not path.suffix:
                path = path.with_name(path.name + form.partition("*")[2].rstrip(")"))
            self._context.settings.set("export.tables", str(path.parent))
            self.export(dataset, path)

    def export(self, dataset: DatasetRow, path: Path) -> None:
        """Write the cases beside the window."""

        def failed(problem: BaseException) -> None:
            self._context.notice("Stopped. Nothing was written.") if isinstance(problem, Stopped) else self._context.failed(problem)

        self._context.work.begin(
            f"Writing {path.name}", _export, self._context.ws, dataset.id, path, owner=self, reads=True, failed=failed,
            then=lambda count: self._context.notice(f"Wrote {counted(count, 'case')} to {path}."),
        )  # fmt: skip

    # -- import ------------------------------------------------------------------------------------------------

    def ask_import(self) -> None:
        """Ask for a file, then show what its columns become."""
        start = self._context.settings.get("import.folder") or ""
        chosen, _ = QFileDialog.getOpenFileName(self._owner, "Import a file of cases", start, _FILES)
        if chosen:
            self._context.settings.set("import.folder", str(Path(chosen).parent))
            self.read_file(chosen)

    def read_file(self, path: str, sheet: str = "") -> None:
        """Read a file beside the window and show what its columns become. `sheet` of a workbook: the first with rows where it is empty."""
        self.reading.emit(Path(path).name)
        title = f"Reading {Path(path).name}"
        self._context.work.begin(
            title, _read, self._context.ws, path, sheet, then=self._show_table, failed=self._not_read, owner=self, reads=True
        )

    def _show_table(self, table: Table) -> None:
        self.reading.emit("")
        rows = [row for row in self._rows() if not row.archived]
        ImportTableDialog(self._owner, self._context, table, rows, None, self._imported, self.read_file).open()

    def _not_read(self, problem: BaseException) -> None:
        self.reading.emit("")
        if isinstance(problem, Stopped):
            self._context.notice("Stopped. Nothing was imported.")
        else:
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
            sheet = f" from the sheet {done.sheet}" if done.sheet else ""
            self._context.notice(f"Imported {counted(done.cases or 0, 'case')}{sheet} into {done.name}.")
        elif things:
            self._context.notice(f"All of it is in {things[0].name} already.")


def _read(ws: Workspace, path: str, sheet: str, progress: Progress) -> Table:
    return ws.datasets.read_table(path, sheet=sheet, progress=progress)


def _export(ws: Workspace, dataset_id: int, path: Path, progress: Progress) -> int:
    return ws.datasets.export_table(dataset_id, path, progress=progress)
