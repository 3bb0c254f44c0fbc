"""The New comparison dialog: prompts x models x cases x repeats, with checks, and what it will take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QLineEdit, QMenu, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from workbench.gui.compare.setup_model import (
    Assessment,
    Choices,
    Sum,
    assess,
    next_version,
    read_choices,
    sum_up,
    usual_name,
)
from workbench.gui.compare.setup_rows import CheckRowWidget, ModelList, PromptRowWidget
from workbench.gui.compare.sum_line import SumLine
from workbench.gui.context import Context
from workbench.gui.theme import set_kind
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import icon_label, label, line
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.words import counted
from workbench.values import Check, Definition, PromptRef

ASSESS_MS = 150
SIZE = (1040, 720)


class SetupDialog(Dialog):
    """Makes a comparison or changes a saved one. `started` gets the run's id, `saved` the comparison's."""

    def __init__(
        self,
        parent: QWidget,
        context: Context,
        *,
        definition: Definition | None = None,
        comparison_id: int | None = None,
        started: Callable[[int], object] = lambda _run: None,
        saved: Callable[[int], object] = lambda _comparison: None,
    ) -> None:
        super().__init__(parent, "Change comparison" if comparison_id is not None else "New comparison", width=SIZE[0], padded=False)
        self.context = context
        self.comparison_id = comparison_id
        self.choices: Choices | None = None
        self.found: Assessment | None = None
        self._wanted = definition
        self._started, self._saved = started, saved
        self._named = definition is not None and bool(definition.name)
        self._filling = True
        self.prompt_rows: list[PromptRowWidget] = []
        self.check_rows: list[CheckRowWidget] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(ASSESS_MS)
        self._timer.timeout.connect(self._assess)
        self._compose()
        room = parent.window().size()
        self.resize(
            min(context.theme.px(SIZE[0]), max(960, room.width() - 80)), min(context.theme.px(SIZE[1]), max(620, room.height() - 60))
        )  # fmt: skip
        context.bridge.read(read_choices, context.ws, then=self._fill, owner=self)

    # -- layout ------------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the comparison")
        self.name.setPlaceholderText("Name")
        self.name.setMinimumWidth(self.context.theme.px(300))
        self.name.textEdited.connect(self._name_edited)
        self.head.insertWidget(1, self.name)
        self.head.insertSpacing(1, 10)
        self.from_saved = button("Start from saved", "chevron-down", "quiet", on=self._pick_saved)
        self.head.addWidget(self.from_saved)
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))
        across = QHBoxLayout()
        across.setSpacing(0)
        across.addWidget(_side(self._left(), "surface"), 26)
        across.addWidget(line(vertical=True))
        across.addWidget(_side(self._right(), "panel"), 27)
        self.body.addLayout(across)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.sum = SumLine()
        self.below = label("", "small", "text3", wrap=True)
        words.addWidget(self.sum)
        words.addWidget(self.below)
        self.foot.insertLayout(0, words, 1)
        item = self.foot.takeAt(1)  # the stretch: the words take the room
        del item
        self.add_cancel()
        self.save_button = self.add_button("Save as draft" if self.comparison_id is None else "Save", self._save)
        self.start_button = self.add_button("Start", self._start, kind="primary", icon="play")
        self.start_button.set_hint("Ctrl ↵")
        self.first = self.name

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        head = QHBoxLayout()
        self.prompts_title, self.prompts_count = label("Prompts", "section"), label("", "small", "text2")
        head.addWidget(self.prompts_title)
        head.addWidget(self.prompts_count)
        head.addStretch(1)
        self.add_prompt = button("Add prompt", "plus", "link", on=self._pick_prompt)
        head.addWidget(self.add_prompt)
        column.addLayout(head)
        self.prompts_frame, self.prompts_box = _card()
        column.addWidget(self.prompts_frame)
        column.addSpacing(10)
        head = QHBoxLayout()
        self.models_count = label("", "small", "text2")
        head.addWidget(label("Models", "section"))
        head.addWidget(self.models_count)
        head.addStretch(1)
        head.addWidget(button("Open Models", kind="link", on=lambda: self._away("models")))
        column.addLayout(head)
        frame, box = _card()
        search = SearchField("Type to find a model")
        search.setProperty("kind", "bare")
        holder = QHBoxLayout()
        holder.setContentsMargins(8, 7, 8, 7)
        holder.addWidget(search)
        box.addLayout(holder)
        box.addWidget(line())
        self.models = ModelList()
        self.models.setMinimumHeight(self.context.theme.px(140))
        self.models.changed.connect(self._changed)
        search.searched.connect(self.models.filter)
        box.addWidget(self.models, 1)
        column.addWidget(frame, 1)
        self.models_note = label("", "small", "text3", wrap=True)
        column.addWidget(self.models_note)
        return column

    def _right(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(label("Test cases", "section"))
        self.dataset = QComboBox()
        self.dataset.setAccessibleName("Dataset")
        self.dataset.currentIndexChanged.connect(lambda _index: self._dataset_chosen())
        column.addWidget(self.dataset)
        self.tags_box = QWidget()
        self.tags_flow = FlowLayout(self.tags_box, gap=6)
        column.addWidget(self.tags_box)
        self.warning = QWidget()
        row = QHBoxLayout(self.warning)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(icon_label("triangle-alert", "warn", 15), 0, Qt.AlignmentFlag.AlignTop)
        self.warning_text = label("", "small", "text2", wrap=True)
        row.addWidget(self.warning_text, 1)
        column.addWidget(self.warning)
        column.addSpacing(4)
        column.addLayout(self._numbers())
        self.repeats_note = label("", "small", "text3", wrap=True)
        column.addWidget(self.repeats_note)
        column.addSpacing(8)
        head = QHBoxLayout()
        self.checks_count = label("", "small", "text2")
        head.addWidget(label("Checks", "section"))
        head.addWidget(self.checks_count)
        head.addStretch(1)
        head.addWidget(button("Add check", "plus", "link", on=lambda: self._add_check(Check("contains"), focus=True)))
        column.addLayout(head)
        self.checks_frame, self.checks_box = _card()
        column.addWidget(self.checks_frame)
        self.no_checks = label("Without checks you rate the answers yourself.", "small", "text3")
        column.addWidget(self.no_checks)
        column.addSpacing(8)
        column.addWidget(label("Then", "section"))
        self.reuse = QCheckBox("Reuse answers to the same question")
        self.reuse.setToolTip("An answer that an earlier run got for the very same call is taken over, with its first time and cost.")
        self.reuse.toggled.connect(self._changed)
        column.addWidget(self.reuse)
        column.addStretch(1)
        return column

    def _numbers(self) -> QHBoxLayout:
        settings = self.context.settings
        self.repeats, self.at_once, self.stop_at = QSpinBox(), QSpinBox(), QLineEdit(str(settings.get("cap_run_usd")))
        self.repeats.setRange(1, 20)
        self.at_once.setRange(1, 64)
        for spin in (self.repeats, self.at_once):
            spin.lineEdit().setTextMargins(8, 0, 0, 0)
        self.at_once.setValue(int(settings.get("concurrency")))
        self.at_once.setToolTip("Calls in flight for one model connection (concurrency)")
        self.stop_at.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.stop_at.setToolTip("The run stops at this cost; nothing is lost. Empty: no limit.")
        row = QHBoxLayout()
        row.setSpacing(16)
        for text, field in (("Repeats", self.repeats), ("At once", self.at_once), ("Stop at $", self.stop_at)):
            column = QVBoxLayout()
            column.setSpacing(3)
            column.addWidget(label(text, "small", weight=500))
            field.setAccessibleName(text)
            field.setFixedWidth(self.context.theme.px(96))
            column.addWidget(field)
            row.addLayout(column)
        row.addStretch(1)
        self.repeats.valueChanged.connect(lambda _value: self._changed())
        self.at_once.valueChanged.connect(lambda _value: self._changed())
        self.stop_at.textChanged.connect(lambda _text: self._changed())
        return row

    # -- filling -----------------------------------------------------------------------------------------------

    def _fill(self, choices: Choices) -> None:
        self.choices = choices
        wanted = self._wanted or self._usual(choices)
        self.show_definition(wanted)

    def _usual(self, choices: Choices) -> Definition:
        """What a new comparison starts with: the two newest versions of the prompt changed last, one ready model, the first dataset."""
        ready = [model.uid for model in choices.models if model.ready]
        datasets = [row.uid for row in choices.datasets if row.cases]
        with_versions = [row for row in choices.prompts if choices.versions.get(row.uid)]
        prompts: tuple[PromptRef, ...] = ()
        if with_versions:
            newest = max(with_versions, key=lambda row: row.changed_at)
            prompts = tuple(PromptRef(newest.uid, version.number) for version in list(choices.versions[newest.uid])[:2])
        return Definition(
            "",
            prompts,
            tuple(ready[:1]),
            datasets[0] if datasets else None,
            concurrency=int(self.context.settings.get("concurrency")),
            max_cost_usd=_money(str(self.context.settings.get("cap_run_usd"))),
        )

    def show_definition(self, definition: Definition) -> None:
        """Fill every field from a definition."""
        choices = self.choices
        if choices is None:
            self._wanted = definition
            return
        self._filling = True
        for row in list(self.prompt_rows):
            self._drop_prompt(row)
        for ref in definition.prompts:
            self._add_prompt(ref)
        self.models.show_models(choices.models, definition.model_uids)
        self.dataset.blockSignals(True)
        self.dataset.clear()
        self.dataset.addItem("The prompts' own sample values   1 case", None)
        for dataset in choices.datasets:
            self.dataset.addItem(f"{dataset.name}   {counted(dataset.cases, 'case')}", dataset.uid)
        at = self.dataset.findData(definition.dataset_uid)
        self.dataset.setCurrentIndex(max(0, at))
        self.dataset.blockSignals(False)
        self._show_tags(definition.tags)
        self.repeats.setValue(definition.repeats)
        self.at_once.setValue(definition.concurrency)
        self.stop_at.setText("" if definition.max_cost_usd is None else str(definition.max_cost_usd))
        for check_row in list(self.check_rows):
            self._drop_check(check_row)
        for check in definition.checks:
            self._add_check(check)
        self.reuse.setChecked(definition.reuse)
        if definition.name:
            self.name.setText(definition.name)
        not_ready = [model for model in choices.models if not model.ready]
        none = "No model yet. Open Models to add a connection or fetch the built-in model."
        self.models_note.setText(
            none if not choices.models else f"{counted(len(not_ready), 'model')} not ready: Open Models to mend it." if not_ready else ""
        )
        self.models_note.setVisible(bool(self.models_note.text()))
        self._filling = False
        self._changed()

    def _add_prompt(self, ref: PromptRef) -> None:
        if self.choices is None:
            return
        row = PromptRowWidget(self.choices, ref)
        row.changed.connect(self._changed)
        row.removed.connect(partial(self._drop_prompt, row))
        if self.prompt_rows:
            self.prompts_box.addWidget(line())
        self.prompts_box.addWidget(row)
        self.prompt_rows.append(row)
        self.prompts_frame.show()
        self._changed()

    def _drop_prompt(self, row: PromptRowWidget) -> None:
        self.prompt_rows.remove(row)
        _take_out(self.prompts_box, row)
        self.prompts_frame.setVisible(bool(self.prompt_rows))
        self._changed()

    def _add_check(self, check: Check, *, focus: bool = False) -> None:
        row = CheckRowWidget(check)
        row.changed.connect(self._changed)
        row.removed.connect(partial(self._drop_check, row))
        if self.check_rows:
            self.checks_box.addWidget(line())
        self.checks_box.addWidget(row)
        self.check_rows.append(row)
        self.checks_frame.show()
        self.no_checks.hide()
        if focus:
            row.name.setFocus(Qt.FocusReason.OtherFocusReason)
            self._changed()

    def _drop_check(self, row: CheckRowWidget) -> None:
        self.check_rows.remove(row)
        _take_out(self.checks_box, row)
        self.checks_frame.setVisible(bool(self.check_rows))
        self.no_checks.setVisible(not self.check_rows)
        self._changed()

    def _dataset_chosen(self) -> None:
        self._show_tags(())
        self._changed()

    def _show_tags(self, chosen: tuple[str, ...]) -> None:
        self.tags_flow.clear()
        uid = self.dataset.currentData()
        dataset = next((row for row in self.choices.datasets if row.uid == uid), None) if self.choices else None
        tags = dataset.tags if dataset is not None else {}
        for tag, count in sorted(tags.items(), key=lambda item: -item[1])[:24]:
            box = QCheckBox(f"{tag} ({count:,})")
            box.setProperty("tag", tag)
            box.setChecked(tag in chosen)
            box.toggled.connect(self._changed)
            self.tags_flow.addWidget(box)
        self.tags_box.setVisible(bool(tags))
        self.tags_box.setToolTip("Only cases with one of the ticked tags; none ticked: all cases")

    # -- what it amounts to ------------------------------------------------------------------------------------

    def definition(self) -> Definition:
        """What the fields say."""
        tags = tuple(str(box.property("tag")) for box in self.tags_box.findChildren(QCheckBox) if box.isChecked())
        checks = tuple(check for row in self.check_rows if (check := row.check) is not None)
        base = self._wanted or Definition("")
        return replace(
            base,
            name=self.name.text().strip(),
            prompts=tuple(row.ref for row in self.prompt_rows if row.on.isChecked()),
            model_uids=self.models.chosen(),
            dataset_uid=self.dataset.currentData(),
            tags=tags,
            repeats=self.repeats.value(),
            checks=checks,
            concurrency=self.at_once.value(),
            max_cost_usd=_money(self.stop_at.text()),
            reuse=self.reuse.isChecked(),
        )

    def _changed(self, *_arguments: object) -> None:
        if self._filling or self.choices is None:
            return
        definition = self.definition()
        self.prompts_count.setText(f"{len(definition.prompts)} chosen" if definition.prompts else "none chosen")
        self.models_count.setText(f"{len(definition.model_uids)} chosen" if definition.model_uids else "none chosen")
        self.checks_count.setText(f"{len(definition.checks)} on" if self.check_rows else "")
        once = definition.repeats == 1
        self.repeats_note.setText("1 repeat hides how steady a model is." if once else f"Each call is made {definition.repeats} times.")
        if not self._named:
            self.name.setText(usual_name(self.choices, definition))
        set_kind(self.stop_at, state="error" if self._bad_money() else "")
        set_kind(self.name, state="")
        self._show_sum(sum_up(definition, self.found, self.choices.spent_today))
        self._timer.start()

    def _assess(self) -> None:
        self.context.bridge.read(
            assess, self.context.ws, self.definition(), then=self._assessed, owner=self, key=("compare.assess", id(self))
        )  # fmt: skip

    def _assessed(self, found: Assessment) -> None:
        self.found = found
        if self.choices is not None:
            self._show_sum(sum_up(self.definition(), found, self.choices.spent_today))

    def _show_sum(self, summed: Sum) -> None:
        found = self.found
        self.sum.say(summed.line)
        self.below.setText(found.trouble if found is not None and found.trouble else summed.below)
        words = [problem.message for problem in found.problems] if found is not None else []
        self.warning.setVisible(bool(words))
        self.warning_text.setText("\n".join(words[:4]))
        fatal = found is not None and (bool(found.trouble) or (bool(found.problems) and all(problem.fatal for problem in found.problems)))
        calls = summed.calls
        self.start_button.setText(f"Start {counted(calls, 'call')}" if calls else "Start")
        ready = calls > 0 and not self._bad_money() and not (fatal and found is not None and found.trouble)
        self.start_button.setEnabled(ready and not self.context.ws.read_only)
        self.save_button.setEnabled(not self.context.ws.read_only and not self._bad_money())

    def _bad_money(self) -> bool:
        text = self.stop_at.text().strip()
        return bool(text) and _money(text) is None

    # -- what is done ------------------------------------------------------------------------------------------

    def _name_edited(self, text: str) -> None:
        self._named = bool(text.strip())
        set_kind(self.name, state="")

    def _pick_prompt(self) -> None:
        choices = self.choices
        if choices is None:
            return
        menu = QMenu(self)
        taken = [row.ref for row in self.prompt_rows]
        for prompt in sorted(choices.prompts, key=lambda row: row.name.casefold()):
            ref = next_version(choices, prompt, taken)
            text = f"{prompt.name}, v{ref.version}" if ref is not None else f"{prompt.name} (no version left)"
            if ref is None and not choices.versions.get(prompt.uid):
                text = f"{prompt.name} (only a draft: save a version first)"
            action = menu.addAction(text)
            action.setEnabled(ref is not None)
            if ref is not None:
                action.triggered.connect(lambda _checked=False, ref=ref: self._add_prompt(ref))
        if menu.isEmpty():
            menu.addAction("No prompt yet: write one in the library").setEnabled(False)
        menu.popup(self.add_prompt.mapToGlobal(self.add_prompt.rect().bottomLeft()))

    def _pick_saved(self) -> None:
        if self.choices is None:
            return
        menu = QMenu(self)
        for row in self.choices.comparisons:
            action = menu.addAction(row.name)
            action.triggered.connect(lambda _checked=False, row=row: self.show_definition(replace(row.definition, name="")))
        if menu.isEmpty():
            menu.addAction("No saved comparison yet").setEnabled(False)
        menu.popup(self.from_saved.mapToGlobal(self.from_saved.rect().bottomLeft()))

    def _away(self, place: str) -> None:
        self.reject()
        self.context.go(place)

    def _save(self) -> None:
        def saved(comparison: int) -> None:
            self.accept()
            self._saved(comparison)

        self._keep(saved)

    def _start(self) -> None:
        if not self.start_button.isEnabled():
            return
        self.start_button.setEnabled(False)
        runs = self.context.ws.runs

        def saved(comparison: int) -> None:
            self.context.bridge.call(runs.start_comparison, comparison, then=started, failed=self._refused, owner=self)

        def started(run_id: int) -> None:
            self.context.start_run(run_id)
            self.accept()
            self._started(run_id)

        self._keep(saved)

    def _keep(self, then: Callable[[int], object]) -> None:
        definition = self.definition()
        if not definition.name and self.choices is not None:
            definition = replace(definition, name=usual_name(self.choices, definition))
        self.context.bridge.call(
            self.context.ws.comparisons.save, definition, self.comparison_id, then=then, failed=self._refused, owner=self
        )  # fmt: skip

    def _refused(self, error: BaseException) -> None:
        self.start_button.setEnabled(True)
        from workbench.values import Problem

        if not isinstance(error, Problem):
            self.context.failed(error)
            return
        self.below.setText(str(error))
        set_kind(self.below, tone="fail")
        if "name" in str(error).lower():
            set_kind(self.name, state="error")
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return  # Enter in a field does not start a paid run
        super().keyPressEvent(event)


def _side(layout: QVBoxLayout, kind: str) -> QScrollArea:
    inside = QFrame()
    inside.setProperty("kind", kind)
    inside.setLayout(layout)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    return area


def _card() -> tuple[QFrame, QVBoxLayout]:
    frame = QFrame()
    frame.setProperty("kind", "card")
    box = QVBoxLayout(frame)
    box.setContentsMargins(1, 1, 1, 1)
    box.setSpacing(0)
    return frame, box


def _take_out(box: QVBoxLayout, row: QWidget) -> None:
    """Remove a row and the hairline that stood above it (or below, if it was the first)."""
    at = box.indexOf(row)
    neighbours = [at - 1, at] if at > 0 else [0, 0] if box.count() > 1 else [0]
    for number in neighbours:
        item = box.takeAt(number)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def _money(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip().lstrip("$").replace(",", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None
