"""Examples of a prompt: pairs of what a user says and what the model shall answer, sent as messages before the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.jinja_editor import JinjaEditor
from workbench.gui.widgets.labels import label, line

Turn = Mapping[str, Any]
_NAMES = {"user": "User says", "assistant": "Model answers", "system": "System", "tool": "Tool"}


class ExamplesEditor(QWidget):
    """Shows the pairs; `edited` comes with all messages after each change."""

    edited = Signal(list)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._turns: list[dict[str, Any]] = []
        self._read_only = False
        self.editors: list[JinjaEditor] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        self.add_button = button("Add example", "plus", "quiet", on=self.add, size="small")
        self.fill_button = button("From a dataset...", "database", "quiet", on=self.fill, size="small")
        foot = QHBoxLayout()
        foot.addWidget(self.add_button)
        foot.addWidget(self.fill_button)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addWidget(label("Sent as they are, before what follows. No templates inside.", "small", "text3", wrap=True))
        column.addLayout(self._rows)
        column.addLayout(foot)

    @property
    def turns(self) -> list[dict[str, Any]]:
        """The messages as typed."""
        return [dict(turn) for turn in self._turns]

    def show_turns(self, turns: Sequence[Turn], *, read_only: bool) -> None:
        """Show other examples."""
        if [dict(turn) for turn in turns] == self._turns and read_only == self._read_only and self.editors:
            return
        self._turns, self._read_only = [dict(turn) for turn in turns], read_only
        self._build()

    def add(self) -> None:
        """Add an empty pair and put the caret into it."""
        if not self._read_only:
            self._change([*self._turns, {"role": "user", "content": ""}, {"role": "assistant", "content": ""}])
            self.editors[-2].setFocus(Qt.FocusReason.OtherFocusReason)

    def shift(self, pair: int, step: int) -> None:
        """Move a pair up (-1) or down (1)."""
        pairs, to = self._pairs(), pair + step
        if not self._read_only and 0 <= to < len(pairs):
            pairs.insert(to, pairs.pop(pair))
            self._change([turn for turns in pairs for turn in turns])

    def remove(self, pair: int) -> None:
        """Take a pair away."""
        if self._read_only:
            return
        pairs, before = self._pairs(), self.turns
        del pairs[pair]
        self._change([turn for turns in pairs for turn in turns])
        self._context.notice("Removed the example.", "Undo", lambda: self._change(before))

    def fill(self) -> None:
        """Ask for rows of a dataset to add as pairs."""
        if not self._read_only:
            FillDialog(self, self._context, lambda turns: self._change([*self._turns, *turns])).open()

    def _pairs(self) -> list[list[dict[str, Any]]]:
        """The messages, parted before each of the user's."""
        pairs: list[list[dict[str, Any]]] = []
        for turn in self._turns:
            if not pairs or turn.get("role") == "user":
                pairs.append([])
            pairs[-1].append(turn)
        return pairs

    def _change(self, turns: Sequence[Turn]) -> None:
        self._turns = [dict(turn) for turn in turns]
        self._build()
        self.edited.emit(self.turns)

    def _build(self) -> None:
        while self._rows.count():
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.editors = []
        pairs = self._pairs()
        for number, turns in enumerate(pairs):
            self._rows.addWidget(self._pair(number, turns, len(pairs)))
        for part in (self.add_button, self.fill_button):
            part.setEnabled(not self._read_only)

    def _pair(self, number: int, turns: Sequence[dict[str, Any]], count: int) -> QWidget:
        card = QFrame()
        head = QHBoxLayout()
        head.addWidget(label(f"Example {number + 1}", "small", "text2", 600))
        head.addStretch(1)
        up = icon_button("arrow-up", f"Move example {number + 1} up", on=lambda: self.shift(number, -1), size=14)
        down = icon_button("arrow-down", f"Move example {number + 1} down", on=lambda: self.shift(number, 1), size=14)
        gone = icon_button("trash-2", f"Remove example {number + 1}", on=lambda: self.remove(number), size=14)
        for part, possible in ((up, number > 0), (down, number + 1 < count), (gone, True)):
            part.setEnabled(possible and not self._read_only)
            head.addWidget(part)
        column = QVBoxLayout(card)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(line())
        column.addLayout(head)
        for turn in turns:
            name = _NAMES.get(str(turn.get("role")), "User says")
            column.addWidget(label(name, "micro", "text3"))
            column.addWidget(self._text(turn, f"{name}, example {number + 1}"))
        return card

    def _text(self, turn: dict[str, Any], name: str) -> JinjaEditor:
        editor = JinjaEditor(coloured=False)
        said = turn.get("content")
        editor.set_text(said if isinstance(said, str) else "")
        editor.setReadOnly(self._read_only or not isinstance(said, str))
        editor.setAccessibleName(name)

        def typed() -> None:
            turn["content"] = editor.text
            self.edited.emit(self.turns)

        editor.edited.connect(typed)
        self.editors.append(editor)
        return editor


