"""The library screen: the list of prompts, the open prompt, its versions and parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.library.branch_verbs import BranchVerbs
from workbench.gui.library.chosen import ChosenPrompts
from workbench.gui.library.exchange import Exchange
from workbench.gui.library.folder_strip import FolderStrip
from workbench.gui.library.list_pane import ListPane
from workbench.gui.library.menus import list_menu, page_menu
from workbench.gui.library.study import count_edits, marks_of
from workbench.gui.library.tree import Filter
from workbench.gui.library.verbs import PromptVerbs
from workbench.gui.library.version_verbs import VersionVerbs
from workbench.gui.library.versions_list import WorkingRow
from workbench.gui.library.working_copy import WorkingCopy
from workbench.gui.screen import Crumb, Screen
from workbench.gui.widgets.buttons import action_button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.three_panes import ThreePanes
from workbench.values import Changes, Problem

if TYPE_CHECKING:
    from workbench.gui.library.inspector import Inspector
    from workbench.gui.library.prompt_page import PromptPage
    from workbench.workspace import Hit, PromptRow, Workspace

_COUNTED_DRAFTS = 50
"""Unsaved edits are counted for so many prompts; the others say only that there are some."""


class LibraryScreen(Screen):
    """Composes list, page and inspector, and connects the actions of the table.

    The list comes first: page and inspector are made when its rows are shown, or when something asks for them before.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._let_go = False
        self._first = True
        self._write_into: int | None = None
        self._read_version: int | None = None
        self._words = ""
        self._wanted: dict[str, Any] = {}
        """The place that was asked for before the page was there to show it."""
        self.working = WorkingCopy(context, self)
        self.verbs = PromptVerbs(self, context, self.working, self.open, self._open_new)
        self.version_verbs = VersionVerbs(self, context, self.working, self.open, lambda: self.page.missing)
        self.branch_verbs = BranchVerbs(self, context, self.working, self.version_verbs.diff_sides)
        self.exchange = Exchange(self, context)
        used = ("library.new", "library.new_folder", "file.export", "file.import")
        actions = {id: context.action(id) for id in used}
        self.list = ListPane(actions, lambda: self.verbs.new(""), self.exchange.ask_import)
        self.chosen = ChosenPrompts(context, self.list, self.working, self.verbs, self.exchange)
        self._save = action_button(context.action("library.save"), "Save version", show_key=True)
        self._compare = action_button(context.action("library.compare"), "Compare...", kind="primary")
        self._frame = ThreePanes(context.settings, "library", self.list, QWidget(), QWidget(), (264, 312))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(FolderStrip(context))
        column.addWidget(self._frame, 1)
        self.setAcceptDrops(True)
        self._connect()
        self._bind_actions()

    def _connect(self) -> None:
        self.list.chosen.connect(self._chosen)
        self.list.text_wanted.connect(self._find_text)
        self.list.left.connect(self._focus_text)
        self.list.menu_wanted.connect(lambda at: self.menu().popup(at))
        self.list.moved.connect(self._move)
        self.list.filter_changed.connect(lambda _filter: self._read_rows())

    def _move(self, ids: list[int], folders: list[str], into: str) -> None:
        self.verbs.move(self.chosen.rows_of(ids), into)
        self.verbs.move_folders(folders, into)

    @cached_property
    def _room(self) -> tuple[PromptPage, Inspector]:
        from workbench.gui.library.inspector import Inspector  # with the editor a fifth of a start, which the list does not wait for
        from workbench.gui.library.prompt_page import PromptPage

        page, inspector = PromptPage(self.context, self.working), Inspector(self.context, self.working)
        page.valued.connect(lambda: inspector.show_tokens(sum(page.preview.shown.tokens)))
        page.read.connect(inspector.show_parameters_of)
        page.old.restore_wanted.connect(self.version_verbs.restore)
        page.restore_wanted.connect(lambda: self.verbs.restore(self.chosen.rows))
        page.header.menu_wanted.connect(self._page_menu)
        page.header.rename_wanted.connect(lambda: self.chosen.with_open(self.verbs.rename))
        page.header.describe_wanted.connect(lambda: self.chosen.with_open(self.verbs.describe))
        page.header.tags_wanted.connect(lambda: self.chosen.with_open(self.verbs.tag))
        page.snippets.take_in_wanted.connect(self.version_verbs.take_in)
        page.snippets.opened.connect(self.open)
        page.header.branch_wanted.connect(self._branch_menu)
        inspector.branches_wanted.connect(self._branch_menu)
        page.header.diff_wanted.connect(self.version_verbs.diff_working)
        inspector.versions.acted.connect(self._version_acted)
        inspector.estimate.models_wanted.connect(lambda: self.context.go("models"))
        self.working.opened.connect(self._opened)
        self.working.renewed.connect(self._show_buttons)
        self.working.edited.connect(self._show_buttons)
        self.working.studied.connect(self._count_own)
        self._frame.fill(page, inspector)
        self._read_models()
        return page, inspector

    @property
    def page(self) -> PromptPage:
        """The open prompt in the middle."""
        return self._room[0]

    @property
    def inspector(self) -> Inspector:
        """Its versions and parameters at the right."""
        return self._room[1]

    @property
    def _furnished(self) -> bool:
        return "_room" in self.__dict__

    def _furnish(self) -> None:
        """Make the page, and show in it what was asked for meanwhile."""
        at, self._wanted = self._wanted, {}
        if self.context.workspace is not None and self._room and at:  # it may have closed meanwhile
            self.show_at(**at)

    def _bind_actions(self) -> None:
        verbs: dict[str, Callable[[], object]] = {
            "library.save": self.version_verbs.save,
            "library.try": lambda: self.page.try_once(),
            "library.compare": self.compare,
            "library.diff": lambda: self.version_verbs.diff_current(self.inspector.versions.current()),
            "library.diff_prompts": lambda: self.version_verbs.diff_prompts(self.chosen.rows),
            "library.label": self._label,
            "library.new_branch": self.branch_verbs.begin,
            "library.branches": self._branch_menu,
            "library.view": lambda: self.page.next_view(),
            "library.add_message": lambda: self._write(lambda: self.page.messages.add()),
            "library.add_examples": lambda: self._write(lambda: self.page.messages.add_examples()),
            "library.add_history": lambda: self._write(lambda: self.page.messages.add_history()),
            "library.message_copy": lambda: self._write(lambda: self.page.messages.duplicate()),
            "library.message_role": lambda: self._write(lambda: self.page.messages.choose_role()),
            "library.message_remove": lambda: self._write(lambda: self.page.messages.remove()),
            "library.add_override": lambda: self._write(self._add_override),
            "library.add_check": lambda: self._write(self._add_check),
            "library.new_snippet": lambda: self.verbs.new(self.list.folder(), "snippet"),
            "library.insert_snippet": lambda: self._write(lambda: self.page.messages.choose_snippet()),
            "library.attach": lambda: self._write(lambda: self.page.messages.attach()),
            "library.message_up": lambda: self._write(lambda: self.page.messages.shift(-1)),
            "library.message_down": lambda: self._write(lambda: self.page.messages.shift(1)),
            "library.collapse": lambda: self._write(lambda: self.page.messages.fold()),
            "library.find": lambda: self._write(lambda: self.page.find_text()),
            "library.replace": lambda: self._write(lambda: self.page.find_text(replace=True)),
            "edit.undo": lambda: self.page.take_back(),
            "edit.redo": lambda: self.page.take_back(redo=True),
            "library.complete": lambda: self._write(lambda: self.page.messages.complete()),
            "library.next_problem": lambda: self._write(lambda: self._next_problem(1)),
            "library.previous_problem": lambda: self._write(lambda: self._next_problem(-1)),
            "library.rename": self.chosen.rename,
            "library.duplicate": lambda: self.chosen.with_row(self.verbs.duplicate),
            "library.archive": self.chosen.archive,
            "library.move": self.chosen.move,
            "library.tags": self.chosen.tag,
            "library.new_folder": lambda: self.verbs.new_folder(self.list.folder()),
            "library.discard": self.version_verbs.discard,
            "library.export_for": self.chosen.export_for,
            "library.copy_curl": lambda: self.version_verbs.copy_code(None, "curl", self.page.trial.chosen),
            "library.copy_python": lambda: self.version_verbs.copy_code(None, "python", self.page.trial.chosen),
        }
        for id, verb in verbs.items():
            self.on(id, verb)

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        at = self.working.at
        if at is None:
            return [("Library", None)]
        crumbs: list[Crumb] = [("Library", self.search_focus)]
        path = ""
        for part in at.prompt.folder.split("/") if at.prompt.folder else ():
            path = f"{path}/{part}" if path else part
            crumbs.append((part, lambda path=path: self.list.select_folder(path)))  # type: ignore[misc]
        return [*crumbs, (at.prompt.name, None)]

    def top_actions(self) -> list[QWidget]:
        return [self._save, self._compare] if self.working.at is not None else []

    def show_at(self, **at: Any) -> None:
        """`prompt_id`, maybe with `version_id`, with `read` to be read at once; `folder`; `start` = new, import, export; `import_paths`."""
        if at.get("prompt_id") is not None and not self._furnished:
            self._wanted = at
            return
        if at.get("prompt_id") is not None:
            self.page.mark("")
            self._words = str(at.get("words") or "")
            self.inspector.show_version(at.get("version_id"))
            self._read_version = at.get("version_id") if at.get("read") else None
            shown = int(at["prompt_id"]) == self.working.prompt_id
            self.open(int(at["prompt_id"]))
            if shown:
                self._read_wanted()
                self._mark_wanted()
        if at.get("folder"):
            self.list.go_to_folder(str(at["folder"]))
        if at.get("import_paths"):
            self.exchange.read([str(path) for path in at["import_paths"]])
        if at.get("start") == "new":
            self.verbs.new(self.list.folder())
        elif at.get("start") == "import":
            self.exchange.ask_import()
        elif at.get("start") == "export":
            self.working.flush()
            self.exchange.export(self.list.folder(), self.chosen.rows)
        elif not at:
            self.list.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def where(self) -> dict[str, Any]:
        id = self.working.prompt_id or self._wanted.get("prompt_id")
        return {"prompt_id": id} if id is not None else {}

    def refresh(self, changes: Changes | None) -> None:
        if changes is None or changes.has("prompt", "version", "label", "folder"):
            self._read_rows()
        if self._furnished and (changes is None or changes.has("model", "connection")):
            self._read_models()
        at = self.working.at
        if at is not None and changes is not None:
            mine = at.prompt.id in changes.ids("prompt")
            draft = changes.has("draft") and not self.working.keeping
            if mine or draft or changes.has("version", "label", "run"):
                self.working.renew()
            if changes.has("prompt", "version"):
                self.working.study()  # a snippet may be another one now

    def search_focus(self) -> None:
        focused = QApplication.focusWidget()
        if self._furnished and (self.page.finding or (focused is not None and self.page.messages.isAncestorOf(focused))):
            self._write(self.page.find_text)
            return
        if self.list.isHidden():
            self._frame.toggle_left()
        self.list.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.list.field.selectAll()

    def new(self) -> None:
        self.verbs.new(self.list.folder())

    def panes(self) -> list[QWidget]:
        panes = (self.list, self.page, self.inspector) if self._furnished else (self.list,)
        return [pane for pane in panes if not pane.isHidden()]

    def toggle_left(self) -> None:
        self._frame.toggle_left()

    def toggle_right(self) -> None:
        self._frame.toggle_right()

    def leave(self) -> bool:
        if self._let_go:
            return True
        try:
            self.working.flush_now()
        except Problem as problem:
            self._ask_to_let_go(problem)
            return False
        return True

    def hideEvent(self, event: object) -> None:
        self.working.flush()

    def _ask_to_let_go(self, problem: Problem) -> None:
        def let_go() -> None:
            self._let_go = True
            made.accept()
            self.window().close()

        def again() -> None:
            made.accept()
            self.window().close()

        made = Dialog(self, "Your last edits are not saved", width=480)
        made.body.addWidget(label(f"{problem} Your text is kept in this window.", "body", "text2", wrap=True))
        made.add_button("Close and lose them", let_go, kind="danger")
        made.add_cancel("Stay")
        made.add_button("Try again", again, kind="primary")
        made.open()

    # -- reading -----------------------------------------------------------------------------------------------

    def _read_rows(self) -> None:
        self.context.bridge.read(
            _read, self.context.ws, self.list.filter, then=self._show_rows, failed=self.context.failed, owner=self, key="library.rows"
        )

    def _show_rows(self, found: tuple[list[PromptRow], list[str], dict[int, str]]) -> None:
        rows, folders, marks = found
        self.chosen.know(rows, folders)
        self.list.show_rows(rows, folders)
        self.list.model.set_marks(marks)
        current = self.working.prompt_id
        if current is not None:
            self.list.select(current)
        if self._first:
            self._first = False
            self.list.view.once_painted(self._arrive)
        drafts = [row.id for row in rows if row.has_draft and row.latest is not None][:_COUNTED_DRAFTS]
        if drafts:
            self.context.bridge.read(
                count_edits, self.context.ws, drafts, then=self._show_edits, failed=lambda _problem: None, owner=self, key="library.edits"
            )
        self._show_buttons()

    def _show_edits(self, edits: dict[int, int]) -> None:
        self.list.model.set_edits({**self.list.model.edits, **edits})

    def _count_own(self) -> None:
        at, facts = self.working.at, self.working.facts
        if at is not None and facts is not None:
            self.list.model.set_edits({**self.list.model.edits, at.prompt.id: facts.edits})

    def _read_models(self) -> None:
        def show(models: Any) -> None:
            self.inspector.show_models(models)
            self.page.trial.show_models(models)

        workspace = self.context.ws  # its service of connections is imported on the reading thread, not here
        self.context.bridge.read(
            lambda: [row for row in workspace.connections.models() if not row.embeds],
            then=show,
            failed=self.context.failed,
            owner=self,
            key="library.models",
        )

    # -- the open prompt ---------------------------------------------------------------------------------------

    def _arrive(self) -> None:
        """Open what was asked for while the list was read and painted, else its first prompt."""
        self._furnish()
        first = self.list.first()
        if self.working.prompt_id is None and first is not None and self.context.workspace is not None:  # it may have closed meanwhile
            folder = self.list.current_folder()
            self.open(first)
            if folder:  # somebody went there meanwhile
                self.list.select_folder(folder)

    def open(self, prompt_id: int) -> None:
        """Show a prompt, in the list too."""
        self._furnish()
        if prompt_id != self.working.prompt_id:
            self.working.open(prompt_id)
        self.list.select(prompt_id)

    def _chosen(self, prompt_id: int) -> None:
        self.inspector.show_version(self.list.found_version(prompt_id))
        self.page.mark("")
        self._words = self.list.filter.text
        self.open(prompt_id)

    def _find_text(self, text: str) -> None:
        def show(found: Mapping[int, Hit]) -> None:
            self.list.show_found(text, found)

        if len(text) > 1:
            find = self.context.ws.search.prompts_with
            self.context.bridge.read(find, text, then=show, failed=lambda _error: None, owner=self, key="library.text")

    def _read_wanted(self) -> None:
        """Read the version that was asked for, if its prompt is shown by now."""
        at, wanted = self.working.at, self._read_version
        version = next((row for row in at.versions if row.id == wanted), None) if at is not None else None
        if version is not None:
            self._read_version = None
            self._show_version(version)

    def _mark_wanted(self) -> None:
        """Tint the words that a search found, once what has them is shown."""
        words, self._words = self._words, ""
        if words:
            self.page.mark(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape or not self.page.unmark():
            super().keyPressEvent(event)

    def _open_new(self, prompt_id: int) -> None:
        self._write_into = prompt_id
        self.open(prompt_id)

    def _opened(self) -> None:
        at = self.working.at
        if at is not None and at.prompt.id == self._write_into:
            self._write_into = None
            self._focus_text()
        self._read_wanted()
        self._mark_wanted()
        self._show_buttons()
        self.crumbs_changed.emit()

    def _show_buttons(self) -> None:
        at = self.working.at
        writable = at is not None and not self.working.read_only
        self.context.action("library.save").setEnabled(writable and (self.working.unsaved or at is None or at.base is None))
        self.context.action("library.compare").setEnabled(at is not None and not at.prompt.archived and at.prompt.kind != "snippet")
        if at is not None and self.crumbs()[-1][0] != getattr(self, "_titled", ""):
            self._titled = at.prompt.name
            self.crumbs_changed.emit()

    def _focus_text(self) -> None:
        self.page.look_at(None)
        if self.page.view == "preview":
            self.page.show_view("split")
        if self.page.messages.blocks:
            self.page.messages.blocks[0].editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _write(self, verb: Callable[[], object]) -> None:
        """Do something with the text of the working copy, which is shown for it."""
        self.page.look_at(None)
        verb()

    def _next_problem(self, step: int) -> None:
        if not self.page.messages.next_problem(step):
            self.context.notice("No problems in this prompt.")

    def compare(self) -> None:
        """Set up a comparison with this prompt; what is typed goes along as its newest version."""
        at = self.working.at
        if at is None:
            return
        if self.working.unsaved and not self.working.read_only:
            self._save_first()
        else:
            self.context.go("compare", new=True, prompt_id=at.prompt.id)

    def _save_first(self) -> None:
        at = self.working.at
        assert at is not None
        id, number = at.prompt.id, self.working.next_number
        made = Dialog(self, "Compare this prompt", width=480)
        text = f"A comparison runs saved versions. Save the edits as v{number} first?"
        made.body.addWidget(label(text, "body", "text2", wrap=True))

        def go() -> None:
            made.accept()
            self.context.go("compare", new=True, prompt_id=id)

        def save() -> None:
            made.accept()
            self.working.save_version("", lambda _row: self.context.go("compare", new=True, prompt_id=id))

        made.add_cancel()
        if at.base is not None:
            made.add_button(f"Compare v{at.versions[0].number}", go)
        made.first = made.add_button(f"Save v{number} and compare", save, kind="primary")
        made.open()

    # -- versions ----------------------------------------------------------------------------------------------

    def _version_acted(self, what: str, row: Any) -> None:
        verbs: dict[str, Callable[[], object]] = {
            "show": lambda: self._show_version(row),
            "diff": self._show_working,
            "discard": self.version_verbs.discard,
            "compare": lambda: self.version_verbs.diff(row) if not isinstance(row, WorkingRow) else self.version_verbs.diff_working(),
            "label": lambda: self.version_verbs.label(row),
            "branch": lambda: self.branch_verbs.begin(row),
            "restore": lambda: self.version_verbs.restore(row),
            "copy": lambda: self.version_verbs.copy_text(row),
            "copy_curl": lambda: self.version_verbs.copy_code(row, "curl", self.page.trial.chosen),
            "copy_python": lambda: self.version_verbs.copy_code(row, "python", self.page.trial.chosen),
        }
        verbs[what]()

    def _branch_menu(self) -> None:
        below = next((part for part in (self.inspector.branch, self.page.header.branch) if part.isVisible()), self.page.header.more)
        self.branch_verbs.menu().popup(below.mapToGlobal(QPoint(0, below.height() + 2)))

    def _show_version(self, row: Any) -> None:
        if self._frame.narrow:  # the panel would lie over what is to be read
            self._frame.show_right(False)
        self.page.look_at(row)

    def _add_override(self) -> None:
        self._frame.show_right(True)
        self.inspector.add_override()

    def _add_check(self) -> None:
        self._frame.show_right(True)
        self.inspector.add_check()

    def _show_working(self) -> None:
        if self.page.old.now is not None:
            self.page.look_at(None)
        else:
            self.version_verbs.diff_working()

    def _label(self) -> None:
        at = self.working.at
        version = self.inspector.versions.current() or (at.versions[0] if at is not None and at.versions else None)
        if version is not None and not self.working.read_only:
            self.version_verbs.label(version)

    # -- prompts and folders -----------------------------------------------------------------------------------

    def menu(self) -> QMenu:
        """What can be done with the lines selected in the list."""
        return list_menu(self, self.context, self.verbs, self.list.current_folder(), self.chosen.rows)

    def _page_menu(self) -> None:
        more = self.page.header.more
        if self.working.at is not None:
            page_menu(self, self.context, self.verbs, self.working.at.prompt).popup(more.mapToGlobal(QPoint(0, more.height() + 2)))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and all(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.exchange.read([url.toLocalFile() for url in event.mimeData().urls()])


def _read(ws: Workspace, filter: Filter) -> tuple[list[PromptRow], list[str], dict[int, str]]:
    rows = ws.prompts.list(archived=filter.archived)
    return rows, ws.prompts.folders(), marks_of(ws, rows)
