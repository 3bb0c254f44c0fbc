"""What people rate in the runs of a comparison: a list of criteria, and the form of the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.context import Context
from workbench.gui.theme import set_kind, theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.navigation import NavigationDelegate
from workbench.quick_dataclass import replace
from workbench.values import BadInput, Criterion, Scale, checked_criterion

if TYPE_CHECKING:
    from workbench.workspace import CriterionRow

SCALES = (("stars", "1 to 5 stars"), ("verdict", "Pass or fail"), ("score", "Score, 0 to 100"), ("labels", "Labels, your own words"))
Draft = tuple[int | None, Criterion]


class CriteriaDialog(Dialog):
    """Edits drafts; `then` gets all of them once they can be rated."""

    def __init__(
        self, parent: QWidget, comparison: str, rows: Sequence[CriterionRow], drafts: Sequence[Draft], then: Callable[[list[Draft]], object]
    ) -> None:
        super().__init__(parent, f"Criteria of {comparison}" if comparison else "Criteria", width=760)
        self._then = then
        self._rated = {row.id: row.rated for row in rows}
        self.drafts: list[Draft] = list(drafts)
        self._filling = False
        text = "What people rate in each answer, beside stars and pass or fail. The weighted mean is the rating of an answer without stars."
        self.body.addWidget(label(text, "small", "text2", wrap=True))
        across = QHBoxLayout()
        across.setSpacing(16)
        across.addLayout(self._make_list(), 2)
        self._form = QWidget()
        across.addWidget(self._form, 3)
        self._make_form()
        self.body.addLayout(across, 1)
        self.problem = label("", "small", "fail", wrap=True)
        self.body.addWidget(self.problem)
        self.add_cancel()
        self.add_button("Save criteria", self._save, kind="primary")
        self.first = self.list if self.drafts else self._add
        self._fill_list(0)
        self.resize(self.width(), theme().px(470))

    # -- layout ------------------------------------------------------------------------------------------------

    def _make_list(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(6)
        self.list = QListWidget()
        self.list.setProperty("kind", "framed")
        self.list.setItemDelegate(NavigationDelegate(self.list))
        self.list.setMouseTracking(True)
        self.list.setAccessibleName("Criteria in their order")
        self.list.setToolTip("Alt and arrows move a criterion, Delete removes it")
        self.list.currentRowChanged.connect(lambda _row: self._fill_form())
        self.list.installEventFilter(self)
        column.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.setSpacing(4)
        self._add = button("Add criterion", "plus", "link", on=self.add, size="small")
        row.addWidget(self._add)
        row.addStretch(1)
        self._up = icon_button("chevron-up", "Move up (Alt Up)", on=lambda: self.move_by(-1), size=15)
        self._down = icon_button("chevron-down", "Move down (Alt Down)", on=lambda: self.move_by(1), size=15)
        self._out = icon_button("x", "Remove this criterion (Del)", on=self.remove, size=15)
        for made in (self._up, self._down, self._out):
            row.addWidget(made)
        column.addLayout(row)
        return column

    def _make_form(self) -> None:
        form = QFormLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.name, self.help, self.labels = QLineEdit(), QLineEdit(), QLineEdit()
        self.name.setPlaceholderText("Accuracy")
        self.help.setPlaceholderText("What raters should look at")
        self.labels.setPlaceholderText("right, too long, wrong language")
        self.scale = QComboBox()
        for kind, words in SCALES:
            self.scale.addItem(words, kind)
        self.weight = QDoubleSpinBox()
        self.weight.setRange(0, 100)
        self.weight.setSingleStep(0.5)
        self.weight.lineEdit().setTextMargins(theme().px(8), 0, 0, 0)  # a stylesheet's padding does not reach the field inside
        self.weight.setToolTip("How much it counts in the rating of an answer. 0: not at all")
        self.points = QPlainTextEdit()
        self.points.setTabChangesFocus(True)
        self.points.setMinimumHeight(theme().px(112))  # it takes the room that is left
        self.points.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.locked = label("", "small", "text3", wrap=True)
        self._labels_name = label("Labels", "small", "text2")
        for words, field in (("Name", self.name), ("Help", self.help), ("Scale", self.scale)):
            field.setAccessibleName(words)
            form.addRow(label(words, "small", "text2"), field)
        form.addRow("", self.locked)
        form.addRow(self._labels_name, self.labels)
        form.addRow(label("Weight", "small", "text2"), self.weight)
        form.addRow(label("What points mean", "small", "text2"), self.points)
        self.labels.setAccessibleName("Labels, with commas between")
        self.weight.setAccessibleName("Weight")
        self.points.setAccessibleName("What points mean, one a line")
        for field in (self.name, self.help, self.labels):
            field.textEdited.connect(lambda _text: self._edited())
        self.scale.currentIndexChanged.connect(lambda _index: self._edited())
        self.weight.valueChanged.connect(lambda _value: self._edited())
        self.points.textChanged.connect(self._edited)

    # -- filling -----------------------------------------------------------------------------------------------

    def _fill_list(self, current: int) -> None:
        self._filling = True
        self.list.clear()
        for _id, criterion in self.drafts:
            self.list.addItem("")
            self._entitle(self.list.count() - 1, criterion)
        self._filling = False
        self.list.setCurrentRow(min(current, len(self.drafts) - 1))
        self._fill_form()

    def _entitle(self, place: int, criterion: Criterion) -> None:
        item = self.list.item(place)
        item.setText(criterion.name.strip() or "New criterion")
        weight = "" if criterion.weight == 1 else f", weight {criterion.weight:g}"
        item.setData(NavigationDelegate.DETAIL, f"{dict(SCALES)[criterion.scale.kind]}{weight}")

    @property
    def _place(self) -> int:
        return self.list.currentRow()

    def _fill_form(self) -> None:
        if self._filling:
            return
        self._filling = True
        has = 0 <= self._place < len(self.drafts)
        self._form.setEnabled(has)
        self._out.setEnabled(has)
        self._up.setEnabled(has and self._place > 0)
        self._down.setEnabled(has and self._place < len(self.drafts) - 1)
        id_, criterion = self.drafts[self._place] if has else (None, Criterion(""))
        rated = self._rated.get(id_, 0) if id_ is not None else 0
        self.name.setText(criterion.name)
        self.help.setText(criterion.help)
        self.scale.setCurrentIndex(max(0, self.scale.findData(criterion.scale.kind)))
        self.scale.setEnabled(has and not rated)
        answers = "1 answer is" if rated == 1 else f"{rated:,} answers are"
        self.locked.setText(f"{answers} rated by it, so the scale stays. Add a criterion for another one." if rated else "")
        self.locked.setVisible(bool(rated))
        self.labels.setText(", ".join(criterion.scale.labels))
        self.weight.setValue(criterion.weight)
        self.points.setPlainText("\n".join(f"{point}: {said}" for point, said in criterion.scale.points.items()))
        self._show_scale()
        self._filling = False

    def _show_scale(self) -> None:
        kind = self.scale.currentData()
        self.labels.setVisible(kind == "labels")
        self._labels_name.setVisible(kind == "labels")
        example = {"stars": "5: Policy applied correctly\n1: Promises what nobody may promise", "score": "60: Can be sent as it is"}
        self.points.setPlaceholderText(example.get(kind, "fail: Names a customer" if kind == "verdict" else "too long: Over 120 words"))

    # -- what is done ------------------------------------------------------------------------------------------

    def add(self) -> None:
        """A new criterion, last in the order."""
        self.drafts.append((None, Criterion("")))
        self._fill_list(len(self.drafts) - 1)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def remove(self) -> None:
        """Take the chosen criterion out. What was said by it stays in the history."""
        if 0 <= self._place < len(self.drafts):
            at = self._place
            del self.drafts[at]
            self._fill_list(at)

    def move_by(self, by: int) -> None:
        """Move the chosen criterion up or down."""
        at, to = self._place, self._place + by
        if 0 <= at < len(self.drafts) and 0 <= to < len(self.drafts):
            self.drafts[at], self.drafts[to] = self.drafts[to], self.drafts[at]
            self._fill_list(to)

    def _edited(self) -> None:
        if self._filling or not 0 <= self._place < len(self.drafts):
            return
        id_, _criterion = self.drafts[self._place]
        criterion = Criterion(self.name.text(), self._scale(), self.weight.value(), self.help.text())
        self.drafts[self._place] = (id_, criterion)
        self._entitle(self._place, criterion)
        self._show_scale()
        self.problem.clear()

    def _scale(self) -> Scale:
        labels = tuple(word.strip() for word in self.labels.text().split(",") if word.strip())
        points = {}
        for said in self.points.toPlainText().splitlines():
            point, colon, meaning = said.partition(":")
            if said.strip():
                points[point.strip()] = meaning.strip() if colon else "?"
        kind = self.scale.currentData()
        return Scale(kind, points, labels if kind == "labels" else ())

    def _save(self) -> None:
        names: set[str] = set()
        for place, (_id, criterion) in enumerate(self.drafts):
            try:
                checked = checked_criterion(criterion)
                if checked.name.casefold() in names:
                    raise BadInput(f"Two criteria are called {checked.name}.", remedy="Choose another name for one of them.")
            except BadInput as error:
                self.list.setCurrentRow(place)
                self.refuse(error)
                return
            names.add(checked.name.casefold())
            self.drafts[place] = (_id, replace(checked))
        self._then(self.drafts)

    def refuse(self, error: BaseException) -> None:
        """Say why it cannot be so."""
        self.problem.setText(str(error))
        set_kind(self.problem, tone="fail")
        if not self.name.text().strip():
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.list and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            if step is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.move_by(step)
                return True
            if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                self.remove()
                return True
        return False


def edit_criteria(parent: QWidget, context: Context, comparison_id: int, name: str) -> None:
    """Read the criteria of a saved comparison, edit them and keep them."""

    def show(rows: list[CriterionRow]) -> None:
        def keep(drafts: list[Draft]) -> None:
            context.bridge.call(
                context.ws.criteria.put, comparison_id, drafts, then=lambda _done: dialog.accept(), failed=dialog.refuse, owner=dialog
            )  # fmt: skip

        dialog = CriteriaDialog(parent, name, rows, [(row.id, row.criterion) for row in rows], keep)
        dialog.open()

    context.bridge.read(context.ws.criteria.list, comparison_id, then=show, failed=context.failed, owner=parent)
