"""What can be done with the branches of the open prompt: begin, switch, rename, close, compare with the main line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QLineEdit, QMenu, QWidget

from workbench.gui.context import Context
from workbench.gui.library.diff_side import MAIN, Side
from workbench.gui.library.working_copy import WorkingCopy
from workbench.gui.widgets.dialog import Dialog, ask_text
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import BranchRow, VersionRow


class BranchVerbs:
    """Each asks what it has to, calls the workspace, and offers to undo. `compared` opens the comparison of two sides."""

    def __init__(self, owner: QWidget, context: Context, working: WorkingCopy, compared: Callable[[Side, Side], object]) -> None:
        self._owner, self._context, self._working, self._compared = owner, context, working, compared

    def _call(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], object] | None = None) -> None:
        self._context.bridge.call(verb, *args, then=then, failed=self._context.failed, owner=self._owner)

    def begin(self, version: VersionRow | None = None) -> None:
        """Ask for a name and write on from a version (None: the one that is written on) beside what is there."""
        at = self._working.at
        version = version or (at.base if at is not None else None)
        if at is None or self._working.read_only:
            return
        if version is None:
            self._context.notice("A branch begins at a version. Save one first.")
            return
        made = Dialog(self._owner, f"New branch from v{version.number}", width=460)
        text = "A second rewrite beside the first, with versions and unsaved edits of its own. What follows the newest stays with main."
        made.body.addWidget(label(text, "body", "text2", wrap=True))
        made.body.addWidget(label("Name", "small", "text2", 500))
        field = QLineEdit()
        field.setAccessibleName("Name of the branch")
        field.setPlaceholderText("shorter")
        made.body.addWidget(field)
        along = QCheckBox("Take the unsaved edits along")
        along.setChecked(True)
        along.setVisible(self._working.unsaved and at.base is not None and version.id == at.base.id)
        made.body.addWidget(along)

        def go() -> None:
            made.accept()
            self._begin(version, field.text(), with_draft=not along.isHidden() and along.isChecked())

        made.add_cancel()
        main = made.add_button("Start the branch", go, kind="primary")
        main.setEnabled(False)
        field.textChanged.connect(lambda now: main.setEnabled(bool(now.strip())))
        made.first = field
        made.open()

    def _begin(self, version: VersionRow, name: str, *, with_draft: bool) -> None:
        id, branches, name = version.prompt_id, self._context.ws.branches, " ".join(name.split())

        def done(_none: object) -> None:
            undo = () if with_draft else ("Undo", lambda: self._call(branches.remove, id, name))
            self._context.notice(f"You write on {name} now, from v{version.number}.", *undo)

        self._working.flush()
        self._call(partial(branches.start, version.id, name, with_draft=with_draft), then=done)

    def switch(self, name: str) -> None:
        """Write on another branch; the unsaved edits of this one stay in it."""
        at = self._working.at
        if at is not None and name != at.prompt.branch:
            self._working.flush()
            self._call(self._context.ws.branches.switch, at.prompt.id, name)

    def rename(self, branch: BranchRow) -> None:
        """Ask for another name."""
        at = self._working.at
        if at is None:
            return
        id, rename = at.prompt.id, self._context.ws.branches.rename

        def go(new: str) -> None:
            if new == branch.name:
                return
            self._working.flush()
            said = f"{branch.name} is called {new} now."
            undo = ("Undo", lambda: self._call(rename, id, new, branch.name))
            self._call(rename, id, branch.name, new, then=lambda _none: self._context.notice(said, *undo))

        ask_text(self._owner, "Rename the branch", "Name", branch.name, "Rename", go)

    def close(self, branch: BranchRow) -> None:
        """Put a branch away; the notice opens it again."""
        at = self._working.at
        if at is None:
            return
        id, branches = at.prompt.id, self._context.ws.branches
        kept = [counted(branch.versions, "version")] if branch.versions else []
        kept += ["unsaved edits"] if branch.has_draft else []

        def done(_none: object) -> None:
            said = f"Closed {branch.name}. It keeps {' and '.join(kept)}." if kept else f"Closed {branch.name}."
            self._context.notice(said, "Undo", lambda: self._call(branches.switch, id, branch.name))

        self._working.flush()
        self._call(branches.close, id, branch.name, then=done)

    def compare(self, branch: BranchRow) -> None:
        """Show what differs between the main line and a branch."""
        at = self._working.at
        if at is not None:
            main = next((row for row in at.branches if not row.name), None)
            if main is not None:
                self._compared(self._side(main), self._side(branch))

    def run(self, branch: BranchRow) -> None:
        """Set up a comparison of the newest version of the main line and that of a branch."""
        at = self._working.at
        if at is not None:
            numbers = [row.newest or row.began for row in at.branches if not row.name or row.name == branch.name]
            self._context.go("compare", new=True, prompt_id=at.prompt.id, versions=[number for number in numbers if number is not None])

    def _side(self, branch: BranchRow) -> Side:
        """The unsaved edits of a branch, or its newest version."""
        at = self._working.at
        assert at is not None
        if branch.current and self._working.unsaved:
            return Side(None)
        if branch.has_draft and not branch.current:
            return Side(None, branch.name)
        number = branch.newest or branch.began
        return Side(next(row for row in at.versions if row.number == number))

    def menu(self) -> PopupMenu:
        """All branches, and what can be done with the one that is written on."""
        menu = PopupMenu(self._owner)
        at = self._working.at
        if at is None:
            return menu
        read_only = self._working.read_only
        for row in at.branches:
            if not row.closed:
                action = menu.addAction(_said(row, unsaved=self._working.unsaved))
                action.setCheckable(True)
                action.setChecked(row.current)
                action.setEnabled(not read_only)
                action.triggered.connect(lambda _checked=False, name=row.name: self.switch(name))
        menu.addSeparator()
        current = next((row for row in at.branches if row.current), None)
        if not read_only:
            menu.offer(self._context.action("library.new_branch"))
        if current is not None and current.name:
            self._add_own(menu, current, read_only=read_only)
        closed = [row for row in at.branches if row.closed]
        if closed and not read_only:
            inner = menu.addMenu("Closed")
            for row in closed:
                inner.addAction(f"Open {_said(row)}").triggered.connect(lambda _checked=False, name=row.name: self.switch(name))
        return menu

    def _add_own(self, menu: QMenu, current: BranchRow, *, read_only: bool) -> None:
        menu.addAction(f"Compare {current.name} with {MAIN}").triggered.connect(lambda: self.compare(current))
        if current.newest is not None:
            menu.addAction(f"Run {current.name} and {MAIN}").triggered.connect(lambda: self.run(current))
        if not read_only:
            menu.addSeparator()
            menu.addAction(f"Rename {current.name}").triggered.connect(lambda: self.rename(current))
            menu.addAction(f"Close {current.name}").triggered.connect(lambda: self.close(current))


def _said(row: BranchRow, *, unsaved: bool = False) -> str:
    """`shorter, v8, unsaved edits`."""
    parts = [row.name or MAIN, f"v{row.newest}" if row.newest is not None else f"from v{row.began}"]
    parts += ["unsaved edits"] if row.has_draft or (row.current and unsaved) else []
    return ", ".join(parts).replace("&", "&&")