class FillDialog(Dialog):
    """Asks which rows of which dataset become examples: columns, how many, and the seed that draws them."""

    def __init__(self, parent: QWidget, context: Context, keep: Any) -> None:
        super().__init__(parent, "Examples from a dataset", width=440)
        self._context, self._keep = context, keep
        self.dataset, self.said, self.answer = QComboBox(), QComboBox(), QComboBox()
        self.count, self.seed = QSpinBox(), QSpinBox()
        self.count.setRange(1, 50)
        self.count.setValue(3)
        self.seed.setRange(0, 1_000_000_000)
        self.seed.setValue(1)
        form = QFormLayout()
        fields = (
            ("Dataset", self.dataset), ("User says", self.said), ("Model answers", self.answer), ("How many", self.count),
            ("Seed", self.seed),
        )  # fmt: skip
        for title, field in fields:
            field.setAccessibleName(title)
            form.addRow(label(title, "body", "text2"), field)
        self.body.addLayout(form)
        text = "The same seed draws the same rows. Leave these rows out of the cases that you test with: the prompt has seen their answers."
        self.body.addWidget(label(text, "small", "text3", wrap=True))
        self.trouble = label("", "small", "fail", wrap=True)
        self.trouble.hide()
        self.body.addWidget(self.trouble)
        self.add_cancel()
        self._main = self.add_button("Add examples", self._go, kind="primary")
        assert self._main is not None
        self._main.setEnabled(False)
        self.first = self.dataset
        self.dataset.currentIndexChanged.connect(lambda _index: self._show_columns())
        workspace = context.ws
        context.bridge.read(lambda: workspace.datasets.list(), then=self._show, failed=self._failed, owner=self)

    def _show(self, datasets: Any) -> None:
        for row in datasets:
            self.dataset.addItem(row.name, row)
        assert self._main is not None
        self._main.setEnabled(bool(datasets))
        if not datasets:
            self._say("There is no dataset yet. Make one in Datasets, or write the examples by hand.")

    def _show_columns(self) -> None:
        row = self.dataset.currentData()
        names = [column.name for column in row.columns] if row is not None else []
        for field, offered in ((self.said, names), (self.answer, ["reference", *names])):
            field.clear()
            field.addItems(offered)

    def _go(self) -> None:
        row = self.dataset.currentData()
        if row is not None:
            datasets, said, answer = self._context.ws.datasets, self.said.currentText(), self.answer.currentText()
            count, seed = self.count.value(), self.seed.value()
            self._context.bridge.read(
                lambda: datasets.examples(row.id, said, answer, count, seed), then=self._done, failed=self._failed, owner=self
            )

    def _done(self, turns: list[dict[str, str]]) -> None:
        self.accept()
        self._keep(turns)

    def _failed(self, problem: BaseException) -> None:
        self._say(str(problem))

    def _say(self, text: str) -> None:
        self.trouble.setText(text)
        self.trouble.show()
