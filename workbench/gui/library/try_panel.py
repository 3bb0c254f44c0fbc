"""Try once: one call with the values shown, streamed into a small panel. The answer is not kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.labels import label, set_tone
from workbench.gui.words import call_money, counted, duration, joined
from workbench.values import Content, Request

if TYPE_CHECKING:
    from workbench.values import Delta
    from workbench.workspace import Answer, ModelRow

DRAIN_MS = 80


class TryPanel(QWidget):
    """Asks one model once. Words arrive twelve times a second at most; the view stays where the user scrolled to."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._models: Sequence[ModelRow] = ()
        self._pieces: list[str] = []
        self._future: Future[Any] | None = None
        self._started = 0.0
        self._what: tuple[Content, Mapping[str, Any]] | None = None
        self._model: ModelRow | None = None
        self.models = QComboBox()
        self.models.setProperty("bulk", "small")
        self.models.setAccessibleName("Model to try")
        self.models.currentIndexChanged.connect(lambda _index: self._keep_model())
        self._again = button("Ask again", "rotate-ccw", size="small", on=self._repeat)
        self._stop = button("Stop", "square", "danger", size="small", on=self.stop)
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
        head.addWidget(icon_button("x", "Close the answer", on=self._close, size=15))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 6, 8, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.text, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(DRAIN_MS)
        self._timer.timeout.connect(self._drain)
        self._stop.hide()
        self.hide()

    @property
    def running(self) -> bool:
        """True while an answer is being written."""
        return self._future is not None

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

    def ask(self, content: Content, values: Mapping[str, Any]) -> None:
        """Send a prompt once, with these values."""
        if self.running:
            return
        self.show()
        self._what = (content, dict(values))
        self.text.clear()
        chosen = self.chosen
        if chosen is None:
            self._tell("No model is ready. Connect one on the Models screen.", "warn")
            return
        self._model = chosen
        self._pieces = []
        self._started = time.perf_counter()
        self._tell("Writing", "accent-ink")
        self._stop.show()
        self._again.hide()
        self._timer.start()
        ask = partial(
            _ask, self._context.ws, self._model, content, dict(values), float(self._context.settings.get("timeout_s")), self._arrived
        )
        self._future = self._context.bridge.spawn(ask, then=self._answered, failed=self._failed, owner=self)

    def stop(self) -> None:
        """End the call; what has arrived stays."""
        if self._future is not None:
            self._future.cancel()
            self._end("Stopped. It may still be charged.", "text3")

    def _arrived(self, delta: Delta) -> None:
        # On the loop's thread: appending to a list is all that is safe here.
        self._pieces.append(delta.text)

    def _drain(self) -> None:
        if self._pieces:
            taken, self._pieces = self._pieces, []
            bar = self.text.verticalScrollBar()
            at = bar.value()
            cursor = self.text.textCursor()
            cursor.movePosition(cursor.MoveOperation.End)
            cursor.insertText("".join(taken))
            bar.setValue(at)
        if self.running:
            self._tell(f"Writing {duration(1000 * (time.perf_counter() - self._started))}", "accent-ink")

    def _answered(self, found: tuple[Answer, tuple[str, ...]]) -> None:
        answer, left_out = found
        if answer.failure is not None:
            self._end(f"{answer.failure.message}", "fail")
            return
        reply = answer.reply
        assert reply is not None
        assert self._model is not None
        self._drain()
        if self.text.toPlainText() != reply.text:
            self.text.setPlainText(reply.text)
        cost = self._model.price.cost(reply.usage)
        facts = [duration(reply.latency_ms)]
        if reply.usage.output_tokens is not None:
            facts.append(counted(reply.usage.output_tokens, "token"))
        facts.append(call_money(cost) or "price unknown")
        if reply.finish_reason == "length":
            facts.append("cut off at the longest answer")
        if left_out:
            facts.append(f"sent without {joined(list(left_out))}, which the model does not take")
        self._end(", ".join(part for part in facts if part) + ". Not kept: run a comparison for that.", "text3")

    def _failed(self, problem: BaseException) -> None:
        self._end(str(problem), "fail")

    def _end(self, text: str, tone: str) -> None:
        self._drain()
        self._future = None
        self._timer.stop()
        self._stop.hide()
        self._again.show()
        self._tell(text, tone)

    def _tell(self, text: str, tone: str) -> None:
        self._say.setText(text)
        set_tone(self._say, tone)

    def _repeat(self) -> None:
        if self._what is not None:
            self.ask(*self._what)

    def _close(self) -> None:
        self.stop()
        self.hide()

    def _keep_model(self) -> None:
        self._context.settings.set("library.try_model", self.models.currentData())


async def _ask(
    ws: Any, model: ModelRow, content: Content, values: Mapping[str, Any], timeout_s: float, on_delta: Any
) -> tuple[Answer, tuple[str, ...]]:
    spec = ws.connections.spec(model.id)
    request = Request(
        spec.name, ws.render(content, values), {**content.parameters, **spec.parameters}, content.output_schema, tuple(content.tools)
    )
    answer: Answer = await ws.ask(spec, request, timeout_s=timeout_s, max_retries=1, on_delta=on_delta)
    return answer, ws.left_out(spec, request)
