"""Try once: one call with the values shown, streamed into a small panel, and kept as the answer of a run of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.cells import failed_words
from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.labels import label, set_tone
from workbench.gui.words import call_money, counted, duration, joined
from workbench.quick_dataclass import dataclass
from workbench.values import Case, Content, Failure, Reply, Request, Spec, Variant

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo, ModelRow, Workspace

CLOCK_MS = 80


@dataclass(frozen=True, slots=True)
class Tried:
    """What is sent: a prompt as it is shown, with the values shown."""

    prompt: str
    prompt_uid: str
    version: int | None
    """The saved version that it is; None for unsaved edits."""
    content: Content
    values: Mapping[str, Any]


class TryPanel(QWidget):
    """Asks one model once. The view stays where the user scrolled to."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._models: Sequence[ModelRow] = ()
        self._running = False
        self._run: int | None = None
        """The run that keeps the answer, once it is prepared."""
        self._mine: set[int] = set()
        """Runs that were begun here and have not ended."""
        self._left_out: tuple[str, ...] = ()
        self._came: Reply | Failure | None = None
        self._started = 0.0
        self._what: Tried | None = None
        self._model: ModelRow | None = None
        self.models = QComboBox()
        self.models.setProperty("bulk", "small")
        self.models.setAccessibleName("Model to try")
        self.models.currentIndexChanged.connect(lambda _index: self._keep_model())
        self._again = button("Ask again", "rotate-ccw", size="small", on=self._repeat)
        self._stop = button("Stop", "square", "danger", size="small", on=self.stop)
        self._open = button("Open the run", kind="link", size="small", on=self._open_run)
        self._models_link = button("Open Models", kind="link", size="small", on=lambda: self._context.go("models"))
        self._say = label("", "small", "text3", wrap=True)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setProperty("kind", "bare")
        self.text.setAccessibleName("Answer")
        self.text.setMinimumHeight(theme().px(70))
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label("Answer", "small", "text2", 600))
        head.addWidget(self.models)
        head.addWidget(self._again)
        head.addWidget(self._stop)
        head.addWidget(self._say, 1)
        for link in (self._open, self._models_link):
            head.addWidget(link)
            link.hide()
        head.addWidget(icon_button("x", "Close the answer", on=self._close, size=15))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 6, 8, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.text, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(CLOCK_MS)
        self._timer.timeout.connect(self._tell_time)
        context.bridge.run_events.connect(self._events)
        context.bridge.run_ended.connect(self._ended)
        self._stop.hide()
        self.hide()

    @property
    def running(self) -> bool:
        """True while an answer is being written."""
        return self._running

    @property
    def chosen(self) -> ModelRow | None:
        """The model that is chosen; None while none is ready."""
        index = self.models.currentIndex()
        return self._models[index] if 0 <= index < len(self._models) else None

    def show_models(self, models: Sequence[ModelRow]) -> None:
        """The models that can be asked."""
        ready = [row for row in models if row.ready and row.place != "hand"]
        if ready == list(self._models):
            return
        wanted = self.models.currentData() or self._context.settings.get("library.try_model")
        self._models = ready
        self.models.blockSignals(True)
        self.models.clear()
        for row in ready:
            self.models.addItem(row.title, row.uid)
        self.models.setCurrentIndex(max(0, self.models.findData(wanted)))
        self.models.blockSignals(False)

    def ask(self, what: Tried) -> None:
        """Send a prompt once."""
        if self._running:
            return
        self.show()
        self._what, self._run, self._came = what, None, None
        self.text.clear()
        self._open.hide()
        self._model = self.chosen
        self._models_link.setVisible(self._model is None)
        if self._model is None:
            self._tell("No model is ready. Connect one on the Models screen.", "warn")
            return
        self._running = True
        self._started = time.perf_counter()
        self._tell("Writing", "accent-ink")
        self._stop.show()
        self._again.hide()
        self._timer.start()
        self._context.bridge.call(
            _prepared,
            self._context.ws,
            what,
            self._model.id,
            then=partial(self._prepared, what),
            failed=partial(self._not_prepared, what),
            owner=self,
        )

    def stop(self) -> None:
        """End the call; what has arrived stays."""
        if self._running:
            if self._run is not None:
                self._context.bridge.stop_run(self._run)
            self._end("Stopped. It may still be charged.", "text3")

    def leave(self) -> None:
        """Another prompt is shown: close. An answer that is still to come is kept with the runs."""
        self._running, self._run, self._what = False, None, None
        self._timer.stop()
        self.hide()

    def _prepared(self, what: Tried, found: tuple[int, tuple[str, ...]]) -> None:
        run, left_out = found
        if self._running and self._what is what:
            self._run, self._left_out = run, left_out
            self._mine.add(run)
            self._context.start_run(run)
        else:  # stopped meanwhile
            self._forget(run)

    def _not_prepared(self, what: Tried, problem: BaseException) -> None:
        if self._running and self._what is what:
            self._end(str(problem), "fail")

    def _events(self, run: int, events: Sequence[Any]) -> None:
        if run != self._run or not self._running:
            return
        for event in events:
            delta, attempt = getattr(event, "delta", None), getattr(event, "attempt", 1)
            if delta is not None:
                self._write(delta.text)
            elif attempt > 1:  # from the start again
                self.text.clear()
            self._came = getattr(event, "reply", None) or getattr(event, "failure", None) or self._came

    def _write(self, text: str) -> None:
        bar = self.text.verticalScrollBar()
        at = bar.value()
        cursor = self.text.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        cursor.insertText(text)
        bar.setValue(at)

    def _ended(self, run: int, error: BaseException | None) -> None:
        if run in self._mine:
            self._mine.discard(run)
            self._forget(run)
        if run != self._run or not self._running:
            return
        if isinstance(self._came, Reply):
            self._answered(self._came)
            self._open.show()
        elif self._came is not None:
            tell = partial(self._tell_failure, run, self._came)
            self._context.bridge.read(self._context.ws.runs.columns, run, then=tell, owner=self)
        else:
            self._end(str(error) if error is not None else "No answer came. Ask again.", "fail")

    def _tell_failure(self, run: int, failure: Failure, columns: Sequence[ColumnInfo]) -> None:
        if run == self._run and self._running:
            title, sentence, fixes = failed_words(failure.to_json(), columns[0])
            self._end(f"{title}. {sentence}", "fail")
            self._models_link.setVisible(any(fix in ("key", "models") for fix, _text in fixes))

    def _forget(self, run: int) -> None:
        """Leave out the call if it was not made: nobody goes on with what was tried once."""
        if self._context.workspace is not None:
            self._context.bridge.call(_leave_out, self._context.ws, run, owner=self)

    def _answered(self, reply: Reply) -> None:
        assert self._model is not None
        if self.text.toPlainText() != reply.text:
            self.text.setPlainText(reply.text)
        cost = self._model.price.cost(reply.usage)
        facts = [duration(reply.latency_ms)]
        if reply.usage.output_tokens is not None:
            facts.append(counted(reply.usage.output_tokens, "token"))
        facts.append(call_money(cost) or "price unknown")
        if reply.finish_reason == "length":
            facts.append("cut off at the longest answer")
        if self._left_out:
            facts.append(f"sent without {joined(list(self._left_out))}, which the model does not take")
        self._end(", ".join(part for part in facts if part) + ". Kept with the runs.", "text3")

    def _open_run(self) -> None:
        self._context.go("compare", run_id=self._run)

    def _end(self, text: str, tone: str) -> None:
        self._running = False
        self._timer.stop()
        self._stop.hide()
        self._again.show()
        self._tell(text, tone)

    def _tell_time(self) -> None:
        self._tell(f"Writing {duration(1000 * (time.perf_counter() - self._started))}", "accent-ink")

    def _tell(self, text: str, tone: str) -> None:
        self._say.setText(text)
        set_tone(self._say, tone)

    def _repeat(self) -> None:
        if self._what is not None:
            self.ask(self._what)

    def _close(self) -> None:
        self.stop()
        self.hide()

    def _keep_model(self) -> None:
        self._context.settings.set("library.try_model", self.models.currentData())


def _prepared(ws: Workspace, what: Tried, model_id: int) -> tuple[int, tuple[str, ...]]:
    """The run that makes this one call, and what its model does not take. Raises where it cannot be made: nothing is kept then."""
    model, content = ws.connections.spec(model_id), ws.snippets.filled(what.content)
    messages = ws.render(content, what.values)
    variant = Variant(what.prompt, what.version, content, what.prompt_uid)
    spec = Spec(f"{what.prompt}, tried once", (variant,), (model,), (Case(what.values, name="Values shown"),))
    request = Request(
        model.name, messages, {**content.parameters_on(model.name), **model.parameters}, content.output_schema, tuple(content.tools)
    )
    return ws.runs.prepare(ws.comparisons.with_files(spec)), ws.left_out(model, request)


def _leave_out(ws: Workspace, run: int) -> None:
    if ws.runs.get(run).queued:
        ws.runs.leave_out(run, 0)
