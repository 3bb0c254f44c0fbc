"""The values that a prompt is shown with: the user's samples, above them a case's, above them what was typed since it was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from workbench.gui.context import Context
from workbench.gui.library.case_chooser import CaseChooser, case_at
from workbench.gui.library.samples import ChosenCase
from workbench.gui.library.working_copy import WorkingCopy


class ShownValues(QObject):
    """Holds them, keeps samples in the store, and lets a case be chosen."""

    changed = Signal()

    def __init__(self, context: Context, working: WorkingCopy, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._working = context, working
        self.case: ChosenCase | None = None
        self.samples: dict[str, Any] = {}
        self._typed: set[str] = set()

    @property
    def all(self) -> dict[str, Any]:
        """Every value, by the name of its variable."""
        case = self.case.record.values if self.case is not None else {}
        return {**self.samples, **case, **{name: self.samples[name] for name in self._typed if name in self.samples}}

    @property
    def from_case(self) -> dict[str, Any]:
        """Those of the case that are shown."""
        case = self.case.record.values if self.case is not None else {}
        return {name: value for name, value in case.items() if name not in self._typed}

    @property
    def dataset(self) -> str:
        """The name of the dataset that the case is from, or nothing."""
        return self.case.dataset if self.case is not None else ""

    def open(self, samples: Mapping[str, Any]) -> None:
        """Take the samples of a prompt that was opened."""
        if self.samples != dict(samples):
            self._typed.clear()
        self.samples = dict(samples)

    def set(self, name: str, value: Any) -> None:
        """Keep a sample value; None removes it."""
        at = self._working.at
        if at is None:
            return
        if value is None:
            self.samples.pop(name, None)
            self._typed.discard(name)
        else:
            self.samples[name] = value
            self._typed.add(name)
        self.changed.emit()
        self._context.bridge.call(self._context.ws.versions.set_sample, at.prompt.id, name, value, owner=self)

    def rename(self, old: str, new: str) -> None:
        """Give the sample of a variable to its new name, where that has none."""
        if old in self.samples and new not in self.samples:
            self.set(new, self.samples[old])
            self.set(old, None)

    def choose_case(self, below: QWidget) -> None:
        """Open the list of cases below a button."""
        chooser = CaseChooser(below.window(), self._context, self.case, self._use)
        chooser.popup(below.mapToGlobal(QPoint(0, below.height() + 3)))

    def step_case(self, step: int) -> None:
        """Show the next or the previous case's values."""
        case = self.case
        if case is not None:
            read, number = self._context.bridge.read, case.record.number + step
            read(case_at, self._context.ws, case.dataset_id, case.dataset, number, then=self._stepped, owner=self, key="library.case")

    def _stepped(self, chosen: ChosenCase | None) -> None:
        if chosen is not None:
            self._use(chosen)

    def _use(self, chosen: ChosenCase | None) -> None:
        self.case = chosen
        self._typed.clear()
        self.changed.emit()
