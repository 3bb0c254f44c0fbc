"""From a click to the first answers: fetch the built-in model if it is not here, lay the starter content in, run it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.gui.context import Context


class Starter(QObject):
    """The states of the big button on the welcome page."""

    changed = Signal()

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._status: Any = None
        self._wanted = False
        self._starting = False
        self._problem = ""
        context.fetch.changed.connect(self.changed)
        context.fetch.done.connect(self._fetched)

    @property
    def fetching(self) -> bool:
        """True while the weights are on their way."""
        return self._context.fetch.going

    @property
    def counts(self) -> tuple[int, int]:
        """Bytes here and in all."""
        return self._context.fetch.counts

    @property
    def can_run(self) -> bool:
        """True if the button does something now."""
        engine = self._status is None or self._status.engine
        return engine and not self.fetching and not self._starting and not self._context.ws.read_only

    @property
    def verb(self) -> str:
        """What the button says."""
        if self.fetching:
            here, total = self.counts
            return f"Fetching the model, {here / 1e6:.0f} of {total / 1e6:.0f} MB" if total else "Fetching the model"
        return "Starting" if self._starting else "Run the starter comparison"

    @property
    def sentence(self) -> str:
        """What stands in the way, or what happens first; empty if nothing."""
        if self._problem:
            return self._problem
        if self._context.ws.read_only:
            return self._context.ws.notice
        if self.fetching:
            return "This is done once. It goes on where it stopped if it is cut off."
        if self._status is not None and not self._status.engine:
            return f"{self._status.sentence} {self._status.remedy}".strip()
        if self._status is not None and not self._status.weights:
            return "The model (93 MB) is fetched first, once. After that it works offline."
        return ""

    def look(self) -> None:
        """Read whether the built-in model is here."""
        self._context.bridge.read(self._context.ws.builtin.status, then=self._got, owner=self, key="welcome.builtin")

    def run(self) -> None:
        """Fetch if need be, then run and show it."""
        if not self.can_run:
            return
        self._problem = ""
        if self._status is not None and not self._status.weights:
            self._wanted = True
            self._context.fetch.start()
        else:
            self._start()

    def cancel(self) -> None:
        """Stop fetching; what is here stays."""
        self._wanted = False
        self._context.fetch.cancel()

    def _got(self, status: Any) -> None:
        self._status = status
        self.changed.emit()

    def _fetched(self, problem: BaseException | None) -> None:
        if problem is not None:
            self._problem = str(problem)
        self.look()
        if problem is None and self._wanted:
            self._wanted = False
            self._start()
        self.changed.emit()

    def _start(self) -> None:
        self._starting = True
        self.changed.emit()
        self._context.bridge.call(_prepare, self._context.ws, then=self._prepared, failed=self._failed, owner=self)

    def _prepared(self, run_id: int) -> None:
        self._starting = False
        self.changed.emit()
        self._context.start_run(run_id)
        self._context.go("compare", run_id=run_id)

    def _failed(self, error: BaseException) -> None:
        self._starting = False
        self._problem = str(error)
        self.changed.emit()


def _prepare(workspace: Any) -> int:
    """The id of a new run of the starter comparison, on the worker thread."""
    workspace.builtin.ensure_connection()
    return int(workspace.runs.start_comparison(workspace.add_starter()))
