"""Who judges, of a check that a model judges: the model, the judge prompt and its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import label
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass(frozen=True, slots=True)
class JudgeChoices:
    """What can be chosen: titles of models, and of judge prompts by name the number of their newest version."""

    models: Sequence[str] = ()
    prompts: Mapping[str, int] | None = None
    usual: str = ""
    """The model in the settings."""


def judge_choices(ws: Workspace) -> JudgeChoices:
    """Which models and judge prompts a check may name."""
    rows = [row for row in ws.connections.models() if not row.embeds and row.place != "hand"]
    named = str(ws.settings.get("judge_model") or "")
    prompts = {row.name: row.latest for row in ws.judges.prompts() if row.latest}
    return JudgeChoices([row.title for row in rows], prompts, next((row.title for row in rows if row.uid == named), named))


class JudgeLine(QWidget):
    """A model, a prompt, a version; each has a usual choice."""

    changed = Signal()

    def __init__(self, judge: Mapping[str, Any]) -> None:
        super().__init__()
        self._judge = {name: judge[name] for name in ("model", "prompt", "version") if judge.get(name)}
        self._choices = JudgeChoices()
        across = QHBoxLayout(self)
        across.setContentsMargins(theme().px(24), 0, 0, 0)
        across.setSpacing(6)
        self.model = _combo("Judge", "The model that judges; it gets the answer and what was asked")
        self.prompt = _combo("Judge prompt", "What it is asked: a prompt of the library, under Judges")
        self.version = _combo("Version of the judge prompt", "Which version of it")
        across.addWidget(label("Judge", "small", "text2"))
        across.addWidget(self.model, 5)
        across.addWidget(label("asked by", "small", "text2"))
        across.addWidget(self.prompt, 5)
        across.addWidget(self.version, 2)
        self._fill()
        for made in (self.model, self.prompt, self.version):
            made.currentIndexChanged.connect(lambda _index: self._chosen())

    def offer(self, choices: JudgeChoices) -> None:
        """Offer these models and prompts."""
        self._choices = choices
        self._fill()

    @property
    def judge(self) -> dict[str, Any]:
        """What differs from the usual, as a check keeps it."""
        return dict(self._judge)

    def _chosen(self) -> None:
        before = self._judge.get("prompt")
        found = {"model": self.model.currentData(), "prompt": self.prompt.currentData(), "version": self.version.currentData()}
        self._judge = {name: value for name, value in found.items() if value}
        if self._judge.get("prompt") != before:
            self._judge.pop("version", None)
            self._fill()
        self.changed.emit()

    def _fill(self) -> None:
        prompts = self._choices.prompts or {}
        usual = f"As in Settings: {self._choices.usual}" if self._choices.usual else "As in Settings"
        named = self._judge.get("prompt")
        newest = prompts.get(str(named), 0) if named else max(prompts.values(), default=1)
        _show(self.model, [(usual, None), *((title, title) for title in self._choices.models)], self._judge.get("model"))
        _show(self.prompt, [("the usual prompt", None), *((name, name) for name in prompts)], named)
        numbers = [(f"v{number}", number) for number in range(newest, 0, -1)]
        _show(self.version, [("newest", None), *numbers], self._judge.get("version"))


def _combo(name: str, tip: str) -> QComboBox:
    made = ElidedCombo()
    made.setAccessibleName(name)
    made.setToolTip(tip)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(6)
    return made


def _show(made: QComboBox, items: Sequence[tuple[str, Any]], chosen: Any) -> None:
    """Offer these; what is chosen already stays, also where it is not among them."""
    with QSignalBlocker(made):
        made.clear()
        for text, data in items:
            made.addItem(text, data)
        if chosen is not None and made.findData(chosen) < 0:
            made.addItem(f"v{chosen}" if isinstance(chosen, int) else str(chosen), chosen)
        made.setCurrentIndex(max(0, made.findData(chosen)) if chosen is not None else 0)
