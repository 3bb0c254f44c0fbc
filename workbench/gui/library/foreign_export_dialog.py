"""Prompts for another tool: which, in which format, where to, and what will be lost, before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import icon_label, label
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.words import counted, joined

if TYPE_CHECKING:
    from workbench.workspace import ForeignExport, FormatRow, ModelRow, PromptRow, Workspace

LOOK_MS = 250
_MOST = 100
"""Sentences of one kind that are listed."""


class ForeignExportDialog(Dialog):
    """Window-modal. What will be lost is read anew whenever a choice changes; `write` gets the destination and the choices."""

    def __init__(
        self,
        parent: QWidget,
        context: Context,
        folder: str,
        prompts: Sequence[PromptRow],
        formats: Sequence[FormatRow],
        models: Sequence[ModelRow],
        write: Callable[[str, dict[str, Any]], object],
    ) -> None:
        super().__init__(parent, "Export for another tool", width=620)
        self._context, self._folder, self._prompts, self._write = context, folder, prompts, write
        self._formats = {row.name: row for row in formats}
        self._asked = 0
        self._report: ForeignExport | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        self.add_cancel()
        self._go = self.add_button("Export", self._export, kind="primary", icon="upload")
        self._add_choices()
        self._add_format(models)
        self._add_target()
        self._add_report()
        self.first = self.format
        self.resize(self.width(), min(theme().px(640), parent.window().height() - 60))
        self._changed()

    def _add_choices(self) -> None:
        some = self._prompts[0].name if len(self._prompts) == 1 else counted(len(self._prompts), "prompt")
        self.selection = QRadioButton(f"Only {some}" if self._prompts else "Only the chosen prompts")
        self.this_folder = QRadioButton(f"The folder {self._folder}" if self._folder else "The folder of the chosen prompt")
        self.all = QRadioButton("All prompts")
        self.selection.setEnabled(bool(self._prompts))
        self.this_folder.setEnabled(bool(self._folder))
        (self.selection if self._prompts else self.this_folder if self._folder else self.all).setChecked(True)
        for choice in (self.selection, self.this_folder, self.all):
            self.body.addWidget(choice)
            choice.toggled.connect(lambda is_on: self._changed() if is_on else None)

    def _add_format(self, models: Sequence[ModelRow]) -> None:
        self.format = QComboBox()
        self.format.setAccessibleName("Format")
        for row in self._formats.values():
            self.format.addItem(f"{row.title} ({row.file or f'*{row.ending}'})", row.name)
        wanted = self.format.findData(self._context.settings.get("export.format"))
        self.format.setCurrentIndex(max(0, wanted))
        self.model = QComboBox()
        self.model.setAccessibleName("Model that the code asks")
        self.model.addItem("OpenAI, gpt-5-mini", None)
        for model in models:
            self.model.addItem(model.title, model.id)
        self._model_label = label("The code asks", "small", "text2", 500)
        self.body.addSpacing(4)
        self.body.addWidget(label("Format", "small", "text2", 500))
        self.body.addWidget(self.format)
        self.body.addWidget(self._model_label)
        self.body.addWidget(self.model)
        self.format.currentIndexChanged.connect(lambda _index: self._changed())
        self.model.currentIndexChanged.connect(lambda _index: self._changed())

    def _add_target(self) -> None:
        start = self._context.settings.get("export.foreign") or Path.home() / "prompts"
        self.target = QLineEdit(str(start))
        self.target.setAccessibleName("Folder to write to")
        row = QHBoxLayout()
        row.addWidget(self.target, 1)
        row.addWidget(button("Choose...", "folder-open", on=self._choose))
        self.body.addWidget(label("Folder", "small", "text2", 500))
        self.body.addLayout(row)
        self.replace = QCheckBox("")
        self.replace.hide()
        self.replace.toggled.connect(lambda _is_on: self._allow())
        self.body.addWidget(self.replace)
        self.target.textChanged.connect(lambda _text: self._changed())

    def _add_report(self) -> None:
        self.heading_of_report = label("", "small", "text2", 500)
        self.body.addSpacing(4)
        self.body.addWidget(self.heading_of_report)
        self._page = QWidget()
        self._lines = QVBoxLayout(self._page)
        self._lines.setContentsMargins(12, 10, 12, 10)
        self._lines.setSpacing(8)
        area = scroll_area(self._page, by_key=True, name="What the files will not hold")
        area.setMinimumHeight(theme().px(120))
        self.body.addWidget(area, 1)

    # -- looking -----------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        row = self._formats[self.format.currentData()]
        self.model.setVisible(row.is_code)
        self._model_label.setVisible(row.is_code)
        self._report = None
        self._asked += 1
        self._allow()
        self._timer.start(LOOK_MS)

    def _look(self) -> None:
        if not self.target.text().strip():
            self._say("Choose a folder.")
            return
        asked = self._asked
        self._say("Looking at what the files will hold...")

        def done(report: ForeignExport) -> None:
            if asked == self._asked:
                self._show(report)

        def failed(problem: BaseException) -> None:
            if asked == self._asked:
                self._say(str(problem))

        self._context.bridge.read(
            _look_at, self._context.ws, self._place(), self.format.currentData(), self._what(), then=done, failed=failed, owner=self
        )

    def _say(self, text: str) -> None:
        self._clear()
        self.heading_of_report.setText(text)

    def _show(self, report: ForeignExport) -> None:
        self._clear()
        self._report = report
        there = len(report.existing)
        self.replace.setVisible(there > 0)
        if there:
            which = report.existing[0] if there == 1 else f"the {there} files"
            self.replace.setText(f"Replace {which} that {'is' if there == 1 else 'are'} there already")
        files = counted(len(report.files), "file")
        lost, refused = report.sentences(), report.rejected
        it = "it" if len(report.files) == 1 else "they"
        said = f"{files} will be written. What {it} will not hold:" if lost else f"{files} will be written, and nothing is lost."
        if refused:
            said = f"{files} will be written. {counted(len(refused), 'prompt')} cannot be said in this format:"
        self.heading_of_report.setText(said)
        for rejected in refused[:_MOST]:
            self._line("circle-x", "fail", f"{rejected.path}: {rejected.reason}")
        for why, names in lost[:_MOST]:
            whose = "" if len(names) == 1 and len(report.files) + len(refused) == 1 else f" ({_names(names)})"
            self._line("info", "text2", f"{why}{whose}")
        self._lines.addStretch(1)
        self._allow()

    def _line(self, icon: str, tone: Any, text: str) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(icon_label(icon, tone, 15), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label(text, "body", "text", wrap=True), 1)
        self._lines.addLayout(row)

    def _clear(self) -> None:
        QWidget().setLayout(self._lines)  # takes the old lines along
        self._lines = QVBoxLayout(self._page)
        self._lines.setContentsMargins(12, 10, 12, 10)
        self._lines.setSpacing(8)
        self.replace.setVisible(False)

    def _allow(self) -> None:
        report = self._report
        is_free = report is not None and (not report.existing or self.replace.isChecked() or len(report.existing) < len(report.files))
        self._go.setEnabled(bool(report and report.files) and is_free)

    # -- writing -----------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Export to a folder", self.target.text())
        if chosen:
            self.target.setText(chosen)

    def _place(self) -> str:
        return str(Path(self.target.text().strip()).expanduser())

    def _what(self) -> dict[str, Any]:
        what: dict[str, Any] = {"model_id": self.model.currentData() if self._formats[self.format.currentData()].is_code else None}
        if self.selection.isChecked():
            what["prompt_ids"] = [row.id for row in self._prompts]
        elif self.this_folder.isChecked():
            what["folders"] = [self._folder]
        return what

    def _export(self) -> None:
        format = self.format.currentData()
        self._context.settings.set("export.format", format)
        self._context.settings.set("export.foreign", self.target.text().strip())
        what = {**self._what(), "format": format, "replace_files": self.replace.isVisible() and self.replace.isChecked()}
        place = self._place()
        self.accept()
        self._write(place, what)


def _names(names: Sequence[str]) -> str:
    short = [name.rpartition("/")[2] for name in dict.fromkeys(names)]
    return joined(short) if len(short) <= 3 else f"{short[0]}, {short[1]} and {len(short) - 2} more"


def _look_at(ws: Workspace, place: str, format: str, what: dict[str, Any]) -> ForeignExport:
    return export_foreign(ws, place, {**what, "format": format, "only_look": True})


def export_foreign(ws: Workspace, place: str, what: dict[str, Any], progress: Any = None) -> ForeignExport:
    """Write prompts for another tool, or look at what would be written; the choices are those of the dialog."""
    choices = dict(what)
    model_id, format = choices.pop("model_id", None), choices.pop("format")
    model = None if model_id is None else ws.connections.spec(model_id)
    return ws.files.export_foreign(Path(place), format, model=model, progress=progress, **choices)
