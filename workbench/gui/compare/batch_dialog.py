"""Handing a run over as batches: what it costs, how many there will be, and whether by file or straight to the providers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QProgressBar, QRadioButton, QWidget

from workbench.gui.context import Context
from workbench.gui.key_dialog import with_keys
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label, set_tone
from workbench.gui.words import counted, total_money

if TYPE_CHECKING:
    from workbench.workspace import BatchOffer, Estimate, HandedOver, RunRow


class BatchDialog(Dialog):
    """Opens at once and fills in what is worked out beside the window."""

    def __init__(self, parent: QWidget, context: Context, run: RunRow) -> None:
        super().__init__(parent, "Hand over as batch", width=560)
        self.context, self._run = context, run
        self.offer: BatchOffer | None = None
        words = "A batch costs about half and is answered within a day. Answers come back into this run, checked like any other."
        self.body.addWidget(label(words, "body", "text2", wrap=True))
        self.cost = label("Working out what it costs", "body", weight=600, wrap=True)
        self.basis = label("", "small", "text3", wrap=True)
        self.models = label("", "body", "text2", wrap=True)
        self.submit = QRadioButton("Submit to the providers")
        self.file = QRadioButton("Write files for another engine, such as vLLM or Ray Data, or for a web page of the provider")
        self.submit.setChecked(True)
        self.submit.toggled.connect(lambda _on: self._look())
        self.trouble = label("", "small", "fail", wrap=True)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Requests written")
        for widget in (self.cost, self.basis, self.models, self.submit, self.file, self.trouble, self.progress):
            self.body.addWidget(widget)
        self.trouble.hide()
        self.progress.hide()
        self.add_cancel()
        self.go = self.add_button("Hand over", self._go, kind="primary", icon="package")
        self.go.setEnabled(False)
        self.first = self.submit
        self._read_offer()

    def _read_offer(self) -> None:
        self.context.bridge.read(self.context.ws.batches.offer, self._run.id, then=self._offered, failed=self._refused, owner=self)

    def _offered(self, offer: BatchOffer) -> None:
        self.offer = offer
        batch, usual = offer.as_batch, offer.as_calls
        if batch.high_usd:
            low, high = total_money(batch.low_usd), total_money(batch.high_usd)
            cost = f"{_about(batch)}{f' ({low} to {high})' if low != high else ''}, as calls {_about(usual)}"
        else:
            cost = "the cost is not known" if batch.unknown_prices else "free of charge"
        self.cost.setText(f"{counted(offer.requests, 'request')} in about {counted(offer.files, 'batch', 'batches')}, {cost}.")
        unknown = f"No price is known for {', '.join(batch.unknown_prices)}. " if batch.unknown_prices and batch.high_usd else ""
        self.basis.setText(f"{unknown}{batch.basis}")
        lines = [
            f"{one.title}: {counted(one.requests, 'request')}, {counted(one.files, 'batch', 'batches')}"
            for one in offer.models
            if one.has_form
        ]
        lines += [one.why_not_submitted for one in offer.models if one.why_not_submitted]
        self.models.setText("\n".join(lines))
        able = any(one.has_form and not one.why_not_submitted for one in offer.models)
        self.submit.setEnabled(able)
        if not able:
            self.file.setChecked(True)
        self.file.setEnabled(offer.requests > 0)
        self._look()
        self.adjustSize()

    def _look(self) -> None:
        offer = self.offer
        if offer is None:
            return
        count = sum(one.requests for one in offer.models if one.has_form and not (self.submit.isChecked() and one.why_not_submitted))
        self.go.setText(
            f"{'Submit' if self.submit.isChecked() else 'Write'} {counted(count, 'request')}" + ("" if self.submit.isChecked() else "…")
        )
        self.go.setEnabled(count > 0 and not self.context.ws.read_only)

    def _go(self) -> None:
        if not self.go.isEnabled():
            return
        if self.submit.isChecked():
            with_keys(self.context, self, self._submit, run_id=self._run.id)
            return
        chosen = QFileDialog.getExistingDirectory(self, "Write the batch files into a folder", str(Path.home()))
        if chosen:
            self.write(Path(chosen))

    def write(self, folder: Path) -> None:
        """Write the files into a folder."""
        self._begin()
        batches = self.context.ws.batches
        self.context.bridge.call(
            lambda: batches.write(self._run.id, folder, told=self._told), then=self._handed, failed=self._refused, owner=self
        )

    def _submit(self) -> None:
        self._begin()
        batches = self.context.ws.batches
        self.context.bridge.spawn(
            lambda: batches.submit(self._run.id, told=self._told), then=self._handed, failed=self._refused, owner=self
        )

    def _begin(self) -> None:
        for widget in (self.go, self.submit, self.file):
            widget.setEnabled(False)
        self.trouble.hide()
        self.progress.setMaximum(self.offer.requests if self.offer is not None else 0)
        self.progress.show()

    def _told(self, count: int) -> None:
        """How many requests are written. Comes on another thread."""
        if count % 50 == 0:
            self.context.bridge.post(lambda: self._count(count))

    def _count(self, count: int) -> None:
        from shiboken6 import isValid  # the dialog may be gone by now

        if isValid(self):
            self.progress.setValue(count)

    def _handed(self, handed: HandedOver) -> None:
        refused = [batch for batch in handed.batches if batch.state == "refused"]
        if refused:
            words = [f"{batch.model}: {batch.message} Its calls are in the queue again." for batch in refused]
            others = sum(batch.requests for batch in handed.batches if batch.state != "refused")
            words += [f"{counted(others, 'other request')} handed over."] if others else []
            self._say(" ".join(words))
            self._read_offer()  # what was taken is not offered again
            return
        self.accept()
        count = sum(batch.requests for batch in handed.batches)
        done = "written" if handed.batches[0].state == "written" else "handed over"
        self.context.notice(" ".join((f"{counted(count, 'request')} {done}.", *handed.keep, *handed.left)))

    def _refused(self, error: BaseException) -> None:
        from workbench.values import Problem  # with its only use

        if isinstance(error, Problem):
            self._say(str(error))
        else:
            self.reject()
            self.context.failed(error)

    def _say(self, text: str) -> None:
        self.progress.hide()
        self.trouble.setText(text)
        set_tone(self.trouble, "fail")
        self.trouble.show()
        self.submit.setEnabled(True)
        self.file.setEnabled(True)
        self._look()


def _about(estimate: Estimate) -> str:
    """`about $1.92`; an amount that is said as `<$0.01` needs no such word."""
    amount = total_money(estimate.cost_usd)
    return amount if amount.startswith("<") else f"about {amount}"
