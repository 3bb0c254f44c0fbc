"""What can be done with cases. Everything can be undone, by Ctrl+Z and by the notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from workbench.gui.context import Context
from workbench.gui.datasets.case_model import CaseModel
from workbench.gui.datasets.cell_values import CHECKS, Column, cases_from, pasted, read
from workbench.gui.datasets.history import History
from workbench.gui.widgets.file_sources import Source, choose_source, keep_source
from workbench.gui.words import counted, joined
from workbench.values import BadInput, Case

if TYPE_CHECKING:
    from workbench.workspace import CaseRecord, Workspace


_ADDED = "added case"


class CaseVerbs(QObject):
    """Calls the workspace and remembers how to take it back."""

    typed_into = Signal(int, int, int)
    """A row and a column where the user should type now, and the id of the case that stands there."""

    def __init__(self, owner: QWidget, context: Context, model: CaseModel, history: History) -> None:
        super().__init__(owner)
        self._owner, self._context, self._model, self._history = owner, context, model, history
        self._fresh: int | None = None

    def _call(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], object] | None = None) -> None:
        self._context.bridge.call(verb, *args, then=then, failed=self._failed, owner=self)

    def _failed(self, problem: BaseException) -> None:
        self._context.failed(problem)
        self._model.reload()

    def set_value(self, record: CaseRecord, column: Column, value: Any) -> None:
        """Write one field of a case."""
        if not self._model.writable:
            return
        if record.id == self._fresh:
            self._fresh = None  # it says something now, whatever a read that began before may still show
        datasets = self._context.ws.datasets
        # Two underscores: the case's own field, also where a variable has that name.
        field = f"__{column.key}" if column.own else column.key
        before = _as_case(record)

        def do() -> None:
            self._model.replace(record.id, column, value)
            self._call(datasets.set_cell, record.id, field, list(value) if isinstance(value, tuple) else value)

        def undo() -> None:
            self._call(datasets.update_case, record.id, before)

        do()
        self._tell_unknown(before, column, value)
        self._history.add(f"{column.key} of case {record.number}", undo, do)

    def _tell_unknown(self, before: Case, column: Column, value: Any) -> None:
        """Say it where a check was typed that cannot run: a slip of the finger would ask nothing, and leave the word to the others."""
        if column != CHECKS:
            return
        had = {check.type for check in before.checks}
        types = dict.fromkeys(check.type for check in Case().with_checks(value).checks if check.type not in had)
        unknown = [type for type in types if type not in self._context.ws.check_types()]
        if unknown:
            said = f"There is no check {joined(unknown)}, so this gives no verdict."
            self._context.notice(f"{said} Write one of those that the guide lists under Checks.")

    def choose_file(self, record: CaseRecord, column: Column) -> None:
        """Let the user choose the file of a cell."""
        if self._model.writable:
            for source in choose_source(self._owner, column.type):
                self.give_file(record, column, source)

    def give_file(self, record: CaseRecord, column: Column, source: Source) -> None:
        """Keep a file in the workspace and put it into a cell."""
        dataset = self._model.dataset
        if dataset is None or not self._model.writable:
            return

        def put(value: Mapping[str, Any]) -> None:
            if self._model.dataset is None or self._model.dataset.id != dataset.id or not self._model.writable:
                self._context.notice(
                    f"{value['name']} is not in case {record.number}: another dataset was opened meanwhile. Choose it again."
                )
                return
            now = self._model.record(self._model.row_of(record.id))  # another field may have been typed while the file was read
            self.set_value(now or record, column, value)

        keep_source(self._context, source, column.type, put, self)

    def add(self) -> None:
        """Add an empty case at the end and let the user type it."""
        dataset = self._model.dataset
        if dataset is None or not self._model.writable:
            return

        def added(ids: list[int]) -> None:
            self._remember_added(_ADDED, ids)
            self._fresh = ids[0]
            self._model.reload(lambda: self.typed_into.emit(self._model.total - 1, 1, ids[0]))

        self._call(self._context.ws.datasets.add_cases, dataset.id, [Case()], then=added)

    def give_up(self, record: CaseRecord | None) -> None:
        """Esc in a cell: a case that was just added and says nothing yet goes again, as if it had never been."""
        fresh, self._fresh = self._fresh, None
        if record is None or record.id != fresh or not self._model.writable or _as_case(record) != Case():
            return
        self._history.forget(_ADDED)
        self._call(self._context.ws.datasets.archive_cases, [record.id])

    def duplicate(self, records: Sequence[CaseRecord]) -> None:
        """Put a copy behind a case."""
        if len(records) != 1 or not self._model.writable:
            return
        record = records[0]

        def done(copy: int) -> None:
            take_back = self._remember_added(f"copy of case {record.number}", [copy])
            self._context.notice(f"Duplicated case {record.number}.", "Undo", take_back)

        self._call(self._context.ws.datasets.duplicate_case, record.id, then=done)

    def delete(self, rows: Sequence[int], records: Sequence[CaseRecord]) -> None:
        """Take cases out at once; Undo brings them back to their places."""
        dataset = self._model.dataset
        if not rows or dataset is None or not self._model.writable:
            return
        if len(rows) == len(records):
            self._delete([record.id for record in records])
        else:  # a long selection reaches over rows that were never read
            arguments = (self._context.ws, dataset.id, list(rows), self._model.text, self._model.tag, self._model.only)
            self._context.bridge.read(_ids, *arguments, then=self._delete, failed=self._context.failed, owner=self)

    def _delete(self, ids: list[int]) -> None:
        datasets = self._context.ws.datasets
        said = counted(len(ids), "case")

        def undo() -> None:
            self._call(datasets.restore_cases, ids)

        def done(_none: object) -> None:
            take_back = self._history.add(f"deleted {said}", undo, lambda: self._call(datasets.archive_cases, ids))
            self._context.notice(f"Deleted {said}.", "Undo", take_back)

        self._call(datasets.archive_cases, ids, then=done)

    def paste(self, text: str, section: int) -> None:
        """Add rows of a spreadsheet as cases; a single cell goes into the cell that is current."""
        dataset = self._model.dataset
        if dataset is None or not self._model.writable or not text:
            return
        rows = pasted(text)
        try:
            cases = cases_from(rows, self._model.columns, section - 1)
        except ValueError as error:
            self._context.failed(BadInput(str(error)))
            return
        if not cases:
            return

        def added(ids: list[int]) -> None:
            said = counted(len(ids), "case")
            take_back = self._remember_added(f"pasted {said}", ids)
            self._context.notice(f"Added {said} from the clipboard.", "Undo", take_back)

        self._call(self._context.ws.datasets.add_cases, dataset.id, cases, then=added)

    def paste_into(self, record: CaseRecord, column: Column, text: str) -> None:
        """Put a single cell of the clipboard into a cell."""
        try:
            value = read(text, column)
        except ValueError as error:
            self._context.failed(BadInput(str(error)))
            return
        self.set_value(record, column, value)

    def _remember_added(self, text: str, ids: list[int]) -> Callable[[], None]:
        datasets = self._context.ws.datasets
        return self._history.add(text, lambda: self._call(datasets.archive_cases, ids), lambda: self._call(datasets.restore_cases, ids))


def _as_case(record: CaseRecord) -> Case:
    return Case(
        record.values, record.name, record.reference, record.tags, record.weight, record.note, record.checks, record.only_own_checks
    )


def _ids(ws: Workspace, dataset_id: int, rows: Sequence[int], text: str, tag: str, only: list[int] | None) -> list[int]:
    wanted = set(rows)
    found = ws.datasets.cases(dataset_id, rows[0], rows[-1] - rows[0] + 1, text, tag, only)
    return [record.id for at, record in enumerate(found, rows[0]) if at in wanted]
