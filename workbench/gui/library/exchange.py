"""The library as files: export to a folder, import from files and folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLineEdit, QRadioButton, QWidget

from workbench.gui.context import Context
from workbench.gui.library.foreign_export_dialog import ForeignExportDialog, export_foreign
from workbench.gui.library.prompt_columns import PromptColumnsDialog, recalled
from workbench.gui.packet_report_dialog import show_packet_report
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.import_report import ImportReportDialog
from workbench.gui.widgets.labels import label
from workbench.gui.words import counted
from workbench.values import Progress, Stopped

if TYPE_CHECKING:
    from workbench.workspace import ExportReport, ForeignExport, FormatRow, ImportReport, ModelRow, PromptColumns, PromptRow, Workspace


class Exchange:
    """Asks what and where to, then works beside the window."""

    def __init__(self, owner: QWidget, context: Context) -> None:
        self._owner, self._context = owner, context

    # -- export ------------------------------------------------------------------------------------------------

    def export(self, folder: str, prompts: Sequence[PromptRow]) -> None:
        """Ask for what to write and where, then write it. `folder` and `prompts` are what is chosen in the list."""
        ExportDialog(self._owner, self._context, folder, prompts, self._write, lambda: self.export_for(folder, prompts)).open()

    def export_for(self, folder: str, prompts: Sequence[PromptRow]) -> None:
        """Ask for what goes to another tool, in which format and where, show what will be lost, then write it."""

        def ask(known: tuple[Sequence[FormatRow], Sequence[ModelRow]]) -> None:
            ForeignExportDialog(self._owner, self._context, folder, prompts, *known, self._write_foreign).open()

        self._context.bridge.read(_known, self._context.ws, then=ask, failed=self._context.failed, owner=self._owner)

    def _write_foreign(self, target: str, what: dict[str, Any]) -> None:
        stopped = "Stopped. Nothing was written."
        self._work(f"Exporting to {Path(target).name}", export_foreign, target, what, then=self._written_foreign, stopped=stopped)

    def _written_foreign(self, report: ForeignExport) -> None:
        files = counted(len(report.files), "file")
        said = f"Wrote {files} to {report.folder}." if report.files else f"Nothing was written to {report.folder}."
        if report.unchanged:
            said += f" {counted(report.unchanged, 'file')} said the same already."
        if report.rejected:
            first = report.rejected[0]
            said += f" {counted(len(report.rejected), 'file')} could not be written: {Path(first.path).name}. {first.reason}"
        self._context.notice(said, "Open folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(report.folder)))

    def _write(self, target: str, what: dict[str, Any]) -> None:
        self._context.settings.set("export.folder", target)
        stopped = f"Stopped. What was written so far stays in {target}."
        self._work(f"Exporting to {Path(target).name}", _export, target, what, then=self._written, stopped=stopped)

    def _work(self, title: str, verb: Any, *args: Any, then: Any, stopped: str) -> None:
        def failed(problem: BaseException) -> None:
            if isinstance(problem, Stopped):
                self._context.notice(stopped)
            else:
                self._context.failed(problem)

        self._context.work.begin(title, verb, self._context.ws, *args, then=then, failed=failed, owner=self._owner)

    def _written(self, report: ExportReport) -> None:
        files, same = counted(len(report.files), "file"), report.unchanged
        said = f"Wrote {files} to {report.folder}." if report.files else f"Nothing to write: all files in {report.folder} are up to date."
        if report.files and same:
            said = f"Wrote {files} to {report.folder}, {same:,} were up to date."
        if report.left:
            said += f" {counted(len(report.left), 'file')} could not be written: {report.left[0].path}, {report.left[0].why}"
        self._context.notice(said, "Open folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(report.folder)))

    # -- import ------------------------------------------------------------------------------------------------

    def ask_import(self) -> None:
        """Ask for files or a folder, then read them."""
        made = Dialog(self._owner, "Import", width=460)
        what = "Prompt files of this app and other tools, promptfoo configurations, tables of cases, a whole folder, or a zip of it; "
        what += "and ratings that came back from a review packet."
        made.body.addWidget(label(f"{what} Nothing you have is replaced.", "body", "text2", wrap=True))

        def files() -> None:
            start = self._context.settings.get("import.folder") or ""
            chosen, _ = QFileDialog.getOpenFileNames(self._owner, "Import files", start)
            if chosen:
                made.accept()
                self.read(chosen)

        def folder() -> None:
            start = self._context.settings.get("import.folder") or ""
            chosen = QFileDialog.getExistingDirectory(self._owner, "Import a folder", start)
            if chosen:
                made.accept()
                self.read([chosen])

        def table() -> None:
            start = self._context.settings.get("import.folder") or ""
            chosen, _ = QFileDialog.getOpenFileName(self._owner, "Import a table of prompts", start, "Tables (*.csv *.tsv)")
            if chosen:
                made.accept()
                self.read_prompts(chosen)

        made.body.addWidget(button("A table with a prompt in each row", "table-2", "link", on=table))
        made.add_cancel()
        made.add_button("Choose a folder", folder, icon="folder-open")
        made.first = made.add_button("Choose files", files, kind="primary", icon="file-text")
        made.open()

    def read(self, paths: Sequence[str]) -> None:
        """Import these files and folders, and show what came of it. Of a collection of prompts the columns are shown first."""
        if len(paths) == 1 and Path(paths[0]).suffix.lower() in (".csv", ".tsv"):
            self.read_prompts(paths[0], asked=False)
        else:
            self._read(paths)

    def read_prompts(self, path: str, *, asked: bool = True) -> None:
        """Show what the columns of a table of prompts become, then import it. Unless it was asked for as one, a table of cases comes in
        as what it is."""
        workspace, settings = self._context.ws, self._context.settings

        def found(columns: PromptColumns | None) -> None:
            if columns is None or not (asked or columns.is_collection or recalled(settings, columns.columns)):
                self._read([path])
                return
            PromptColumnsDialog(self._owner, settings, path, columns, lambda parts: self._read([path], parts)).open()

        def failed(problem: BaseException) -> None:
            self._context.failed(problem) if asked else self._read([path])  # the import's report says what is wrong

        self._context.bridge.read(lambda: workspace.files.prompt_columns(path), then=found, failed=failed, owner=self._owner)

    def _read(self, paths: Sequence[str], columns: Mapping[str, str] | None = None) -> None:
        first = Path(paths[0])
        self._context.settings.set("import.folder", str(first if first.is_dir() else first.parent))
        source = str(first) if len(paths) == 1 else f"{len(paths)} files from {first.parent}"
        name = first.name if len(paths) == 1 else f"{len(paths)} files"
        self._work(
            f"Importing {name}",
            _import,
            list(paths),
            columns,
            then=lambda report: self.show_report(report, source),
            stopped="Stopped. Nothing was imported.",
        )

    def show_report(self, report: ImportReport, source: str) -> None:
        """Show what an import did; of one file that came back from a review packet, what the ratings came to."""
        only = [*report.imported, *report.unchanged]
        if len(only) == 1 and only[0].kind == "ratings" and not report.rejected:
            news = f"{only[0].changes}." if report.imported else "Already in, nothing changed."
            show_packet_report(self._owner, self._context, only[0].id, news)
            return
        ImportReportDialog(self._owner, self._context.bridge, report, source, open_thing=self._go, again=self.read).open()

    def _go(self, kind: str, id: int) -> None:
        if kind == "dataset":
            self._context.go("datasets", dataset_id=id)
        elif kind == "comparison":
            self._context.go("compare", comparison_id=id)
        elif kind == "ratings":
            show_packet_report(self._owner, self._context, id)
        elif kind == "run":
            self._context.go("compare", run_id=id)
        elif kind == "connection":
            self._context.go("models", connection_id=id)
        elif kind == "model":
            self._context.go("models")
        else:
            self._context.go("library", prompt_id=id)


# The service reads and writes YAML: it is imported on the thread that works, not in the window's.


def _export(ws: Workspace, target: str, what: dict[str, Any], progress: Progress) -> ExportReport:
    return ws.files.export(Path(target), **what, progress=progress)


def _known(ws: Workspace) -> tuple[Sequence[FormatRow], Sequence[ModelRow]]:
    """The formats of other tools, and the models that written code can ask."""
    others = [row for row in ws.connections.models() if row.place in ("cloud", "server")]
    chats = [row for row in others if ws.connections.spec(row.id).wire_format == "openai-chat"]
    return ws.files.formats(), chats


def _import(ws: Workspace, paths: Sequence[str], columns: Mapping[str, str] | None, progress: Progress) -> ImportReport:
    return ws.files.import_paths(paths, columns=columns, progress=progress)


class ExportDialog(Dialog):
    """What goes into the folder, and which folder."""

    def __init__(
        self, parent: QWidget, context: Context, folder: str, prompts: Sequence[PromptRow], write: Any, other: Callable[[], object]
    ) -> None:
        super().__init__(parent, "Export the library", width=520)
        self._context, self._folder, self._prompts, self._write = context, folder, prompts, write
        self.body.addWidget(
            label("Small text files, one prompt in each, made for git and for editing. No key is ever written.", "body", "text2", wrap=True)
        )
        self.all = QRadioButton("The whole library")
        self.this_folder = QRadioButton(f"The folder {folder}" if folder else "The folder of the chosen prompt")
        some = prompts[0].name if len(prompts) == 1 else counted(len(prompts), "prompt")
        self.selection = QRadioButton(f"Only {some}" if prompts else "Only the chosen prompts")
        self.this_folder.setEnabled(bool(folder))
        self.selection.setEnabled(bool(prompts))
        self.all.setChecked(True)
        for choice in (self.all, self.this_folder, self.selection):
            self.body.addWidget(choice)
        self.versions = QCheckBox("All versions, not only the newest")
        self.datasets = QCheckBox("Datasets")
        self.comparisons = QCheckBox("Comparisons, with the models they name")
        self.body.addSpacing(4)
        for check in (self.versions, self.datasets, self.comparisons):
            check.setChecked(True)
            self.body.addWidget(check)
        for check in (self.datasets, self.comparisons):
            self.all.toggled.connect(check.setChecked)
        self.target = QLineEdit(str(context.settings.get("export.folder") or Path.home() / "prompt-library"))
        self.target.setAccessibleName("Folder to write to")
        row = QHBoxLayout()
        row.addWidget(self.target, 1)
        row.addWidget(button("Choose...", "folder-open", on=self._choose))
        self.body.addSpacing(4)
        self.body.addWidget(label("Folder", "small", "text2", 500))
        self.body.addLayout(row)
        self._hint = label("", "small", "text3", wrap=True)
        self.body.addWidget(self._hint)
        self.foot.insertWidget(0, button("For another tool...", "file-text", on=lambda: self._leave(other)))
        self.add_cancel()
        self._go = self.add_button("Export", self._export, kind="primary", icon="upload")
        self.target.textChanged.connect(lambda _text: self._look())
        self.first = self.target
        self.resize(theme().px(520), self.sizeHint().height())
        self._look()

    def _leave(self, other: Callable[[], object]) -> None:
        self.reject()
        other()

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Export to a folder", self.target.text())
        if chosen:
            self.target.setText(chosen)

    def _look(self) -> None:
        text = self.target.text().strip()
        self._go.setEnabled(bool(text))
        path = Path(text).expanduser() if text else None
        if path is None:
            said = ""
        elif path.is_file():
            said = "This is a file. Choose a folder."
            self._go.setEnabled(False)
        elif not path.exists():
            said = "This folder is not there yet. The export makes it."
        elif (path / "workbench.yaml").is_file():
            said = "There is a library in it already: only files that differ are written."
        else:
            said = "Files that are there and not part of the library stay as they are."
        self._hint.setText(said)

    def _export(self) -> None:
        what: dict[str, Any] = {
            "versions": self.versions.isChecked(),
            "datasets": self.datasets.isChecked(),
            "comparisons": self.comparisons.isChecked(),
        }
        if self.this_folder.isChecked():
            what["folders"] = [self._folder]
        elif self.selection.isChecked():
            what["prompt_ids"] = [row.id for row in self._prompts]
        target = str(Path(self.target.text().strip()).expanduser())
        self.accept()
        self._write(target, what)
