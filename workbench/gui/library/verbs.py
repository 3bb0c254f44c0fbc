"""What can be done with prompts and folders: each asks what it has to, calls the workspace, and offers to undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLineEdit, QWidget

from workbench.gui.context import Context
from workbench.gui.library.header import tag_list
from workbench.gui.library.working_copy import WorkingCopy
from workbench.gui.widgets.dialog import Dialog, ask_text
from workbench.gui.widgets.labels import label
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import PromptRow, Use


class PromptVerbs:
    """The verbs of the library screen. `opened` is told the prompt that is to be shown next, `made` the one to be written."""

    def __init__(
        self,
        owner: QWidget,
        context: Context,
        working: WorkingCopy,
        opened: Callable[[int], object],
        made: Callable[[int], object],
    ) -> None:
        self._owner, self._context, self._working, self._opened, self._made = owner, context, working, opened, made

    def _call(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], object] | None = None) -> None:
        self._context.bridge.call(verb, *args, then=then, failed=self._context.failed, owner=self._owner)

    def _refuse(self) -> bool:
        """True, with a word to the user, where nothing can be written: before they have typed anything."""
        if self._context.ws.read_only:
            self._context.say_read_only()
        return self._context.ws.read_only

    # -- prompts -----------------------------------------------------------------------------------------------

    def new(self, folder: str, kind: str = "prompt") -> None:
        """Ask for a name and write a new prompt or snippet."""
        if self._refuse():
            return
        where = [f"In the folder {folder}."] if folder else []
        if kind == "snippet":
            where.insert(0, "A text that prompts include by this name, such as refund_policy.")
        prompts = self._context.ws.prompts
        ask_text(
            self._owner,
            f"New {kind}",
            "Name",
            "",
            "Write it",
            lambda name: self._call(prompts.create, name, folder, None, "", kind, then=self._made),
            text=" ".join(where),
        )

    def rename(self, row: PromptRow) -> None:
        """Ask for another name."""
        prompts = self._context.ws.prompts

        def done(name: str, followed: int) -> None:
            told = f" {counted(followed, 'prompt')} {'has' if followed == 1 else 'have'} the new name as unsaved edits." if followed else ""
            self._context.notice(f"Renamed {row.name} to {name}.{told}", "Undo", lambda: self._call(prompts.rename, row.id, row.name))

        def go(name: str) -> None:
            if name != row.name:
                self._working.flush()
                self._call(prompts.rename, row.id, name, then=lambda followed: done(name, followed))

        if row.kind != "snippet":
            ask_text(self._owner, "Rename the prompt", "Name", row.name, "Rename", go)
            return

        def ask(uses: Sequence[Use]) -> None:
            ask_text(self._owner, "Rename the snippet", "Name", row.name, "Rename", go, text=_included(row.name, uses))

        snippets = self._context.ws.snippets
        self._context.bridge.read(
            lambda: snippets.uses().get(row.name, ()), then=ask, failed=self._context.failed, owner=self._owner, key="library.uses"
        )

    def describe(self, row: PromptRow) -> None:
        """Ask for a description."""
        prompts = self._context.ws.prompts
        ask_text(
            self._owner,
            "Describe the prompt",
            "What it does, in a sentence",
            row.description,
            "Keep",
            lambda text: self._call(prompts.describe, row.id, text),
            allow_empty=True,
        )

    def tag(self, row: PromptRow) -> None:
        """Ask for the tags."""
        prompts = self._context.ws.prompts
        ask_text(
            self._owner,
            "Tags",
            "With commas between",
            ", ".join(row.tags),
            "Keep",
            lambda text: self._call(prompts.set_tags, row.id, tag_list(text)),
            allow_empty=True,
        )

    def tag_all(self, rows: Sequence[PromptRow]) -> None:
        """Ask which tags several prompts get and lose; the notice brings the old ones back."""
        prompts, before = self._context.ws.prompts, {row.id: row.tags for row in rows}
        many = counted(len(rows), "prompt")
        made = Dialog(self._owner, f"Tags of {many}", width=440)
        some = sorted({tag for row in rows for tag in row.tags}, key=str.casefold)
        shared = f"They have {', '.join(some)}, all or some of them." if some else "None of them has a tag."
        made.body.addWidget(label(f"{shared} Write several with commas between.", "body", "text2", wrap=True))
        add, remove = QLineEdit(), QLineEdit()
        for field, text in ((add, "Tags to add"), (remove, "Tags to remove")):
            made.body.addWidget(label(text, "small", "text2"))
            field.setAccessibleName(text)
            made.body.addWidget(field)

        def go() -> None:
            gone, new = set(tag_list(remove.text())), tag_list(add.text())
            after = {row.id: (*(tag for tag in row.tags if tag not in gone), *(tag for tag in new if tag not in row.tags)) for row in rows}
            changed = {id: tags for id, tags in after.items() if set(tags) != set(before[id])}
            made.accept()
            if changed:
                back = {id: before[id] for id in changed}
                said = f"Changed the tags of {counted(len(changed), 'prompt')}."
                self._call(
                    prompts.set_tags_of,
                    changed,
                    then=lambda _none: self._context.notice(said, "Undo", lambda: self._call(prompts.set_tags_of, back)),
                )

        made.add_cancel()
        made.add_button("Change the tags", go, kind="primary")
        made.first = add
        made.open()

    def duplicate(self, row: PromptRow) -> None:
        """Make a copy and open it."""
        self._working.flush()

        def done(copy: int) -> None:
            self._context.notice(f"Duplicated {row.name}.", "Undo", lambda: self._call(self._context.ws.prompts.archive, [copy]))
            self._opened(copy)

        self._call(self._context.ws.prompts.duplicate, row.id, then=done)

    def archive(self, rows: Sequence[PromptRow], then: Callable[[], object]) -> None:
        """Move prompts to the archive at once; the notice brings them back."""
        ids = [row.id for row in rows]
        self._working.flush()
        prompts = self._context.ws.prompts

        names, uses = {row.name for row in rows if row.kind == "snippet"}, self._context.ws.snippets.uses

        def archive() -> int:
            """How many prompts include what was archived."""
            left = {use.prompt_id for name in names for use in uses().get(name, ())} - set(ids) if names else ()
            prompts.archive(ids)
            return len(left)

        def done(left: int) -> None:
            said = f"Moved {rows[0].name} to the archive." if len(rows) == 1 else f"Moved {counted(len(rows), 'prompt')} to the archive."
            if left:
                said += f" {counted(left, 'prompt')} {'includes' if left == 1 else 'include'} it: versions keep its text."
            self._context.notice(said, "Undo", lambda: self._call(prompts.restore, ids, then=lambda _none: self._opened(ids[0])))
            then()

        self._call(archive, then=done)

    def restore(self, rows: Sequence[PromptRow]) -> None:
        """Bring prompts back from the archive."""
        ids = [row.id for row in rows]
        said = f"Restored {rows[0].name}." if len(rows) == 1 else f"Restored {counted(len(rows), 'prompt')}."

        def done(renamed: Mapping[str, str]) -> None:
            others = [f"{old} is {new} now, as another one has its name." for old, new in renamed.items()]
            self._context.notice(" ".join([said, *others[:1], *([f"{len(others) - 1} more got a number."] if len(others) > 1 else [])]))

        self._call(self._context.ws.prompts.restore, ids, then=done)

    def move(self, rows: Sequence[PromptRow], folder: str) -> None:
        """Put prompts into a folder; the notice puts them back."""
        prompts = self._context.ws.prompts
        moved = [row for row in rows if row.folder != folder]
        if not moved:
            return

        def back() -> None:
            for row in moved:
                self._call(prompts.move, [row.id], row.folder)

        what = moved[0].name if len(moved) == 1 else counted(len(moved), "prompt")
        said = f"Moved {what} to {folder}." if folder else f"Moved {what} out of its folder."
        self._call(prompts.move, [row.id for row in moved], folder, then=lambda _none: self._context.notice(said, "Undo", back))

    def ask_folder(self, rows: Sequence[PromptRow], folders: Sequence[str]) -> None:
        """Ask for the folder to move prompts to; a new name makes it."""
        from PySide6.QtWidgets import QComboBox  # kept with its only use

        made = Dialog(self._owner, "Move to a folder", width=440)
        made.body.addWidget(
            label("Choose a folder, or write a new one. A slash makes a folder inside another.", "body", "text2", wrap=True)
        )
        field = QComboBox()
        field.setEditable(True)
        field.setAccessibleName("Folder")
        field.addItems(["", *folders])
        field.setCurrentText(rows[0].folder)
        edit = field.lineEdit()
        if edit is not None:
            edit.setPlaceholderText("No folder")
        made.body.addWidget(field)

        def go() -> None:
            made.accept()
            self.move(rows, field.currentText().strip())

        made.add_cancel()
        made.add_button(f"Move {rows[0].name if len(rows) == 1 else counted(len(rows), 'prompt')}", go, kind="primary")
        made.first = field
        made.open()

    # -- folders -----------------------------------------------------------------------------------------------

    def new_folder(self, inside: str) -> None:
        """Ask for a name and make a folder."""
        if self._refuse():
            return
        start = f"{inside}/" if inside else ""
        ask_text(self._owner, "New folder", "Name", start, "Make it", lambda path: self._call(self._context.ws.prompts.create_folder, path))

    def rename_folder(self, path: str) -> None:
        """Ask for another name of a folder."""
        prompts = self._context.ws.prompts
        ask_text(self._owner, "Rename the folder", "Name", path, "Rename", lambda new: self._call(prompts.rename_folder, path, new))

    def move_folders(self, paths: Sequence[str], into: str) -> None:
        """Put folders with all that is in them into another, or to the top; the notice puts each back."""
        for path in paths:
            new = "/".join(part for part in (into, path.rpartition("/")[2]) if part)
            if new not in (path, f"{path}/{path.rpartition('/')[2]}"):  # dropped where it lies, or on itself
                self._move_folder(path, new, f"Moved the folder {path} to {into or 'the top'}.")

    def _move_folder(self, old: str, new: str, said: str) -> None:
        rename = self._context.ws.prompts.rename_folder
        undo = ("Undo", lambda: self._call(rename, new, old))
        self._call(rename, old, new, then=lambda _none: self._context.notice(said, *undo))

    def delete_folder(self, path: str) -> None:
        """Remove an empty folder."""
        prompts = self._context.ws.prompts

        def done(_none: object) -> None:
            self._context.notice(f"Removed the folder {path}.", "Undo", lambda: self._call(prompts.create_folder, path))

        self._call(prompts.delete_folder, path, then=done)


def _included(name: str, uses: Sequence[Use]) -> str:
    """What becomes of the prompts that include a snippet when it gets another name; empty where none does."""
    if not uses:
        return ""
    who = f"{uses[0].name} includes" if len(uses) == 1 else f"{counted(len(uses), 'prompt')} include"
    return f"{who} {name} and will get the new name as unsaved edits. Saved versions keep the old one."
