"""Training data from a run: which answers are good enough, held against which test cases, with the counts at every choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.values import Progress
    from workbench.workspace import DatasetRow, RunRow, TestCases, TrainingReport, TrainingWish, Workspace

LOOK_MS = 250
_FORMATS = (
    ("chat", "Chats for fine-tuning (OpenAI)"),
    ("pairs", "Preference pairs (OpenAI)"),
    ("pairs-trl", "Preference pairs (TRL: prompt, chosen, rejected)"),
)
_EVERYBODY = "Everybody"


class TrainingDialog(Dialog):
    """Window-modal. The counts are read anew whenever a choice changes; `write` gets the run and the choices."""

    def __init__(self, parent: QWidget, context: Context, run: RunRow, write: Callable[[int, TrainingWish], object]) -> None:
        super().__init__(parent, "Export training data", width=640)
        self._context, self._run, self._write = context, run, write
        self._asked = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self.add_cancel()
        self._go = self.add_button("Choose a file…", self._export, kind="primary", icon="download")
        self._go.setEnabled(False)
        self._add_choices()
        self._add_tests()
        self._add_report()
        self.first = self.format
        self.resize(self.width(), min(theme().px(700), parent.window().height() - 60))
        context.bridge.read(_known, context.ws, run.id, then=self._came, owner=self)
        self._changed()

    def _add_choices(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        self.format = QComboBox()
        for name, words in _FORMATS:
            self.format.addItem(words, name)
        self.rater = QComboBox()
        self.rater.addItem(_EVERYBODY, None)
        self.threshold, self.margin = QDoubleSpinBox(), QDoubleSpinBox()
        for box, low, high, value in ((self.threshold, 1, 5, 4), (self.margin, 0, 4, 1)):
            box.setRange(low, high)
            box.setDecimals(1)
            box.setSingleStep(0.5)
            box.setValue(value)
            box.setSuffix(" stars")
            box.lineEdit().setTextMargins(theme().px(8), 0, 0, 0)  # a stylesheet's padding does not reach the field inside
            box.valueChanged.connect(lambda _value: self._changed())
        self._margin_label = label("Chosen is better by", "small", "text2", 500)
        names = [label(name, "small", "text2", 500) for name in ("Format", "Whose word counts", "Good from")]
        fields = (self.format, self.rater, self.threshold, self.margin)
        for row, (title, field) in enumerate(zip((*names, self._margin_label), fields, strict=True)):
            title.setBuddy(field)
            field.setAccessibleName(title.text())
            grid.addWidget(title, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        said = "A pass counts as 5 stars, a fail as 1; votes decide by their majority. An answer that was edited goes out as it was edited."
        self.body.addWidget(label(said, "small", "text2", wrap=True))
        self.every = QCheckBox("")
        self.across = QCheckBox("Pairs of answers to different prompts too")
        for box_ in (self.every, self.across):
            self.body.addWidget(box_)
            box_.toggled.connect(lambda _is_on: self._changed())
        for combo in (self.format, self.rater):
            combo.currentIndexChanged.connect(lambda _index: self._changed())

    def _add_tests(self) -> None:
        self.body.addSpacing(4)
        words = label("Hold against these test cases: what repeats one, or nearly, is left out", "small", "text2", 500, wrap=True)
        self.tests = QListWidget()
        self.tests.setAccessibleName("Test cases")
        self.tests.setSpacing(2)
        self.tests.setMaximumHeight(theme().px(130))
        self.tests.itemChanged.connect(lambda _item: self._changed())
        words.setBuddy(self.tests)
        self.body.addWidget(words)
        self.body.addWidget(self.tests)

    def _add_report(self) -> None:
        self.count = label("", "body", "text", 600, wrap=True)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(4)
        self.body.addSpacing(4)
        self.body.addWidget(self.count)
        self.report = label("", "small", "text2", wrap=True)
        self.report.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.report.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.report, 1)

    # -- looking -----------------------------------------------------------------------------------------------

    def _came(self, known: tuple[list[str], list[DatasetRow]]) -> None:
        raters, datasets = known
        for rater in raters:
            self.rater.addItem(rater, rater)
        self.tests.blockSignals(True)
        for dataset in datasets:
            self._offer(f"{dataset.name}, {counted(dataset.cases, 'case')}", (dataset.id, ""))
            for tag, count in dataset.tags.items():
                self._offer(f"{dataset.name}, tag {tag}, {counted(count, 'case')}", (dataset.id, tag))
        self.tests.blockSignals(False)
        self.tests.setCurrentRow(0)

    def _offer(self, words: str, which: tuple[int, str]) -> None:
        item = QListWidgetItem(words)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Unchecked)
        item.setData(Qt.ItemDataRole.UserRole, which)
        self.tests.addItem(item)

    def _changed(self) -> None:
        pairs = self.format.currentData() != "chat"
        self.margin.setVisible(pairs)
        self._margin_label.setVisible(pairs)
        self.across.setVisible(pairs)
        self.every.setText(
            "Every pair, not only those of the best answer" if pairs else "Every good answer, not only the best of each case"
        )
        self._asked += 1
        self._go.setEnabled(False)
        self._timer.start()

    def _look(self) -> None:
        asked = self._asked
        self.count.setText("Counting…")

        def progress(_done: float, _total: float) -> None:
            if asked != self._asked:  # another choice was made meanwhile
                from workbench.values import Stopped

                raise Stopped("Another choice was made.")

        def done(report: TrainingReport) -> None:
            if asked == self._asked:
                self._show(report)

        def failed(problem: BaseException) -> None:
            if asked == self._asked:
                self.count.setText(str(problem))
                self.report.setText("")

        self._context.bridge.read(_look_at, self._context.ws, self._run.id, self._choices(), progress, then=done, failed=failed, owner=self)

    def _show(self, report: TrainingReport) -> None:
        first, *others = report.lines()
        self.count.setText(first if report.examples else "Nothing yet: no answer fits these choices.")
        self.report.setText("\n".join(others))
        self._go.setEnabled(report.examples > 0)

    def _choices(self) -> dict[str, Any]:
        items = [self.tests.item(row) for row in range(self.tests.count())]
        chosen = [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked]
        rater = self.rater.currentData()
        return {
            "format": self.format.currentData(), "threshold": self.threshold.value(), "margin": self.margin.value(),
            "raters": () if rater is None else (rater,), "every": self.every.isChecked(), "across": self.across.isChecked(),
            "tests": [tuple(one) for one in chosen],
        }  # fmt: skip

    def _export(self) -> None:
        wish = _wish(self._choices())
        self.accept()
        self._write(self._run.id, wish)

    def done(self, result: int) -> None:
        self._asked += 1  # a count that is still going on ends
        super().done(result)


def _wish(choices: dict[str, Any]) -> TrainingWish:
    from workbench.workspace import TestCases, TrainingWish

    tests: tuple[TestCases, ...] = tuple(TestCases(id_, tag) for id_, tag in choices["tests"])
    return TrainingWish(**{**choices, "tests": tests})


def _known(ws: Workspace, run_id: int) -> tuple[list[str], list[DatasetRow]]:
    return ws.exports.training_raters([run_id]), ws.datasets.list()


def _look_at(ws: Workspace, run_id: int, choices: dict[str, Any], progress: Progress) -> TrainingReport:
    return ws.exports.training([run_id], _wish(choices), progress)
