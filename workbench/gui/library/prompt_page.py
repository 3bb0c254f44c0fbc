"""The open prompt: its head, its messages, the values shown, and how it is sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui import keys_first
from workbench.gui.context import Context
from workbench.gui.library.find_bar import FindBar
from workbench.gui.library.header import PromptHeader
from workbench.gui.library.messages_pane import MessagesPane
from workbench.gui.library.old_version import OldVersion, Reading, reading
from workbench.gui.library.preview_pane import PreviewPane
from workbench.gui.library.problems import Problem, likely_type, problems, renamed_variable
from workbench.gui.library.roles import ROLES
from workbench.gui.library.samples import SampleStrip
from workbench.gui.library.shown_values import ShownValues
from workbench.gui.library.snippet_bar import SnippetBar
from workbench.gui.library.study import Facts, Preview, paths, preview
from workbench.gui.library.try_panel import Tried, TryPanel
from workbench.gui.library.variable_dialog import VariableDialog
from workbench.gui.library.working_copy import WorkingCopy, pause
from workbench.gui.theme import set_icon, set_role, theme
from workbench.gui.widgets.buttons import action_button, button
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import line
from workbench.gui.widgets.notice import Banner
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.splitter import Splitter
from workbench.gui.widgets.units import in_units
from workbench.gui.words import counted
from workbench.quick_dataclass import replace
from workbench.values import Content, Message, VariableSpec

if TYPE_CHECKING:
    from workbench.workspace import VersionRow

PREVIEW_MS = 150
UNSAVED_MS = 60
_MOST_PROBLEMS = 20
_MOST_MARKS = 200
VIEWS = ("edit", "split", "preview")


class PromptPage(QWidget):
    """Shows the working copy and writes into it."""

    restore_wanted = Signal()
    read = Signal(object)
    """The content of the saved version that is read; None: the working copy is shown again."""
    valued = Signal()
    """Values, or the messages rendered with them, are others now."""

    def __init__(self, context: Context, working: WorkingCopy) -> None:
        super().__init__()
        self.context, self.working = context, working
        self._shown = ShownValues(context, working, self)
        self._problems: list[Problem] = []
        self._newest: int | None = None
        self._prompt_id: int | None = None
        self._rendering = False
        self._render_again = False
        self._words = ""
        """What a search found here and is tinted."""
        self._tinted = False
        self._read_before: Facts | None = None
        """Of the working copy, when all of its messages could last be read."""
        self.header = PromptHeader()
        self.messages = MessagesPane(context)
        self._find = FindBar(self.messages)
        self.old = OldVersion(context, self.messages)
        self.snippets = SnippetBar()
        self.samples = SampleStrip(context)
        self.preview = PreviewPane()
        self.trial = TryPanel(context)
        self._archived = Banner("info", "", "", [button("Restore", on=self.restore_wanted.emit)], "archive-restore")
        self._nothing = EmptyState("No prompt is open", "Choose one at the left, or write a new one.")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_MS)
        self._timer.timeout.connect(self._render)
        self._unsaved_timer = QTimer(self)
        self._unsaved_timer.setSingleShot(True)
        self._unsaved_timer.setInterval(UNSAVED_MS)
        self._unsaved_timer.timeout.connect(self._show_unsaved)
        self._compose()
        self._connect()

    def _compose(self) -> None:
        trial = action_button(self.context.action("library.try"))
        trial.setProperty("bulk", "small")
        set_role(trial, "small", 500)
        set_icon(trial, "play", "text2", 14)
        self.preview.head.addWidget(trial)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._low = Splitter(self.context.settings, "library.answer", [200, 160], Qt.Orientation.Vertical)
        self._low.addWidget(self.preview)
        self._low.addWidget(self.trial)
        column.addWidget(line())
        column.addWidget(self.samples)
        column.addWidget(line())
        column.addWidget(self._low, 1)
        self._below = below
        self._split = Splitter(self.context.settings, "library.split", [theme().px(440), theme().px(330)], Qt.Orientation.Vertical)
        self._split.addWidget(self.old)
        self._split.addWidget(below)
        self._split.restore()
        self._low.restore()
        page = QWidget()
        page.setProperty("kind", "panel")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.header)
        rows.addWidget(line())
        rows.addWidget(self._archived)
        rows.addWidget(self.old.bar)
        rows.addWidget(self._find)
        rows.addWidget(self.snippets)
        rows.addWidget(self._split, 1)
        self._page = page
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self.show_view(self.context.settings.get("library.view") or "split")

    def _connect(self) -> None:
        self.working.opened.connect(self._opened)
        self.working.renewed.connect(self._renewed)
        self.working.edited.connect(self._edited)
        self.working.studied.connect(self._studied)
        self.messages.edited.connect(self._typed)
        self.messages.removed.connect(self._removed)
        self.messages.declared.connect(self._declared)
        self.old.back_wanted.connect(lambda: self.look_at(None))
        self.messages.sample_wanted.connect(self._want_sample)
        self.samples.sample_set.connect(self._shown.set)
        self.samples.declare_wanted.connect(self.declare)
        self.samples.problems_wanted.connect(self._list_problems)
        self.samples.case_wanted.connect(self.choose_case)
        self._shown.changed.connect(self._valued)
        self.samples.stepped.connect(self._shown.step_case)
        self.header.view_chosen.connect(self.show_view)
        theme().follow(self._studied)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    # -- what is shown -----------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """The values shown, by the names of their variables."""
        return self._shown.all

    @property
    def content(self) -> Content:
        """What is shown: the working copy, or the saved version that is read."""
        return self.working.content if self.old.now is None else self.old.now.content

    @property
    def _facts(self) -> Facts | None:
        return self.working.facts if self.old.now is None else self.old.now.facts

    @property
    def missing(self) -> list[str]:
        """Variables that the prompt needs and that have no value."""
        facts = self.working.facts
        return [name for name in facts.required if name not in self.values] if facts is not None else []

    @property
    def view(self) -> str:
        """edit, split or preview."""
        return str(self.header.views.value)

    def reading(self) -> list[QWidget]:
        """The parts from top to bottom: Tab goes through them so."""
        above = [self.header, self._archived, self.old.bar, self._find, self.snippets]
        return [*above, self.old, self.messages.foot, self.samples, self.preview, self.trial]

    def show_view(self, view: str) -> None:
        """Show the messages, the preview, or both."""
        self.header.views.set_value(view)
        self.context.settings.set("library.view", view)
        self.old.setVisible(view != "preview")
        self.preview.setVisible(view != "edit")
        self._low.setVisible(view != "edit" or not self.trial.isHidden())
        self._fit_below()

    def next_view(self) -> None:
        """The next of the three."""
        self.show_view(VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)])

    @property
    def finding(self) -> bool:
        """True while the search bar of the messages is open and has the keyboard."""
        focused = QApplication.focusWidget()
        return focused is not None and self._find.isAncestorOf(focused)

    def find_text(self, *, replace: bool = False) -> None:
        """Open the bar that searches the messages, with what is selected there."""
        if self.working.at is None:
            return
        if self.view == "preview":
            self.show_view("split")
        self._find.open(replace=replace and not self.working.read_only)

    def take_back(self, *, redo: bool = False) -> None:
        """Undo from the buttons of the search bar; in a text the keys are its own."""
        block = self.messages.current()
        if self.finding and block is not None:
            (block.editor.redo_step if redo else block.editor.undo_step)()

    def try_once(self) -> None:
        """Send the prompt once with the values shown."""
        at, old = self.working.at, self.old.now
        if at is not None:
            base = None if self.working.unsaved or at.base is None else at.base.number
            self._low.show()
            self._fit_below()
            self.trial.ask(Tried(at.prompt.name, at.prompt.uid, old.version.number if old is not None else base, self.content, self.values))

    def show_archived(self, archived: bool) -> None:
        """Say that the prompt is in the archive."""
        kind = self.working.at.prompt.kind if self.working.at is not None else "prompt"
        self._archived.title.setText(f"This {kind} is in the archive.")
        self._archived.setVisible(archived)

    # -- where a search came from ------------------------------------------------------------------------------

    def mark(self, words: str) -> None:
        """Tint these words in what is shown, from now until `unmark` or an edit, and go to the first of them."""
        self._words = words
        self._show_marks()

    def unmark(self) -> bool:
        """Take the tints away; False if there were none."""
        had, self._words = bool(self._words), ""
        if had:
            self._show_marks()
        return had

    def _show_marks(self) -> None:
        if not self._words and not self._tinted:
            return  # what the search bar tints is not ours
        self._tinted = is_first = bool(self._words)
        pane = self.messages if self.old.now is None else self.old.messages
        for block in pane.blocks:
            text = block.editor.text
            places = self.context.ws.search.places(self._words, text)[:_MOST_MARKS] if self._words else []
            units = [(in_units(text[:start]), in_units(text[:end])) for start, end in places]
            block.editor.set_hits(units)
            if units and is_first:
                is_first = False
                pane.show_stretch(block, units[0][0], units[0][0])

    # -- a saved version ---------------------------------------------------------------------------------------

    def look_at(self, version: VersionRow | None) -> None:
        """Read a saved version in the place of the working copy; None goes back to that."""
        if version is None:
            self._show_old(None)
            return
        self.working.flush()
        self.context.bridge.read(
            reading, self.context.ws, version, then=self._show_old, failed=self.context.failed, owner=self, key="library.reading"
        )

    def _show_old(self, found: Reading | None) -> None:
        at = self.working.at
        if found is not None and (at is None or at.prompt.id != found.version.prompt_id):
            return  # another prompt was opened meanwhile
        if found is None and self.old.now is None:
            return
        newest = at is None or at.tip is None or (found is not None and found.version.id == at.tip.id)
        self.old.read(found, None if newest or self.working.read_only else self.working.next_number)
        if found is not None and self.view == "preview":
            self.show_view("split")
        self.read.emit(found.content if found is not None else None)
        self._show_marks()
        self._show_values()
        self._timer.start(pause(PREVIEW_MS, self.content))

    def _leave_old(self) -> None:
        """Back to the working copy when a version was made: that is what goes on."""
        at = self.working.at
        newest = at.versions[0].id if at is not None and at.versions else None
        if newest != self._newest:
            self.look_at(None)
        self._newest = newest

    # -- what is shown -----------------------------------------------------------------------------------------

    def _opened(self) -> None:
        at = self.working.at
        self._read_before = None
        self.look_at(None)
        self._leave_old()
        self._find.close_bar()
        self._stack.setCurrentWidget(self._page if at is not None else self._nothing)
        if at is None or at.prompt.id != self._prompt_id:
            self.trial.leave()
            self.show_view(self.view)
        self._prompt_id = at.prompt.id if at is not None else None
        if at is None:
            return
        self._shown.open(at.samples)
        self.show_archived(at.prompt.archived)
        self.header.show_prompt(at, read_only=self.working.read_only)
        self._show_messages()
        self._show_marks()
        self._show_values()

    def _show_messages(self) -> None:
        at = self.working.at
        is_snippet = at is not None and at.prompt.kind == "snippet"
        self.messages.show_specs(self.working.content.variables)
        self.messages.show_messages(self.working.content.messages, read_only=self.working.read_only, is_snippet=is_snippet)
        self._show_snippets()

    def _show_snippets(self) -> None:
        at, facts = self.working.at, self.working.facts
        if at is not None:
            stale = facts.stale if facts is not None else None
            self.snippets.show_news(at, stale, None if self.working.unsaved else self.working.next_number, read_only=self.working.read_only)
            if facts is not None:
                names = [[name for name in of if name != at.prompt.name] for of in (facts.snippets, facts.unsaved_snippets)]
                self.messages.set_snippets(*names)
            else:
                self.messages.set_snippets(())

    def _renewed(self) -> None:
        at = self.working.at
        if at is None:
            return
        self._shown.samples = dict(at.samples)
        self.show_archived(at.prompt.archived)
        self.header.show_prompt(at, read_only=self.working.read_only)
        self._show_messages()
        self._leave_old()
        self._show_unsaved()
        self._show_values()
        self._timer.start(pause(PREVIEW_MS, self.content))

    def _edited(self) -> None:
        if keys_first.painting():  # the head may be laid out anew
            self._unsaved_timer.start()
        else:
            self._show_unsaved()
        self._timer.start(pause(PREVIEW_MS, self.content))

    def _studied(self) -> None:
        self._carry_declaration()
        self._show_snippets()
        self._show_unsaved()
        self._show_values()

    def _show_unsaved(self) -> None:
        at, facts = self.working.at, self.working.facts
        if at is None or not self.working.unsaved or at.base is None:
            self.header.show_unsaved("")
            return
        known = facts is not None and facts.edits > 0
        self.header.show_unsaved(counted(facts.edits, "unsaved edit") if known and facts is not None else "unsaved edits")

    def _show_values(self) -> None:
        facts = self._facts
        if facts is None:
            return
        values = self.values
        spare = [name for name in values if name not in facts.names]
        self.samples.show_case(self._shown.case)
        names = [name for name in facts.names if name in values or name in facts.certain]
        self.samples.show_values(
            names,
            facts.required,
            values,
            self._shown.from_case,
            read_only=self.working.read_only,
            looped=facts.looped,
            specs=facts.content.variables,
            is_broken=any(facts.problems),
            kind=self.working.at.prompt.kind if self.working.at is not None else "prompt",
        )
        self._problems = problems(facts, values)
        self.samples.show_problems(len(self._problems))
        messages = self.messages if self.old.now is None else self.old.messages
        messages.show_facts(facts, values, self._shown.dataset, spare)
        known = dict.fromkeys([*paths(values), *(variable.path for found in facts.variables for variable in found)])
        self.messages.set_names(sorted(known, key=str.casefold), facts.filters)
        self._fit_below()
        self.valued.emit()

    def _focus_moved(self, old: QWidget | None, _now: QWidget | None) -> None:
        if old is not None and self.isAncestorOf(old):
            self.working.flush()  # leaving a field keeps what was typed in it, without waiting

    def _fit_below(self) -> None:
        if not self._low.isHidden():
            self._below.setMaximumHeight(16_777_215)
        else:
            self._below.setMaximumHeight(max(self.samples.heightForWidth(self.width()), 20) + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_below()

    # -- what the user does ------------------------------------------------------------------------------------

    def _typed(self) -> None:
        self.unmark()
        self.working.edit(replace(self.working.content, messages=self.messages.messages))

    def _removed(self, place: int, message: Message) -> None:
        self.context.notice("Removed the message.", "Undo", lambda: self.messages.insert(place, message))

    def _want_sample(self, name: str) -> None:
        self.samples.edit(name)

    def set_sample(self, name: str, value: Any) -> None:
        """Keep a sample value; None removes it."""
        self._shown.set(name, value)

    def _valued(self) -> None:
        self._show_values()
        self._timer.start(pause(PREVIEW_MS, self.content))

    def declare(self, name: str) -> VariableDialog | None:
        """Ask for the type, the description and the default of a variable."""
        facts = self.working.facts
        if facts is None or self.working.read_only or self.old.now is not None:
            return None
        known = self.working.content.variables.get(name)
        made = VariableDialog(self, name, known, likely_type(name, facts), lambda spec: self._declared(name, spec))
        made.open()
        return made

    def _declared(self, name: str, spec: VariableSpec | None) -> None:
        variables = {one: known for one, known in self.working.content.variables.items() if one != name}
        if spec is not None:
            variables[name] = spec
        self.working.edit(replace(self.working.content, variables=dict(sorted(variables.items()))))
        self.messages.show_specs(self.working.content.variables)

    def _carry_declaration(self) -> None:
        """Give a variable that was renamed in the text the declaration of its old name, and its sample value."""
        facts, before = self.working.facts, self._read_before
        if facts is None or any(facts.problems) or facts.content != self.working.content:
            return
        self._read_before = facts
        pair = renamed_variable(before, facts) if before is not None else None
        if pair is None or self.working.read_only:
            return
        old, new = pair
        variables = {new if name == old else name: spec for name, spec in facts.content.variables.items()}
        if variables != facts.content.variables:
            self.working.edit(replace(self.working.content, variables=dict(sorted(variables.items()))))
        self._shown.rename(old, new)

    def _list_problems(self) -> None:
        menu = PopupMenu(self)
        for problem in self._problems[:_MOST_PROBLEMS]:
            where = "" if problem.message is None else f"{ROLES[self.content.messages[problem.message].role][0]}, line {problem.line}: "
            text = f"{where}{problem.text}".replace("&", "&&")
            menu.addAction(text).triggered.connect(lambda _checked=False, problem=problem: self._jump(problem))
        menu.popup(self.samples.problems.mapToGlobal(QPoint(0, self.samples.problems.height() + 3)))

    def _jump(self, problem: Problem) -> None:
        if problem.message is None:
            self.declare(problem.variable)
            return
        if self.view == "preview":
            self.show_view("split")
        (self.messages if self.old.now is None else self.old.messages).jump(problem.message, problem.line, problem.column)

    def choose_case(self) -> None:
        """Open the list of cases below the button."""
        self._shown.choose_case(self.samples.case_button)

    def step_case(self, step: int) -> None:
        """Show the next or the previous case's values."""
        self._shown.step_case(step)

    # -- preview -----------------------------------------------------------------------------------------------

    def _render(self) -> None:
        if self.working.at is None or self.context.workspace is None:
            return
        if self._rendering:
            self._render_again = True
            return
        self._rendering = True
        is_snippet = self.working.at.prompt.kind == "snippet"
        render = partial(preview, is_snippet=is_snippet)
        self.context.bridge.read(
            render, self.context.ws, self.content, self.values, then=self._rendered, failed=self._not_rendered, owner=self
        )

    def _rendered(self, found: Preview) -> None:
        self._rendering = False
        self.preview.show_preview(found)
        (self.messages if self.old.now is None else self.old.messages).show_tokens(found.tokens)
        self.valued.emit()
        if self._render_again:
            self._render_again = False
            self._timer.start(pause(PREVIEW_MS, self.content))

    def _not_rendered(self, problem: BaseException) -> None:
        self._rendering = False
        self.context.failed(problem)
