"""The right panel of the library: versions, parameters, estimate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.library.diff_side import MAIN
from workbench.gui.library.estimate_panel import EstimatePanel
from workbench.gui.library.parameters_panel import ParametersPanel
from workbench.gui.library.versions_list import WorkingRow
from workbench.gui.library.versions_panel import VersionsPanel
from workbench.gui.library.working_copy import WorkingCopy
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.quick_dataclass import replace
from workbench.values import Check, Content

if TYPE_CHECKING:
    from workbench.workspace import ModelRow

TABS = ("Versions", "Parameters", "Estimate")
_BRIEF = 2


class Inspector(QWidget):
    """Three tabs, and the estimate in brief below the first two."""

    branches_wanted = Signal()

    def __init__(self, context: Context, working: WorkingCopy) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Versions, parameters and estimate")
        self._context, self._working = context, working
        self._read: Content | None = None
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Pages beside the prompt")
        self.tabs.setExpanding(False)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_role(self.tabs, "body", 500)
        for name in TABS:
            self.tabs.addTab(name)
        self.versions = VersionsPanel()
        self.branch = button("", "git-branch", size="small", on=lambda: self.branches_wanted.emit(), opens=True)
        self.branch.setToolTip("Switch, rename or close a branch (Ctrl Shift B)")
        self.parameters = ParametersPanel(lambda schema: context.ws.schema_fault(schema), lambda schema: context.ws.schema_sample(schema))
        self.estimate = EstimatePanel(context.settings)
        self._pages = QStackedWidget()
        timeline = QWidget()
        rows = QVBoxLayout(timeline)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        self._branch_row = QWidget()
        across = QHBoxLayout(self._branch_row)
        across.setContentsMargins(14, 8, 14, 2)
        across.addWidget(self.branch)
        across.addStretch(1)
        rows.addWidget(self._branch_row)
        rows.addWidget(self.versions, 1)
        for page in (timeline, self.parameters, self.estimate):
            self._pages.addWidget(page)
        self._brief = QWidget()
        self._lines = QGridLayout()
        self._lines.setHorizontalSpacing(8)
        self._lines.setVerticalSpacing(3)
        self._compose()
        self.tabs.currentChanged.connect(self._show_tab)
        self.parameters.edited.connect(self._edited)
        overrides = self.parameters.overrides
        overrides.edited.connect(lambda changed: working.edit(replace(working.content, parameters_for=changed)))
        overrides.removed.connect(self._override_removed)
        overrides.models_wanted.connect(lambda: context.go("models"))
        checks = self.parameters.checks
        checks.edited.connect(lambda changed: working.edit(replace(working.content, checks=changed)))
        checks.removed.connect(self._check_removed)
        checks.wanted.connect(self._change_checks)
        working.opened.connect(self._show)
        working.renewed.connect(self._show)
        working.edited.connect(self._show_parameters)
        working.studied.connect(self._show)

    def _compose(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(14, 0, 14, 0)
        top.addWidget(self.tabs)
        top.addStretch(1)
        head = QHBoxLayout()
        head.addWidget(label("Estimate for one call", "small", "text2", 600))
        head.addStretch(1)
        head.addWidget(button("Details", kind="link", size="small", on=lambda: self.tabs.setCurrentIndex(2)))
        foot = QVBoxLayout(self._brief)
        foot.setContentsMargins(14, 6, 14, 10)
        foot.setSpacing(3)
        foot.addLayout(head)
        foot.addLayout(self._lines)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(line())
        column.addWidget(self._pages, 1)
        self._edge = line()
        column.addWidget(self._edge)
        column.addWidget(self._brief)

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_models(self, models: list[ModelRow]) -> None:
        """The models that the estimate is for, and that may have parameters of their own."""
        self.estimate.show_models(models)
        # By hand nothing is sent beside the messages.
        titles: dict[str, set[str]] = {}
        for row in models:
            if row.place != "hand":
                titles.setdefault(row.name, set()).add(row.title)
        # A model that is connected under several titles is called by its name.
        self.parameters.overrides.show_models({name: min(said) if len(said) == 1 else name for name, said in titles.items()})
        self._show_brief()

    def show_version(self, version_id: int | None) -> None:
        """Make a version current in the timeline, as soon as its prompt is shown."""
        if version_id is not None:
            self.tabs.setCurrentIndex(0)
        self.versions.want(version_id)

    def show_tokens(self, tokens: int) -> None:
        """About how many tokens one call sends."""
        content = self._working.content
        limits = {name: _limit(content.parameters_on(name)) for name in content.parameters_for}
        self.estimate.show_tokens(tokens, _limit(content.parameters), limits)
        self._show_brief()

    def show_parameters_of(self, content: Content | None) -> None:
        """Show the parameters of a saved version that is read; None: those of the working copy, which can be changed."""
        self._read = content
        self._show_parameters()

    def _show_tab(self, index: int) -> None:
        self._pages.setCurrentIndex(index)
        self._show_brief()

    def _show(self) -> None:
        at = self._working.at
        self.setEnabled(at is not None)
        self.versions.read_only = self._working.read_only
        versions, changed = (at.versions, at.changed) if at is not None else ((), {})
        branches = at.branches if at is not None else ()
        closed = frozenset(row.name for row in branches if row.closed)
        self.versions.show_versions(self._working_row(), versions, changed, closed, at.tip.id if at is not None and at.tip else None)
        self._branch_row.setVisible(len(branches) > 1)
        self.branch.setText((at.prompt.branch or MAIN).replace("&", "&&") if at is not None else "")
        self._show_parameters()

    def _working_row(self) -> WorkingRow | None:
        at, facts = self._working.at, self._working.facts
        if at is None or not self._working.unsaved:
            return None
        if at.base is None:
            uses = "include it in prompts" if at.prompt.kind == "snippet" else "compare and to run it"
            return WorkingRow(0, f"Save it as version 1 to {uses}.", can_discard=False)
        if facts is None or not facts.changed:
            return WorkingRow(0, "", can_discard=True, branch=at.prompt.branch, base=at.base.number)
        said = f"{facts.changed} since v{at.base.number}"
        return WorkingRow(facts.edits, said, can_discard=True, branch=at.prompt.branch, base=at.base.number)

    def _show_parameters(self) -> None:
        content = self._read or self._working.content
        read_only = self._working.read_only or self._read is not None
        self.parameters.show_parameters(content.parameters, content.output_schema, content.tools, read_only=read_only)
        self.parameters.overrides.show_overrides(content.parameters, content.parameters_for)
        self.parameters.checks.show_checks(content.checks)
        self.parameters.checks.setVisible(self._is_compared or bool(content.checks))

    @property
    def _is_compared(self) -> bool:
        """False of snippets and judge prompts: no comparison has them as a column, so that nothing would ask their checks."""
        return self._working.at is not None and self._working.at.prompt.kind == "prompt"

    def add_override(self) -> None:
        """Ask for a parameter for one model alone."""
        self.tabs.setCurrentIndex(1)
        if not self._working.read_only and self._read is None:
            self.parameters.overrides.ask()

    def add_check(self) -> None:
        """Ask for a check that travels with the prompt."""
        self.tabs.setCurrentIndex(1)
        if not self._is_compared:
            self._context.notice("Nothing was added: snippets and judge prompts are no columns of a comparison, so none asks their checks.")
        elif not self._working.read_only and self._read is None:
            self._change_checks(-1)

    def _change_checks(self, place: int) -> None:
        from workbench.gui.library.prompt_checks_dialog import PromptChecksDialog  # rows of checks are dear, and seldom wanted here

        of, part = self._working.prompt_id, self.parameters.checks

        def done(checks: tuple[Check, ...]) -> None:
            if self._working.prompt_id == of:
                part.change(checks)

        PromptChecksDialog(self, self._context, part.checks, done, place).open()

    def _override_removed(self, model: str, values: dict[str, Any]) -> None:
        overrides = self.parameters.overrides
        self._offer_undo(f"Took out what was only for {overrides.title_of(model)}.", partial(overrides.put_back, model, values))

    def _check_removed(self, place: int, check: Check) -> None:
        self._offer_undo(f"Took out the check {check.title}.", partial(self.parameters.checks.put_back, place, check))

    def _offer_undo(self, words: str, undo: Callable[[], object]) -> None:
        of = self._working.prompt_id

        def put_back() -> None:
            if self._working.prompt_id == of:
                undo()
            else:  # another prompt is open by now
                self._context.go("library", prompt_id=of)
                self._working.opened.connect(again, Qt.ConnectionType.SingleShotConnection)

        def again() -> None:
            if self._working.prompt_id == of:
                undo()

        self._context.notice(words, "Undo", put_back)

    def _show_brief(self) -> None:
        while self._lines.count():
            item = self._lines.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        lines = self.estimate.lines()[:_BRIEF]
        shown = bool(lines) and self._working.at is not None and self.tabs.currentIndex() != 2
        self._brief.setVisible(shown)
        self._edge.setVisible(shown)
        for row, (title, where, money, _month) in enumerate(lines):
            known = money not in ("price unknown", "free")
            self._lines.addWidget(ElidedLabel(title, "small", "text"), row, 0)
            self._lines.addWidget(label(where.rpartition(" · about ")[2], "micro", "text3"), row, 1)
            price = label(f"about {money}" if known else money, "small", "text" if known else "text3", 600 if known else 400)
            self._lines.addWidget(price, row, 2, Qt.AlignmentFlag.AlignRight)
        self._lines.setColumnStretch(0, 1)

    def _edited(self, parameters: dict[str, Any], schema: Any, tools: tuple[Any, ...]) -> None:
        self._working.edit(replace(self._working.content, parameters=parameters, output_schema=schema, tools=tools))

    def sizeHint(self) -> QSize:
        return QSize(theme().px(312), 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(250), 200)


def _limit(parameters: Mapping[str, Any]) -> int | None:
    longest = parameters.get("max_tokens")
    return longest if isinstance(longest, int) else None
