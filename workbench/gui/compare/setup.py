"""The New comparison dialog: prompts x models x cases x repeats, with checks, and what it will take."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.checks.part import ChecksPart, fetch_embedding
from workbench.gui.checks.try_part import TryPart
from workbench.gui.code_dialog import with_code_of
from workbench.gui.compare.setup_criteria import CriteriaPart
from workbench.gui.compare.setup_model import (
    MANY_CALLS,
    Assessment,
    Choices,
    assess,
    of_now,
    read_choices,
    save_draft,
    slowest_words,
    sum_up,
    usual,
    usual_name,
)  # fmt: skip
from workbench.gui.compare.setup_parts import CasesPart, ModelsPart, NumbersPart, PromptsPart, money
from workbench.gui.compare.setup_then import ThenPart
from workbench.gui.compare.sum_line import SumLine
from workbench.gui.context import Context
from workbench.gui.key_dialog import with_keys
from workbench.gui.theme import set_kind
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.dialog import Dialog, ask
from workbench.gui.widgets.labels import label, line
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.words import counted
from workbench.quick_dataclass import replace
from workbench.values import Definition, Problem, PromptRef

ASSESS_MS = 150
SIZE = (1040, 720)
LEAST = (960, 620)


class SetupDialog(Dialog):
    """Makes a comparison or changes a saved one. `started` gets the run's id and whether it is to be handed over, `saved` that of the
    comparison."""

    def __init__(
        self,
        parent: QWidget,
        context: Context,
        *,
        definition: Definition | None = None,
        comparison_id: int | None = None,
        started: Callable[[int, bool], object] = lambda _run, _hand_over: None,
        saved: Callable[[int], object] = lambda _comparison: None,
    ) -> None:
        super().__init__(parent, "Change comparison" if comparison_id is not None else "New comparison", width=SIZE[0], padded=False)
        self.context = context
        self.comparison_id = comparison_id
        self.choices: Choices | None = None
        self.found: Assessment | None = None
        self._found_of: Definition | None = None
        """The choices that `found` tells of."""
        self._wanted = definition
        self._started, self._saved = started, saved
        self._named = definition is not None and bool(definition.name)
        self._filling = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(ASSESS_MS)
        self._timer.timeout.connect(self._assess)
        self.prompts, self.models, self.cases = PromptsPart(), ModelsPart(), CasesPart()
        self.numbers, self.checks, self.criteria = NumbersPart(context), ChecksPart(), CriteriaPart(context)
        self.trying = TryPart(context, self.checks.list)
        self.checks.list.changed.connect(self._offer_trying)
        self.trying.hide()
        self.reuse = QCheckBox("Reuse answers to the same question")
        self.then = ThenPart()
        self.batch = QCheckBox("Run as batch: half price, answered within a day")
        self._compose()
        for part in (self.prompts, self.models, self.cases, self.numbers, self.checks):
            part.changed.connect(self._changed)
        self.reuse.toggled.connect(lambda _on: self._changed())
        self.batch.toggled.connect(lambda _on: self._batch_toggled())
        self.models.models_wanted.connect(self._to_models)
        self.prompts.save_wanted.connect(self._save_draft)
        self.checks.fetch_wanted.connect(partial(fetch_embedding, self.context, self.checks))
        self.cases.case_wanted.connect(self._to_case)
        room, look = parent.window().size(), context.theme
        wide, high = max(LEAST[0], room.width() - 80), max(LEAST[1], room.height() - 60)
        self.resize(min(look.px(SIZE[0]), wide), min(look.px(SIZE[1]), high))
        context.bridge.read(read_choices, context.ws, then=self._fill, owner=self)
        self.criteria.read(comparison_id)

    # -- layout ------------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the comparison")
        self.name.setPlaceholderText("Name")
        self.name.setMinimumWidth(self.context.theme.px(300))
        self.name.textEdited.connect(self.name_it)
        self.head.insertWidget(1, self.name)
        self.head.insertSpacing(1, 10)
        self.from_saved = button("Start from saved", kind="quiet", on=self._pick_saved, opens=True)
        self.head.addWidget(self.from_saved)
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))
        self.reuse.setToolTip("An answer that an earlier run got for the very same call is taken over, with its first time and cost.")
        across = QHBoxLayout()
        across.setSpacing(0)
        across.addWidget(_side([self.prompts, self.models], "surface", stretch=self.models), 26)
        across.addWidget(line(vertical=True))
        right = [
            self.cases,
            self.numbers,
            self.checks,
            self.trying,
            self.criteria,
            label("Then", "section"),
            self.reuse,
            self.then,
            self.batch,
        ]
        across.addWidget(_side(right, "panel"), 27)
        self.body.addLayout(across)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.sum = SumLine()
        self.below = label("", "small", "text3", wrap=True)
        words.addWidget(self.sum)
        words.addWidget(self.below)
        self.foot.takeAt(0)  # the stretch: the words take the room
        self.foot.insertLayout(0, words, 1)
        self.add_cancel()
        self.save_button = self.add_button("Save as draft" if self.comparison_id is None else "Save", self._save)
        self.start_button = self.add_button("Start", self._start, kind="primary", icon="play")
        self.start_button.set_hint("Ctrl ↵")
        self.first = self.name

    # -- filling -----------------------------------------------------------------------------------------------

    def _fill(self, choices: Choices) -> None:
        self.choices = choices
        settings = self.context.settings
        cap = money(str(settings.get("cap_run_usd")))
        self.show_definition(self._wanted or usual(choices, int(settings.get("concurrency")), cap))

    def show_definition(self, definition: Definition) -> None:
        """Fill every field from a definition."""
        choices = self.choices
        if choices is None:
            self._wanted = definition
            return
        self._filling = True
        self.prompts.show_refs(choices, definition.prompts)
        self.models.show_models(choices, definition.model_uids)
        self.cases.show_dataset(choices, definition.dataset_uid, definition.tags)
        self.numbers.repeats.setValue(definition.repeats)
        self.numbers.at_once.setValue(definition.concurrency)
        self.numbers.stop_at.setText("" if definition.max_cost_usd is None else str(definition.max_cost_usd))
        self.checks.show_checks(definition.checks)
        self.checks.show_judges(choices.judges)
        self.checks.show_embedding(choices.embedding)
        self.reuse.setChecked(definition.reuse)
        if definition.name:
            self.name.setText(definition.name)
        self._filling = False
        self._changed()

    def definition(self) -> Definition:
        """What the fields say."""
        return Definition(
            name=self.name.text().strip(),
            prompts=self.prompts.refs,
            model_uids=self.models.uids,
            dataset_uid=self.cases.uid,
            tags=self.cases.tags,
            repeats=self.numbers.repeats.value(),
            checks=self.checks.checks,
            concurrency=self.numbers.at_once.value(),
            max_cost_usd=money(self.numbers.stop_at.text()),
            reuse=self.reuse.isChecked(),
        )

    # -- what it amounts to ------------------------------------------------------------------------------------

    def _changed(self) -> None:
        if self._filling or self.choices is None:
            return
        definition = self.definition()
        if not self._named:
            self.name.setText(usual_name(self.choices, definition))
        set_kind(self.name, state="")
        self.checks.has_reference = definition.dataset_uid in self.choices.with_reference
        self._show_sum(definition)
        self._timer.start()

    def _batch_toggled(self) -> None:
        self._found_of = None  # what was worked out holds for the other price
        self._changed()

    def _assess(self) -> None:
        definition = self.definition()
        self.context.bridge.read(
            self.context.ws.comparisons.travelling, definition, then=self.checks.show_travelling, owner=self,
            key=("compare.travelling", id(self)),
        )  # fmt: skip
        self.context.bridge.read(
            assess, self.context.ws, definition, self.batch.isChecked(), then=lambda found: self._assessed(definition, found), owner=self,
            key=("compare.assess", id(self)),
        )  # fmt: skip

    def _assessed(self, definition: Definition, found: Assessment) -> None:
        self.found, self._found_of = found, definition
        if self.choices is None:
            return
        now = self.definition()
        self._show_sum(now)
        if replace(now, name="") != replace(definition, name=""):
            return  # what was chosen meanwhile is being worked out
        self.prompts.show_tokens(found.tokens)
        self.models.show_figures(found.models, slowest_words(definition, found, {row.uid: row.title for row in self.choices.models}))
        estimate = found.estimate
        self.numbers.show_cost(estimate.cost_usd if estimate is not None and not estimate.unknown_prices else None)

    def _show_sum(self, definition: Definition) -> None:
        """The live line. What was worked out for earlier choices is not said of these: it comes a moment later."""
        if self.choices is None:
            return
        found = of_now(self.found, self._found_of, definition, self.choices)
        if found is not self.found:
            self.models.list.outdate()
        summed = sum_up(definition, found, self.choices)
        trouble = found.trouble if found is not None else ""
        self.sum.say(summed.line)
        self.then.show_columns(len(definition.prompts) * len(definition.model_uids), found.cases if found else None, definition.repeats)
        self.below.setText(trouble or summed.below)
        set_kind(self.below, tone="fail" if trouble else "text3")
        problems = found.problems if found is not None else ()
        misfit = next((problem.case for problem in problems if problem.case is not None), None)
        self.cases.warn([problem.message for problem in problems], misfit)
        self.models.warn(found.doubts if found is not None else ())
        self.cases.say_few(found.few if found is not None else "")
        counts = ((summed.sent, counted(summed.sent, "call")), (summed.by_hand, f"{summed.by_hand:,} by hand"))
        count = next((words for number, words in counts if number), f"{summed.reused:,} reused" if summed.reused else "")
        self.start_button.setText(f"{'Prepare' if self.batch.isChecked() else 'Start'} {count}".strip())
        may = not self.context.ws.read_only and self.numbers.good
        self.start_button.setEnabled(may and summed.calls + summed.by_hand > 0 and not trouble)
        self.save_button.setEnabled(may)

    # -- what is done ------------------------------------------------------------------------------------------

    def name_it(self, text: str) -> None:
        """The user typed a name; an empty one follows the choices again."""
        self._named = bool(text.strip())
        set_kind(self.name, state="")

    def _pick_saved(self) -> None:
        if self.choices is None:
            return
        menu = PopupMenu(self)
        for row in self.choices.comparisons:
            action = menu.addAction(row.name)
            action.triggered.connect(lambda _checked=False, row=row: self.show_definition(replace(row.definition, name="")))
        if menu.isEmpty():
            menu.addAction("No saved comparison yet").setEnabled(False)
        menu.popup(self.from_saved.mapToGlobal(self.from_saved.rect().bottomLeft()))

    def _to_models(self) -> None:
        self.reject()
        self.context.go("models")

    def _to_case(self, number: int) -> None:
        workspace, uid = self.context.ws, self.cases.uid
        self.reject()
        self.context.bridge.read(
            lambda: workspace.datasets.cases(workspace.datasets.find(str(uid)).id, number - 1, 1)[0].id,
            then=lambda case: self.context.go("datasets", case_id=case), failed=self.context.failed, owner=self.context,
        )  # fmt: skip

    def _offer_trying(self) -> None:
        """Where there are checks, they can be tried on an answer that is stored already."""
        self.trying.setVisible(bool(self.checks.list.rows))

    def _save(self) -> None:
        def saved(comparison: int) -> None:
            self.accept()
            self._saved(comparison)

        if not self.checks.refuse():
            self._keep(saved)

    def _save_draft(self, uid: str) -> None:
        ws = self.context.ws

        def save() -> tuple[Choices, PromptRef | None]:
            ref = save_draft(ws, uid)
            return read_choices(ws), ref

        def saved(answer: tuple[Choices, PromptRef | None]) -> None:
            self.choices, ref = answer
            if ref is not None:
                self.prompts.use(self.choices, ref)

        self.context.bridge.call(save, then=saved, failed=self._refused, owner=self)

    def _start(self) -> None:
        """Start, once no check lacks its value, many calls are really meant and no key is missing."""
        if not self.start_button.isEnabled() or self.checks.refuse() or self.choices is None:
            return
        definition = self.definition()
        keyed = partial(with_keys, self.context, self, self._begin, model_uids=definition.model_uids)
        begin = partial(with_code_of, self.context, self, definition, keyed)
        calls = sum_up(definition, of_now(self.found, self._found_of, definition, self.choices), self.choices).sent
        if calls > MANY_CALLS and not self.batch.isChecked():
            ask(self, f"Start {calls:,} calls?", f"{self.sum.text}.", self.start_button.text(), begin, danger=False)
        else:
            begin()

    def _begin(self) -> None:
        self.start_button.setEnabled(False)
        runs, wishes = self.context.ws.runs, self.then.wishes

        def saved(comparison: int) -> None:
            self.comparison_id = comparison  # a second try after a refusal changes this one
            self.context.bridge.call(runs.start_comparison, comparison, wishes, then=started, failed=self._refused, owner=self)

        def started(run_id: int) -> None:
            if not self.batch.isChecked():
                self.context.start_run(run_id)
            self.accept()
            self._started(run_id, self.batch.isChecked())

        self._keep(saved)

    def _keep(self, then: Callable[[int], object]) -> None:
        definition = self.definition()
        if not definition.name and self.choices is not None:
            definition = replace(definition, name=usual_name(self.choices, definition))
        ws, comparison_id, criteria = self.context.ws, self.comparison_id, self.criteria.drafts

        def keep() -> int:
            kept = ws.comparisons.save(definition, comparison_id)
            if criteria is not None:
                ws.criteria.put(kept, criteria)
            return kept

        self.context.bridge.call(keep, then=then, failed=self._refused, owner=self)

    def _refused(self, error: BaseException) -> None:
        self.start_button.setEnabled(True)
        if not isinstance(error, Problem):
            self.context.failed(error)
            return
        self.below.setText(str(error))
        set_kind(self.below, tone="fail")
        if self.choices is not None and self.name.text().strip() in {row.name for row in self.choices.comparisons}:
            set_kind(self.name, state="error")
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return  # Enter in a field does not start a paid run
        super().keyPressEvent(event)


def _side(parts: list[QWidget], kind: str, stretch: QWidget | None = None) -> QScrollArea:
    inside = QFrame()
    inside.setProperty("kind", kind)
    column = QVBoxLayout(inside)
    column.setContentsMargins(20, 16, 20, 16)
    column.setSpacing(14)
    for part in parts:
        column.addWidget(part, 1 if part is stretch else 0)
    if stretch is None:
        column.addStretch(1)
    return scroll_area(inside)
