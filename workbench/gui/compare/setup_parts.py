"""The parts of the New comparison dialog: prompts, models, test cases, numbers. Each says `changed` and what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from workbench.gui.compare.setup_model import Choices, next_version
from workbench.gui.compare.setup_rows import ModelList, PromptRowWidget
from workbench.gui.context import Context
from workbench.gui.theme import set_kind, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.framed_rows import Part, card, put_in, take_out
from workbench.gui.widgets.labels import icon_label, label, line
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.words import counted, total_money
from workbench.values import PromptRef

if TYPE_CHECKING:
    from workbench.workspace import Estimate

MOST_TAGS = 24


class PromptsPart(Part):
    """The chosen prompt versions."""

    save_wanted = Signal(str)
    """Uid of a prompt whose unsaved edits shall be a version, and be used."""

    def __init__(self) -> None:
        super().__init__("Prompts")
        self.choices: Choices | None = None
        self.rows: list[PromptRowWidget] = []
        self._add = button("Add prompt", "plus", "link", on=self._pick)
        self.head.addWidget(self._add)
        self._frame, self._box = card()
        self._frame.hide()
        self.column.addWidget(self._frame)

    @property
    def refs(self) -> tuple[PromptRef, ...]:
        """What is ticked."""
        return tuple(row.ref for row in self.rows if row.on.isChecked())

    def show_refs(self, choices: Choices, refs: Sequence[PromptRef]) -> None:
        """Show these and no others."""
        self.choices = choices
        for row in list(self.rows):
            self._drop(row)
        for ref in refs:
            self.add(ref)

    def add(self, ref: PromptRef) -> None:
        """One more row."""
        if self.choices is None:
            return
        row = PromptRowWidget(self.choices, ref)
        row.changed.connect(self._say)
        row.removed.connect(partial(self._drop, row))
        row.save_wanted.connect(lambda: self.save_wanted.emit(row.uid))
        if any(other.uid == row.uid for other in self.rows):
            row.unsaved.hide()  # said once for each prompt
        put_in(self._box, row)
        self.rows.append(row)
        self._frame.show()
        self._say()

    def use(self, choices: Choices, ref: PromptRef) -> None:
        """A version was saved: it takes the place of the first row of its prompt, or comes as a new row."""
        refs = [row.ref for row in self.rows]
        at = next((number for number, old in enumerate(refs) if old.prompt_uid == ref.prompt_uid), None)
        self.show_refs(choices, [*refs, ref] if at is None else [*refs[:at], ref, *refs[at + 1 :]])

    def show_tokens(self, tokens: Mapping[PromptRef, int]) -> None:
        """Say about how many tokens one call of each version sends."""
        for row in self.rows:
            row.show_tokens(tokens.get(row.ref))

    def _drop(self, row: PromptRowWidget) -> None:
        self.rows.remove(row)
        take_out(self._box, row)
        self._frame.setVisible(bool(self.rows))
        self._say()

    def _say(self) -> None:
        self.count.setText(f"{len(self.refs)} chosen" if self.refs else "none chosen")
        self.changed.emit()

    def _pick(self) -> None:
        choices = self.choices
        if choices is None:
            return
        menu = PopupMenu(self)
        taken = [row.ref for row in self.rows]
        for prompt in sorted(choices.prompts, key=lambda row: row.name.casefold()):
            ref = next_version(choices, prompt, taken)
            text = f"{prompt.name}, v{ref.version}" if ref is not None else f"{prompt.name} (no version left)"
            only_draft = not choices.versions.get(prompt.uid) and prompt.has_draft
            action = menu.addAction(f"{prompt.name}, only a draft: save it as v1" if only_draft else text)
            action.setEnabled(ref is not None or only_draft)
            if only_draft:
                action.triggered.connect(lambda _checked=False, uid=prompt.uid: self.save_wanted.emit(uid))
            elif ref is not None:
                action.triggered.connect(lambda _checked=False, ref=ref: self.add(ref))
        if menu.isEmpty():
            menu.addAction("No prompt yet: write one in the library").setEnabled(False)
        menu.popup(self._add.mapToGlobal(self._add.rect().bottomLeft()))


class ModelsPart(Part):
    """The models with a filter."""

    models_wanted = Signal()
    """The user wants to mend or add models."""

    def __init__(self) -> None:
        super().__init__("Models")
        self.head.addWidget(button("Open Models", kind="link", on=self.models_wanted.emit))
        frame, box = card()
        search = SearchField("Type to find a model")
        search.setProperty("kind", "bare")
        holder = QHBoxLayout()
        holder.setContentsMargins(8, 7, 8, 7)
        holder.addWidget(search)
        box.addLayout(holder)
        box.addWidget(line())
        self.list = ModelList()
        self.list.setMinimumHeight(theme().px(140))
        self.list.changed.connect(self._say)
        search.searched.connect(self.list.filter)
        box.addWidget(self.list, 1)
        self.column.addWidget(frame, 1)
        self._trouble = ""
        self.warning = QWidget()
        row = QHBoxLayout(self.warning)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(icon_label("triangle-alert", "warn", 15), 0, Qt.AlignmentFlag.AlignTop)
        self._doubts = label("", "small", "text2", wrap=True)
        row.addWidget(self._doubts, 1)
        self.column.addWidget(self.warning)
        self.warn(())
        self._note = label("", "small", "text3", wrap=True)
        self.column.addWidget(self._note)

    def warn(self, words: Sequence[str]) -> None:
        """Say what speaks against ticked models."""
        self.warning.setVisible(bool(words))
        more = f"\n{counted(len(words) - 3, 'more warning')}." if len(words) > 3 else ""
        self._doubts.setText("\n".join(words[:3]) + more)
        self._doubts.setToolTip("\n".join(words))

    @property
    def uids(self) -> tuple[str, ...]:
        """The ticked models."""
        return self.list.chosen()

    def show_models(self, choices: Choices, uids: Sequence[str]) -> None:
        """Offer all models with these ticked."""
        self.list.show_models(choices.models, uids)
        not_ready = sum(1 for model in choices.models if not model.ready)
        self._trouble = f"{counted(not_ready, 'model')} not ready: Open Models to mend it." if not_ready else ""
        if not choices.models:
            self._trouble = "No model yet. Open Models to add a connection or fetch the built-in model."
        self.show_figures({}, "")
        self._say()

    def show_figures(self, figures: Mapping[str, Estimate], slowest: str) -> None:
        """Say what each model would take, and which one sets the time."""
        self.list.show_figures(figures)
        text = " ".join(part for part in (slowest, self._trouble) if part)
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def _say(self) -> None:
        self.count.setText(f"{len(self.uids)} chosen" if self.uids else "none chosen")
        self.changed.emit()


class CasesPart(Part):
    """The dataset, narrowed by tags, and what the prompts lack in it. `case_wanted` comes with the number of a case to mend."""

    case_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__("Test cases")
        self._choices: Choices | None = None
        self.dataset = QComboBox()
        self.dataset.setAccessibleName("Dataset")
        self.dataset.currentIndexChanged.connect(lambda _index: self._chosen())
        self.column.addWidget(self.dataset)
        self.tags_box = QWidget()
        self.tags_box.setToolTip("Only cases with one of the ticked tags; none ticked: all cases")
        self._tags_flow = FlowLayout(self.tags_box, gap=14)
        self.column.addWidget(self.tags_box)
        self.warning = QWidget()
        row = QHBoxLayout(self.warning)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(icon_label("triangle-alert", "warn", 15), 0, Qt.AlignmentFlag.AlignTop)
        self.warning_text = label("", "small", "text2", wrap=True)
        row.addWidget(self.warning_text, 1)
        self.show_case = button("Show the case", kind="link", on=lambda: self.case_wanted.emit(self._misfit))
        row.addWidget(self.show_case, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addWidget(self.warning)
        self.few = label("", "small", "text3", wrap=True)
        self.few.setToolTip("Reckoned for two columns that differ on a quarter of the cases. The size wanted is in Settings, Runs.")
        self.column.addWidget(self.few)
        self.say_few("")
        self._misfit = 0
        self.warn([], None)

    @property
    def uid(self) -> str | None:
        """The dataset; None for the prompts' own sample values."""
        found = self.dataset.currentData()
        return str(found) if found is not None else None

    @property
    def tags(self) -> tuple[str, ...]:
        """The ticked tags."""
        return tuple(str(box.property("tag")) for box in self.tags_box.findChildren(QCheckBox) if box.isChecked())

    def show_dataset(self, choices: Choices, uid: str | None, tags: Sequence[str]) -> None:
        """Offer all datasets with this one chosen."""
        self._choices = choices
        self.dataset.blockSignals(True)
        self.dataset.clear()
        self.dataset.addItem("The prompts' own sample values   1 case", None)
        for dataset in choices.datasets:
            self.dataset.addItem(f"{dataset.name}   {counted(dataset.cases, 'case')}", dataset.uid)
        if uid is not None and self.dataset.findData(uid) < 0:
            self.dataset.addItem("A dataset that is not here", uid)
        self.dataset.setCurrentIndex(self.dataset.findData(uid))
        self.dataset.blockSignals(False)
        self._show_tags(tags)

    def warn(self, words: Sequence[str], misfit: int | None) -> None:
        """Say what the prompts lack in these cases; `misfit` is the number of the first whose values are of another type."""
        self._misfit = misfit or 0
        self.show_case.setVisible(misfit is not None and self.uid is not None)
        self.show_case.setText(f"Show case {misfit:,}" if misfit is not None else "")
        self.warning.setVisible(bool(words))
        self.warning_text.setText("\n".join(words[:4]))

    def say_few(self, words: str) -> None:
        """Say that the cases are too few to tell a difference of the size wanted."""
        self.few.setText(words)
        self.few.setVisible(bool(words))

    def _chosen(self) -> None:
        self._show_tags(())
        self.changed.emit()

    def _show_tags(self, chosen: Sequence[str]) -> None:
        self._tags_flow.clear()
        datasets = self._choices.datasets if self._choices is not None else ()
        dataset = next((row for row in datasets if row.uid == self.uid), None)
        tags = dataset.tags if dataset is not None else {}
        for tag, count in sorted(tags.items(), key=lambda item: (item[0] not in chosen, -item[1]))[:MOST_TAGS]:
            box = QCheckBox(f"{tag} ({count:,})")
            box.setProperty("tag", tag)
            box.setChecked(tag in chosen)
            box.toggled.connect(lambda _on: self.changed.emit())
            self._tags_flow.addWidget(box)
        self.tags_box.setVisible(bool(tags))


