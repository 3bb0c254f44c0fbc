"""What can be done with the versions of the open prompt: save, discard, restore, label, copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QApplication, QWidget

from workbench.gui.context import Context
from workbench.gui.library.diff_side import Side, newest_of, sides_of
from workbench.gui.library.label_dialog import LabelWishes, ask_label
from workbench.gui.library.prompt_chooser import PromptChooser
from workbench.gui.library.study import Opened, open_prompt
from workbench.gui.library.working_copy import WorkingCopy
from workbench.gui.widgets.dialog import Dialog, ask_text
from workbench.gui.widgets.labels import label
from workbench.gui.words import counted, joined
from workbench.values import Content

if TYPE_CHECKING:
    from workbench.workspace import ModelRow, PromptRow, VersionRow, Workspace


class VersionVerbs:
    """Each asks what it has to, calls the workspace, and offers to undo. `opened` is told the prompt to show next."""

    def __init__(
        self,
        owner: QWidget,
        context: Context,
        working: WorkingCopy,
        opened: Callable[[int], object],
        missing: Callable[[], Sequence[str]],
    ) -> None:
        self._owner, self._context, self._working, self._opened, self._missing = owner, context, working, opened, missing
        working.replaced.connect(self._written_elsewhere)

    def _call(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], object] | None = None) -> None:
        self._context.bridge.call(verb, *args, then=then, failed=self._context.failed, owner=self._owner)

    def save(self) -> None:
        """Ask for a note and make a version of the working copy."""
        at = self._working.at
        if at is None or self._working.read_only:
            return
        if not self._working.unsaved and at.base is not None:
            self._context.notice(f"Nothing has changed since v{at.base.number}.")
            return
        number = self._working.next_number

        def saved(row: VersionRow) -> None:
            self._context.notice(
                f"Saved v{row.number}." if row.number == number else f"v{row.number} has this text already. No version was made."
            )

        ask_text(
            self._owner,
            f"Save v{number}",
            "What changed, in a few words",
            "",
            f"Save v{number}",
            lambda note: self._working.save_version(note, saved),
            allow_empty=True,
            text=_came_between(at),
        )

    def take_in(self) -> None:
        """Take the snippets that changed in as a new version; where there are unsaved edits, into these."""
        at, facts, snippets = self._working.at, self._working.facts, self._context.ws.snippets
        if at is None or facts is None or self._working.read_only:
            return
        names = joined(facts.stale.changed)
        if self._working.unsaved:

            def done(content: Content) -> None:
                self._working.put(content)
                self._context.notice(f"The working copy has {names} as in the library now.")

            read = (snippets.renewed, self._working.content)
            self._context.bridge.read(*read, then=done, failed=self._context.failed, owner=self._owner, key="library.take_in")
            return
        self._call(snippets.take_in, at.prompt.id, then=lambda row: self._context.notice(f"Saved v{row.number} with {names} as it is now."))

    def discard(self) -> None:
        """Throw the unsaved edits away; the notice brings them back."""
        at, facts = self._working.at, self._working.facts
        if at is None or at.base is None or not self._working.unsaved or self._working.read_only:
            return
        edits = counted(facts.edits, "unsaved edit") if facts is not None and facts.edits else "the unsaved edits"
        id, branch = at.prompt.id, at.prompt.branch

        def done(lost: Content) -> None:
            self._context.notice(f"Discarded {edits}.", "Undo", lambda: self._take_back(id, branch, lost))

        self._working.discard(done)

    def _written_elsewhere(self, at: Opened, mine: Content) -> None:
        said = f"Other text was written in {at.prompt.name} at the same time, in another window or by somebody else."

        def kept(number: int) -> None:
            self._context.warn(f"{said} It stands here now; yours is kept as v{number}.", "Bring mine back", back)

        def not_kept(problem: BaseException) -> None:
            self._context.warn(f"{said} It stands here now, not yours.", "Bring mine back", back)
            self._context.failed(problem)

        def back() -> None:
            self._take_back(at.prompt.id, at.prompt.branch, mine)

        base = at.base.id if at.base is not None else None
        self._context.bridge.call(
            self._context.ws.versions.keep_aside, at.prompt.id, mine, base, then=kept, failed=not_kept, owner=self._owner
        )

    def _take_back(self, prompt_id: int, branch: str, lost: Content) -> None:
        at = self._working.at
        if at is not None and (at.prompt.id, at.prompt.branch) == (prompt_id, branch):
            self._working.put(lost, beside=True)
        else:
            save = self._context.ws.versions.save_draft
            self._call(save, prompt_id, lost, None, branch, "", then=lambda _mark: self._opened(prompt_id))

    def restore(self, version: VersionRow) -> None:
        """Make an old version the newest; unsaved edits are saved or discarded first, as the user says."""
        at = self._working.at
        if at is None:
            return
        number = self._working.next_number
        if not self._working.unsaved or at.base is None:
            self._restore(version)
            return
        made = Dialog(self._owner, f"Restore v{version.number}", width=520)
        made.body.addWidget(label("There are unsaved edits. What should become of them?", "body", "text2", wrap=True))

        def save_first() -> None:
            made.accept()
            self._working.save_version(f"Before v{version.number} was restored", lambda _row: self._restore(version))

        def discard_first() -> None:
            made.accept()
            self._working.discard(lambda _lost: self._restore(version))

        made.add_cancel()
        made.add_button("Discard them and restore", discard_first)
        made.add_button(f"Save them as v{number}, then restore", save_first, kind="primary")
        made.open()

    def _restore(self, version: VersionRow) -> None:
        def done(row: VersionRow) -> None:
            self._working.renew()
            said = (
                f"v{row.number} has the same text as v{version.number}."
                if row.number != version.number
                else f"v{row.number} is the newest already."
            )
            self._context.notice(said)

        self._call(self._context.ws.versions.restore, version.id, then=done)

    def label(self, version: VersionRow) -> None:
        """Ask for a label and put it on a version."""
        at = self._working.at
        if at is None:
            return
        versions, id = self._context.ws.versions, at.prompt.id

        def remove(name: str) -> None:
            def go() -> None:
                verb, was_protected = partial(versions.remove_label, id, name, sure=True, author=self._author), name in at.protected
                self._call(verb, then=lambda _none: self._removed(id, name, version, was_protected))

            self._when_sure(name, f"Remove {name} from v{version.number}", go)

        def protect(name: str, on: bool) -> None:
            said = f"Moving {name} asks first now." if on else f"Moving {name} asks no more."
            self._call(versions.protect_label, id, name, on, then=lambda _none: self._context.notice(said))

        wishes = LabelWishes(lambda name: self.move_label(name, version), remove, protect)
        ask_label(self._owner, version, at.prompt.labels, at.protected, at.moves, wishes)

    @property
    def _author(self) -> str:
        return str(self._context.settings.get("author"))

    def _when_sure(self, name: str, what: str, go: Callable[[], object]) -> None:
        """Do it; for a protected label after a question."""
        at = self._working.at
        if at is None or name not in at.protected:
            go()
            return
        made = Dialog(self._owner, what, width=480)
        made.body.addWidget(label(f"{name} is protected. What follows it uses another version from now on.", "body", "text2", wrap=True))

        def yes() -> None:
            made.accept()
            go()

        made.add_cancel()
        made.add_button(what, yes, kind="primary")
        made.open()

    def _removed(self, prompt_id: int, name: str, version: VersionRow, was_protected: bool) -> None:
        versions, author = self._context.ws.versions, self._author

        def put_back() -> None:
            versions.set_label(prompt_id, name, version.id, author=author)
            if was_protected:
                versions.protect_label(prompt_id, name, True)

        self._context.notice(f"Removed {name} from v{version.number}.", "Undo", lambda: self._call(put_back))

    def move_label(self, name: str, version: VersionRow) -> None:
        """Put a label on a version; the notice puts it back where it was."""
        at = self._working.at
        if at is None:
            return
        versions, id = self._context.ws.versions, at.prompt.id
        before = next((row for row in at.versions if name in row.labels), None)

        def back() -> None:
            if before is not None:
                self._call(partial(versions.set_label, id, name, before.id, sure=True, author=self._author))
            else:
                self._call(partial(versions.remove_label, id, name, sure=True, author=self._author))

        def go() -> None:
            verb = partial(versions.set_label, id, name, version.id, sure=True, author=self._author)
            self._call(verb, then=lambda _none: self._context.notice(f"{name} is on v{version.number} now.", "Undo", back))

        self._when_sure(name, f"Move {name} to v{version.number}", go)

    def copy_text(self, version: VersionRow) -> None:
        """Copy what a version says, with the roles as headings."""

        def done(content: Content) -> None:
            QApplication.clipboard().setText("\n\n".join(f"{message.role}:\n{message.text}" for message in content.messages))
            self._context.notice(f"Copied v{version.number}.")

        self._context.bridge.read(self._context.ws.versions.content, version.id, then=done, failed=self._context.failed, owner=self._owner)

    def copy_code(self, version: VersionRow | None, format: str, model: ModelRow | None) -> None:
        """Copy a version, or the working copy for None, as code that asks a model; OpenAI where the chosen one speaks in another way."""
        at = self._working.at
        if at is None:
            return
        content = None if version is not None else self._working.content
        version_id = None if version is None else version.id

        def done(copied: tuple[str, str, str, str]) -> None:
            text, asked, key_env, first = copied
            QApplication.clipboard().setText(text)
            key = f", with the key from {key_env}" if key_env else ""
            more = f" {first}" if first else ""
            name = "curl" if format == "curl" else "Python"
            self._context.notice(f"Copied as {name}. It asks {asked}{key}.{more}")

        self._context.bridge.read(
            _as_code,
            self._context.ws,
            at.prompt.id,
            format,
            version_id,
            content,
            model,
            then=done,
            failed=self._context.failed,
            owner=self._owner,
        )

    # -- comparing ---------------------------------------------------------------------------------------------

    def diff_current(self, version: VersionRow | None) -> None:
        """Compare a version of the list; None stands for the working copy."""
        if version is None:
            self.diff_working()
        else:
            self.diff(version)

    def diff_working(self) -> None:
        """Compare the working copy with the version it came from."""
        at = self._working.at
        if at is not None and at.base is not None:
            self.diff_sides(Side(at.base), Side(None) if self._working.unsaved else Side(at.tip))

    def diff(self, version: VersionRow) -> None:
        """Compare a version with the working copy if there are edits, else with the newest, and the newest with the one it came from."""
        at = self._working.at
        if at is None or at.tip is None:
            return
        before = next((row for row in at.versions if row.number == version.parent), None)
        if self._working.unsaved:
            self.diff_sides(Side(version), Side(None))
        elif version.id != at.tip.id:
            self.diff_sides(Side(version), Side(at.tip))
        elif before is not None:
            self.diff_sides(Side(before), Side(version))
        else:
            self._context.notice("There is only one version to look at yet.", "Compare with another prompt", lambda: self.diff_prompts([]))

    def diff_prompts(self, rows: Sequence[PromptRow]) -> None:
        """Compare what two prompts say now; where not two are given, the one (or the open one) with another that is asked for."""
        at = self._working.at
        if at is None:
            return
        if len(rows) > 2:
            self._context.notice(f"Two prompts are compared at a time, {len(rows):,} are selected. Select two.")
        elif len(rows) == 2:
            self._read_two(rows[0].id, rows[1].id)
        else:
            one = rows[0] if rows else at.prompt

            def chose(row: PromptRow) -> None:
                self._read_two(one.id, row.id)

            PromptChooser(self._owner, self._context, f"Compare {one.name} with", "Compare", chose, without=one.id).open()

    def _read_two(self, left: int, right: int) -> None:
        ws, at = self._context.ws, self._working.at
        assert at is not None

        def read() -> list[Opened]:
            return [open_prompt(ws, id) for id in (left, right) if id != at.prompt.id]

        def show(others: list[Opened]) -> None:
            now = self._working.at
            if now is None or now.prompt.id != at.prompt.id:  # another one was opened meanwhile
                self._read_two(left, right)
                return
            found = {other.prompt.id: newest_of(sides_of(other, other=True), other) for other in others}
            own = newest_of(sides_of(now, working=self._compared is not None), now)
            self.diff_sides(found.get(left, own), found.get(right, own), others)

        self._context.bridge.read(read, then=show, failed=self._context.failed, owner=self._owner, key="library.diff_prompts")

    @property
    def _compared(self) -> Content | None:
        """The working copy, where it says something that no version says."""
        at = self._working.at
        return self._working.content if self._working.unsaved or (at is not None and not at.versions) else None

    def diff_sides(self, left: Side, right: Side, others: Sequence[Opened] = ()) -> None:
        """Open the comparison of two versions; `others` are the prompts of those that are not of the open one."""
        at = self._working.at
        if at is not None:
            from workbench.gui.library.diff_dialog import DiffDialog, Wishes  # the list of prompts does not wait for it

            wishes = Wishes(self.restore, self.move_label, self._missing)
            DiffDialog(self._owner, self._context, at, self._compared, left, right, wishes, others).open()


def _as_code(
    ws: Workspace, prompt_id: int, format: str, version_id: int | None, content: Content | None, model: ModelRow | None
) -> tuple[str, str, str, str]:
    """(code, whom it asks, the variable with the key, the first thing that it wants of the user)."""
    if version_id is not None:
        content = ws.versions.content(version_id)
    spec = ws.connections.spec(model.id) if model is not None else None
    if spec is not None and (spec.wire_format != "openai-chat" or not spec.base_url):
        spec = None
    text, lost = ws.files.as_text(prompt_id, format, content=content, model=spec)
    wanted = next((item.why for item in lost if item.what.startswith(("variable ", "jinja2"))), "")
    if spec is None:
        return text, "OpenAI", "OPENAI_API_KEY", wanted
    return text, spec.title, spec.key_env or "", wanted


def _came_between(at: Opened) -> str:
    """What to know of a version that somebody saved since this working copy began; empty where none was."""
    if at.base is None or at.tip is None or at.tip.id == at.base.id:
        return ""
    tip, who = f"v{at.tip.number}", f" by {at.tip.author}" if at.tip.author else ""
    return (
        f"Yours began from v{at.base.number}. {tip}{who} came since then, and what it changed is not in yours. It stays among the versions."
    )
