"""What is said of one answer beside its stars: criteria, a score, a label, marks on its text, and what other raters say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.compare.detail_parts import MARGINS
from workbench.gui.compare.model import RunModel
from workbench.gui.context import Context
from workbench.gui.marks import quoted
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.criteria_rows import CriteriaRows
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.layouts import take_all
from workbench.gui.widgets.scale_row import ScoreField
from workbench.quick_dataclass import dataclass
from workbench.values import Highlight, differ

if TYPE_CHECKING:
    from workbench.workspace import CriterionRow, Judgement, Workspace


@dataclass(frozen=True, slots=True)
class Said:
    """All that is read for one output."""

    judgements: Sequence[Judgement]
    criteria: Sequence[CriterionRow]
    labels: Sequence[str]
    text: str

    @property
    def own(self) -> list[Judgement]:
        """What whoever rates now says."""
        return [judgement for judgement in self.judgements if judgement.own]


def read_said(ws: Workspace, run_id: int, output_id: int) -> Said:
    """What is said of an output, and what may be said."""
    text = ws.runs.output(output_id).text
    return Said(ws.ratings.said([output_id]), ws.criteria.of_run(run_id), ws.ratings.labels(run_id), text)


class SaidPart(QWidget):
    """Follows the answer in the detail panel; it is told which, and reads the rest by itself."""

    marks_shown = Signal(object)
    """The stretches to paint, as (start, end) in the answer as it was written."""
    history_wanted = Signal()
    criteria_wanted = Signal()

    def __init__(self, context: Context, model: RunModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self._key: tuple[int, int] | None = None
        self.said: Said | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(label("Judgement", "small", "text2", 600))
        self.differ = Chip("Raters differ", "warn")
        head.addWidget(self.differ)
        head.addStretch(1)
        self.change = button(
            "Criteria…", kind="link", size="small", on=self.criteria_wanted.emit, tip="Choose what is rated in this comparison"
        )
        head.addWidget(self.change)
        self.history = button("History", kind="link", size="small", on=self.history_wanted.emit, tip="Who said what, and when (Shift H)")
        head.addWidget(self.history)
        column.addLayout(head)
        self.rows = CriteriaRows(wide=False)
        self.rows.judged.connect(self._by_criterion)
        self.rows.hide()
        column.addWidget(self.rows)
        self.meaning = label("", "micro", "text3", wrap=True)
        self.meaning.hide()
        self.rows.current_changed.connect(lambda _place: self._explain())
        column.addWidget(self.meaning)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.score = ScoreField("Score")
        self.score.setToolTip("A score from 0 to 100; Enter keeps it")
        self.score.judged.connect(self._score)
        row.addWidget(label("Score", "small", "text2"))
        row.addWidget(self.score)
        self.label = QComboBox()
        self.label.setEditable(True)
        self.label.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.label.setAccessibleName("Label")
        self.label.setMinimumContentsLength(6)
        edit = self.label.lineEdit()
        assert edit is not None
        edit.setPlaceholderText("Label (L)")
        edit.setMaxLength(60)
        edit.editingFinished.connect(self._label)
        self.label.activated.connect(lambda _index: self._label())
        row.addWidget(self.label, 1)
        column.addLayout(row)
        self._marks = QVBoxLayout()
        self._marks.setSpacing(3)
        column.addLayout(self._marks)
        self._others = QVBoxLayout()
        self._others.setSpacing(2)
        column.addLayout(self._others)
        self._show(None)

    @property
    def key(self) -> tuple[int, int] | None:
        """Job and id of the output that is shown."""
        return self._key

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_output(self, key: tuple[int, int] | None, *, anew: bool = False) -> None:
        """Show what is said of an output; `key` is its job and its id. The same one is read again where `anew`."""
        if key == self._key and not anew:
            return
        if key != self._key:
            self._key = key
            self._show(None)
        run_id = self.model.run_id
        if key is None:
            self.rows.show_criteria(())  # the next run may have others
        if key is None or run_id is None or self.model.closed:
            return
        self.context.bridge.read(
            read_said, self.context.ws, run_id, key[1], then=lambda said: self._read(key, said), owner=self, key=("compare.said", id(self))
        )  # fmt: skip

    def _read(self, key: tuple[int, int], said: Said) -> None:
        if key == self._key and not self.model.closed:
            self._show(said)

    def _show(self, said: Said | None) -> None:
        self.said = said
        own = said.own if said else []
        writes = said is not None and not self.context.ws.read_only
        for widget in (self.rows, self.score, self.label):
            widget.setEnabled(writes)
        self.history.setEnabled(said is not None)
        if said is not None:
            self.rows.show_criteria(said.criteria)
        has_comparison = self.model.data is not None and self.model.data.comparison is not None
        self.change.setVisible(has_comparison and not self.context.ws.read_only)
        self.rows.show_said({item.criterion_id: item.said for item in own if item.criterion_id is not None})
        self._explain()
        by_aspect = {item.aspect: item for item in own}
        if not self.score.hasFocus():
            self.score.show_said(by_aspect["score"].said if "score" in by_aspect else None)
        self._show_label(said.labels if said else (), str(by_aspect["label"].label) if "label" in by_aspect else "")
        self._show_marks(said)
        self._show_others(said)

    def _explain(self) -> None:
        text = self.rows.meaning
        self.meaning.setText(text)
        self.meaning.setVisible(bool(text) and self.rows.isVisibleTo(self))

    def _show_label(self, labels: Sequence[str], word: str) -> None:
        edit = self.label.lineEdit()
        if edit is None or edit.hasFocus():
            return
        self.label.blockSignals(True)
        if [self.label.itemText(at) for at in range(self.label.count())] != list(labels):
            self.label.clear()
            self.label.addItems(list(labels))
        self.label.setCurrentIndex(self.label.findText(word))
        self.label.setEditText(word)
        self.label.blockSignals(False)

    def _show_marks(self, said: Said | None) -> None:
        take_all(self._marks)
        marks = [(mark, judgement) for judgement in (said.judgements if said else ()) for mark in judgement.highlights]
        marks.sort(key=lambda pair: (pair[0].start, pair[0].end))
        for mark, judgement in marks:
            self._marks.addWidget(self._mark_row(said.text if said else "", mark, judgement))
        self.marks_shown.emit([(mark.start, mark.end) for mark, _judgement in marks])

    def _mark_row(self, text: str, mark: Highlight, judgement: Judgement) -> QWidget:
        row = QWidget()
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(4)
        who = "" if judgement.own else f"{judgement.rater}: "
        words = f"{who}{quoted(text, mark.start, mark.end)}{' ' + mark.why if mark.why else ''}"
        across.addWidget(label(words, "small", "text", wrap=True), 1)
        if judgement.own and not self.context.ws.read_only:
            remove = icon_button("x", f"Take the mark on {quoted(text, mark.start, mark.end, 30)} away", size=13)
            remove.clicked.connect(lambda _checked=False, mark=mark: self._unmark(mark))
            across.addWidget(remove, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _show_others(self, said: Said | None) -> None:
        take_all(self._others)
        by_rater: dict[str, list[Judgement]] = {}
        for judgement in reversed(said.judgements if said else ()):
            if not judgement.own and judgement.aspect != "highlights":
                by_rater.setdefault(judgement.rater, []).append(judgement)
        for rater in sorted(by_rater, key=str.casefold):
            words = label(f"{rater}: {'; '.join(said_words(judgement) for judgement in by_rater[rater])}", "small", "text2", wrap=True)
            self._others.addWidget(words)
        if by_rater and self._key is not None:
            self.model.judgements.others_seen.add(self._key[1])
        subjects: dict[tuple[str, int | None], tuple[str, list[float | str]]] = {}
        for judgement in said.judgements if said else ():
            if judgement.said is not None:
                subjects.setdefault((judgement.aspect, judgement.criterion_id), (judgement.kind, []))[1].append(judgement.said)
        self.differ.setVisible(any(differ(kind, words) for kind, words in subjects.values()))

    # -- what is done ------------------------------------------------------------------------------------------

    def rate_criteria(self) -> None:
        """Put the focus on the first criterion that is not rated, or on the score where there are no criteria."""
        if self.rows.count and self.rows.isEnabled():
            self.rows.focus_row(self.rows.current)
        elif self.score.isEnabled():
            self.score.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def write_label(self) -> None:
        """Put the caret into the label."""
        edit = self.label.lineEdit()
        if edit is not None and self.label.isEnabled():
            edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
            edit.selectAll()

    def _by_criterion(self, criterion_id: int, said: float | str | None) -> None:
        self._explain()
        if self._key is not None:
            self.model.judgements.criterion(*self._key, criterion_id, said)

    def _score(self, value: float | None) -> None:
        if self._key is not None:
            self.model.judgements.score(*self._key, value)

    def _label(self) -> None:
        said = next((item.label for item in self.said.own if item.aspect == "label"), None) if self.said is not None else None
        word = " ".join(self.label.currentText().split()) or None
        if self._key is not None and self.said is not None and word != said:
            self.model.judgements.label(*self._key, word)

    def mark(self, start: int, end: int, why: str) -> None:
        """Mark a stretch of the answer as it was written."""
        if self._key is not None:
            self.model.judgements.mark(*self._key, Highlight(start, end, why))

    def _unmark(self, mark: Highlight) -> None:
        if self._key is not None:
            self.model.judgements.unmark(*self._key, mark)


def said_words(judgement: Judgement) -> str:
    """`4 of 5 stars`, `Accuracy 5`, `score 72`, `note: Too long.`: one judgement in words; `nothing` where it was taken away."""
    name = f"{judgement.criterion} " if judgement.criterion else ""
    if judgement.is_empty:
        return f"{name or judgement.aspect + ' '}taken back"
    if judgement.aspect == "edited":
        return "rewrote it for training"
    if judgement.aspect == "note":
        return f"note: {judgement.note}"
    if judgement.aspect == "highlights":
        return f"{len(judgement.highlights)} marked: " + ", ".join(mark.why or "no reason" for mark in judgement.highlights)
    if judgement.kind in ("stars", "score"):
        value = f"{judgement.value:g}"
        return f"{name}{value} of {5 if judgement.kind == 'stars' else 100}{'' if name or judgement.kind == 'score' else ' stars'}"
    return f"{name}{judgement.label}"
