"""What can be done with the versions of a dataset: save one, look through them, restore an old one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from workbench.gui.context import Context
from workbench.gui.datasets.history import History
from workbench.gui.datasets.version_watch import VersionWatch
from workbench.gui.datasets.versions_dialog import VersionsDialog
from workbench.gui.widgets.dialog import ask_text

if TYPE_CHECKING:
    from workbench.workspace import DatasetRow, DatasetVersionRow, Workspace


class DatasetVersionVerbs(QObject):
    """`looked_at` comes with the version whose cases are to be shown; None for the cases as they are."""

    looked_at = Signal(object)

    def __init__(self, owner: QWidget, context: Context, watch: VersionWatch, history: History) -> None:
        super().__init__(owner)
        self._owner, self._context, self._watch, self._history = owner, context, watch, history

    def _call(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], object] | None = None) -> None:
        # Another thread imports the service.
        self._context.bridge.call(verb, self._context.ws, *args, then=then, failed=self._context.failed, owner=self)

    def save(self, dataset: DatasetRow | None) -> None:
        """Ask for a note and save the cases as a version."""
        if dataset is None or dataset.archived or self._context.ws.read_only:
            return
        unsaved = self._watch.unsaved
        if dataset.version is not None and unsaved is not None and not unsaved.differs:
            self._context.notice(f"Nothing has changed since v{dataset.version}.")
            return
        number = (dataset.version or 0) + 1

        def saved(row: DatasetVersionRow) -> None:
            same = f"v{row.number} has these cases already. No version was made."
            self._context.notice(f"Saved v{row.number} of {dataset.name}." if row.number == number else same)

        said = unsaved.words if unsaved is not None else ""
        ask_text(
            self._owner, f"Save v{number}", "What changed, in a few words", "", f"Save v{number}",
            lambda note: self._call(_save, dataset.id, note, then=saved), allow_empty=True,
            text=f"Since v{dataset.version}: {said}." if said and dataset.version else "",
        )  # fmt: skip

    def open(self, dataset: DatasetRow | None) -> None:
        """Show the versions."""
        if dataset is None:
            return
        if dataset.version is None:
            self._context.notice(f"{dataset.name} has no version yet.", "Save v1", lambda: self.save(dataset))
            return
        VersionsDialog(self._owner, self._context, dataset, self.looked_at.emit, self.restore).open()

    def restore(self, version: DatasetVersionRow) -> None:
        """Make an old version the newest; what was not saved is a version of its own then, and Undo goes back to it."""

        def done(numbers: tuple[DatasetVersionRow, DatasetVersionRow]) -> None:
            before, now = numbers
            if now.number == version.number:
                self.looked_at.emit(None)
                self._context.notice(f"The dataset holds the cases of v{now.number} already. Nothing was changed.")
                return
            text = f"restored v{version.number}"
            self.looked_at.emit(None)
            redo = lambda: self._call(_restore, version.id)  # noqa: E731
            take_back = self._history.add(text, lambda: self._call(_restore, before.id), redo, also=(version.dataset_id,))
            self._context.notice(f"Restored v{version.number} as v{now.number}.", "Undo", take_back)

        self._call(_restore, version.id, then=done)


def _save(ws: Workspace, dataset_id: int, note: str) -> DatasetVersionRow:
    return ws.dataset_versions.save(dataset_id, note)


def _restore(ws: Workspace, version_id: int) -> tuple[DatasetVersionRow, DatasetVersionRow]:
    """The version that the dataset was before, and the one that it is now."""
    now = ws.dataset_versions.restore(version_id)
    older = [row for row in ws.dataset_versions.list(now.dataset_id) if row.number < now.number]
    return (older[0] if older else now), now