class NumbersPart(QWidget):
    """Repeats, calls at once, and the cost at which the run stops."""

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        settings = context.settings
        self._cost: Decimal | None = None
        self._note = label("", "small", "text3", wrap=True)
        self.repeats, self.at_once, self.stop_at = QSpinBox(), QSpinBox(), QLineEdit(str(settings.get("cap_run_usd")))
        self.repeats.setRange(1, 20)
        self.at_once.setRange(1, 64)
        for spin in (self.repeats, self.at_once):
            spin.lineEdit().setTextMargins(8, 0, 0, 0)
            spin.valueChanged.connect(lambda _value: self._say())
        self.at_once.setValue(int(settings.get("concurrency")))
        self.at_once.setToolTip("Calls in flight for one model connection (concurrency)")
        self.stop_at.setPlaceholderText(f"{settings.get('cap_run_usd')}")
        self.stop_at.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.stop_at.setToolTip("The run stops at this cost; nothing is lost. Empty: the cap of the settings counts.")
        self.stop_at.textChanged.connect(lambda _text: self._say())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(3)
        for place, (text, field) in enumerate((("Repeats", self.repeats), ("At once", self.at_once), ("Stop at $", self.stop_at))):
            field.setAccessibleName(text)
            field.setFixedWidth(theme().px(96))
            grid.addWidget(label(text, "small", weight=500), 0, place)
            grid.addWidget(field, 1, place)
        grid.setColumnStretch(3, 1)
        column.addLayout(grid)
        column.addWidget(self._note)
        self._say()

    @property
    def good(self) -> bool:
        """False where the cost is no amount of money."""
        text = self.stop_at.text().strip()
        return not text or money(text) is not None

    def show_cost(self, cost: Decimal | None) -> None:
        """The cost of now, so that what more repeats would cost can be said; None where it is not known."""
        self._cost = cost
        self._note_repeats()

    def _note_repeats(self) -> None:
        repeats = self.repeats.value()
        text = "1 repeat hides how steady a model is." if repeats == 1 else f"Each call is made {repeats} times."
        if repeats == 1 and self._cost:
            text += f" 3 would cost about {total_money(3 * self._cost)}."
        self._note.setText(text)

    def _say(self) -> None:
        self._cost = None  # it belonged to other numbers
        self._note_repeats()
        set_kind(self.stop_at, state="" if self.good else "error")
        self.changed.emit()


def money(text: str) -> Decimal | None:
    """The amount that a text names, or None."""
    try:
        value = Decimal(text.strip().lstrip("$").replace(",", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None
