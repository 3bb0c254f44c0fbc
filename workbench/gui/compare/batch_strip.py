"""The batches of the open run: how far each is, and what can be done with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.dialog import ask
from workbench.gui.widgets.layouts import take_all
from workbench.gui.widgets.notice import Banner
from workbench.gui.words import counted, day

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.gui.compare.model import RunModel
    from workbench.workspace import BatchReading, BatchRow

MOST_SHOWN = 3


class BatchStrip(QWidget):
    """A banner for each batch that results are still to come of; nothing where there is none."""

    changed = Signal()

    def __init__(self, context: Context, model: RunModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self.rows: list[BatchRow] = []
        self._shown: list[Any] = []
        self._busy = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.hide()
        model.loaded.connect(self.look)
        model.progress.connect(self.look)

    def look(self) -> None:
        """Read how things stand, where the run has batches."""
        run = self.model.run
        if run is None or (not run.in_batch and not self.rows):
            self._show([])
            return
        self.context.bridge.read(
            self.context.ws.batches.of_run,
            run.id,
            then=self._show,
            failed=lambda _error: None,
            owner=self,
            key=("compare.batches", id(self)),
        )

    def hand_over(self) -> None:
        """Hand the calls that are left over as a batch."""
        run = self.model.run
        if run is None or self.model.running or not run.queued:
            self.context.notice("Stop the run first." if self.model.running else "No call of this run is left to hand over.")
            return
        from workbench.gui.compare.batch_dialog import BatchDialog  # few runs are handed over

        BatchDialog(self, self.context, run).open()

    def ask_now(self) -> None:
        """Ask the services how far they are."""
        if not any(row.is_open for row in self.rows):
            self.context.notice("No service has a batch of this run.")
            return
        self.context.batch_watch.ask()

    def read_results(self) -> None:
        """Choose a file of results and take it in."""
        run = self.model.run
        if run is None:
            return
        start = next((str(Path(row.file).parent) for row in self.rows if row.file), str(Path.home()))
        chosen, _ = QFileDialog.getOpenFileName(self, "Read the results of a batch", start, "Results (*.jsonl *.json *.txt);;All files (*)")
        if chosen:
            self.read_file(Path(chosen))

    def read_file(self, path: Path) -> None:
        """Take a file of results into this run."""
        run, batches = self.model.run, self.context.ws.batches
        if run is not None:
            self.context.bridge.spawn(lambda: batches.read_file(path, run.id), then=self._read, failed=self.context.failed, owner=self)

    def cancel(self, row: BatchRow | None = None) -> None:
        """Ask, then cancel one batch, or all of the run."""
        rows = [one for one in self.rows if one.is_waiting and (row is None or one.id == row.id)]
        if not rows:
            self.context.notice("This run has no batch to cancel.")
            return
        waiting = sum(one.waiting for one in rows)
        text = f"{counted(waiting, 'request')} without an answer will not be answered. What was answered already is read and has its price."
        title = "Cancel the batch?" if len(rows) == 1 else f"Cancel {len(rows)} batches?"
        verb = "Cancel the batch" if len(rows) == 1 else "Cancel the batches"
        if all(one.state == "written" for one in rows):
            title, verb = "Take the calls back?", "Take back"
            text = (
                f"{counted(waiting, 'call')} go back into the queue of the run. The file stays where it is; its results can still be read."
            )

        def go() -> None:
            for one in rows:
                self.context.bridge.spawn(
                    partial(self.context.ws.batches.cancel, one.id),
                    then=lambda _row: self._changed(),
                    failed=self.context.failed,
                    owner=self,
                )

        ask(self, title, text, verb, go, other="Leave it")

    def cell_words(self) -> dict[int, str]:
        """Of each column that a batch has, how far that is."""
        words = {(row.model, row.connection): short_words(row) for row in self.rows if row.is_waiting}
        known = ((index, words.get((column.model, column.connection))) for index, column in enumerate(self.model.grid.columns))
        return {index: text for index, text in known if text}

    def _changed(self) -> None:
        self.look()
        self.context.batch_watch.ask()

    def _read(self, found: BatchReading) -> None:
        self.context.notice(" ".join(found.sentences()))
        self.model.answers_changed()
        self.look()

    def _show(self, rows: list[BatchRow]) -> None:
        self.rows = rows
        waiting = [row for row in rows if row.is_waiting]
        if waiting == self._shown:
            return
        self._shown = waiting
        self.changed.emit()
        take_all(self._column)
        for row in waiting[:MOST_SHOWN]:
            self._column.addWidget(self._banner(row))
        if len(waiting) > MOST_SHOWN:
            rest = waiting[MOST_SHOWN:]
            words = f"{sum(row.waiting for row in rest):,} requests without a result yet."
            self._column.addWidget(Banner("info", f"{counted(len(rest), 'further batch', 'further batches')}", words, icon="package"))
        self.setVisible(bool(waiting))

    def _banner(self, row: BatchRow) -> Banner:
        verbs: list[tuple[str, Callable[[], object]]] = []
        if row.is_open:
            verbs.append(("Ask now", self.ask_now))
        verbs.append(("Read results…", self.read_results))
        if row.state != "cancelling":
            verbs.append(("Take back" if row.state == "written" else "Cancel the batch", partial(self.cancel, row)))
        buttons = [button(text, on=verb, size="small") for text, verb in verbs]
        for made in buttons:
            made.setEnabled(not self.context.ws.read_only)
        return Banner("info", f"{row.model} · {status_words(row)}", below_words(row), buttons, icon="package")


def short_words(row: BatchRow) -> str:
    """`400 of 600 done`: as much as a cell has room for."""
    if row.state == "submitted" and row.done is not None:
        return f"{row.done:,} of {row.requests:,} done"
    return {"written": "written into a file", "submitting": "being submitted", "cancelling": "being cancelled"}.get(row.state, "submitted")


def status_words(row: BatchRow) -> str:
    """`submitted 28 Nov, 10:02 · 400 of 600 done`."""
    if row.state == "written":
        return f"written {day(row.created_at)} · {row.requests - row.waiting:,} of {row.requests:,} read"
    if row.state == "submitting":
        return f"being submitted · {counted(row.requests, 'request')}"
    word = "being cancelled" if row.state == "cancelling" else f"submitted {day(row.submitted_at)}"
    done = f"{row.done:,} of {row.requests:,} done" if row.done is not None else counted(row.requests, "request")
    failed = f", {row.failed:,} failed" if row.failed else ""
    return f"{word} · {done}{failed}"


def below_words(row: BatchRow) -> str:
    """What it waits for, or what went wrong."""
    if row.message:
        return row.message
    if row.state == "written":
        return f"{Path(row.file).name} in {Path(row.file).parent}. Give it to a batch service, then read its results here."
    if row.state == "submitting":
        return "Whether the service has it is asked first, so that nothing is sent twice."
    asked = f"Asked {day(row.asked_at)}. " if row.asked_at else ""
    return f"{asked}Answers come within a day, also after the window was closed."
