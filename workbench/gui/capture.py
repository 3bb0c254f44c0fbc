"""Taking the case of an answer into a dataset, from wherever the answer is shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.quick_dataclass import replace
from workbench.values import Case

if TYPE_CHECKING:
    from workbench.workspace import DatasetRow, OutputRow, Workspace

_REMEMBERED = "capture.dataset"
_SHOWN_VALUES = 300


def capture(parent: QWidget, context: Context, output_id: int | None, *, blind: bool = False) -> None:
    """Ask which dataset gets the case of an answer. `blind` keeps out of its note who wrote the answer."""
    if output_id is None:
        context.notice("There is no answer here to take the case from.")
    elif context.ws.read_only:
        context.notice("This workspace can only be read now.")
    else:
        show = partial(_show, parent, context)
        context.bridge.read(_read, context.ws, output_id, blind, then=show, failed=context.failed, owner=parent, key="capture")


def _read(ws: Workspace, output_id: int, blind: bool) -> tuple[OutputRow, str, list[DatasetRow]]:
    row = ws.runs.output(output_id)
    run = ws.runs.get(row.run_id)
    origin = f"From run {run.number} of {run.comparison}, case {row.case_index + 1}"
    if not blind:
        column = ws.runs.columns(row.run_id)[row.column]
        version = f" v{column.version}" if column.version is not None else ""
        origin += f", {column.prompt}{version}, {column.model}"
    return row, f"{origin}.", ws.datasets.list()


def _show(parent: QWidget, context: Context, found: tuple[OutputRow, str, list[DatasetRow]]) -> None:
    CaptureDialog(parent, context, *found).open()


class CaptureDialog(Dialog):
    """Which dataset, under which name, and whether the answer becomes the reference."""

    def __init__(self, parent: QWidget, context: Context, row: OutputRow, origin: str, datasets: Sequence[DatasetRow]) -> None:
        super().__init__(parent, "Add to dataset", width=480)
        self._context, self._row, self._origin = context, row, origin
        said = "; ".join(f"{name}: {' '.join(str(value).split())}" for name, value in row.case.values.items())
        shown = f"{said[:_SHOWN_VALUES]}..." if len(said) > _SHOWN_VALUES else said
        self.body.addWidget(label(shown or "This case has no values.", "small", "text2", wrap=True))
        self.into = QComboBox()
        self.into.setAccessibleName("Dataset")
        self.into.setMaxVisibleItems(8)
        for dataset in datasets:
            self.into.addItem(dataset.name, dataset.id)
        self.into.addItem("A new dataset", None)
        last = context.settings.get(_REMEMBERED)
        self.into.setCurrentIndex(0 if last is None else max(0, self.into.findData(last)))
        self.new_name = QLineEdit("Captured")
        self.new_name.setAccessibleName("Name of the new dataset")
        self.name = QLineEdit(row.case.name)
        self.name.setAccessibleName("Name of the case")
        self.reference = QCheckBox("The answer is right: keep it as the reference")
        self.reference.setEnabled(bool(row.text))
        kept = "" if row.case.reference is None else "Otherwise the case keeps the reference that it had in the run."
        for text, field in (("Dataset", self.into), ("", self.new_name), ("Name of the case", self.name)):
            if text:
                self.body.addWidget(label(text, "small", "text2", 500))
            self.body.addWidget(field)
        self.body.addWidget(self.reference)
        if kept:
            self.body.addWidget(label(kept, "small", "text3", wrap=True))
        self.body.addWidget(label(f"Its note will say: {origin}", "small", "text3", wrap=True))
        self.add_cancel()
        self._go = self.add_button("Add the case", self._add, kind="primary")
        self.first = self.into
        self.into.currentIndexChanged.connect(lambda _index: self._look())
        self.new_name.textChanged.connect(lambda _text: self._look())
        self._look()

    def _look(self) -> None:
        is_new = self.into.currentData() is None
        self.new_name.setVisible(is_new)
        self._go.setEnabled(not is_new or bool(self.new_name.text().strip()))

    def _add(self) -> None:
        case, row = self._row.case, self._row
        note = "\n".join(part for part in (case.note, self._origin) if part)
        reference = row.text if self.reference.isChecked() else case.reference
        captured = replace(case, name=self.name.text().strip(), reference=reference, note=note, checks=())
        into, name, context = self.into.currentData(), self.new_name.text().strip(), self._context
        self.accept()

        def added(done: tuple[int, str, int]) -> None:
            dataset_id, dataset, case_id = done
            context.settings.set(_REMEMBERED, dataset_id)
            context.notice(f"Added the case to {dataset}.", "Show it", lambda: context.go("datasets", case_id=case_id))

        context.bridge.call(_add, context.ws, into, name, captured, then=added, failed=context.failed, owner=context)


def _add(ws: Workspace, into: int | None, name: str, case: Case) -> tuple[int, str, int]:
    dataset_id = ws.datasets.create(name, ()) if into is None else into
    return dataset_id, ws.datasets.get(dataset_id).name, ws.datasets.add_cases(dataset_id, [case])[0]
