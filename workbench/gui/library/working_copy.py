"""The prompt that is open: its working copy, kept on disk a moment after each edit, and its versions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.gui.context import Context
from workbench.gui.library.study import Facts, Opened, facts, open_prompt
from workbench.quick_dataclass import replace
from workbench.values import Content, NotFound

if TYPE_CHECKING:
    from workbench.workspace import VersionRow, Workspace

SAVE_MS = 400
STUDY_MS = 120
_UNHURRIED = 200
"""Characters that make the study wait a millisecond longer: what is long is read when the user pauses, not between two keys."""


def pause(usual: int, content: Content) -> int:
    """Milliseconds after the last key before a content is read or rendered."""
    return usual + min(1500, sum(len(message.text) for message in content.messages) // _UNHURRIED)


def _text_of(opened: Opened) -> tuple[int, str]:
    """What a working copy is of: a prompt and its branch."""
    return opened.prompt.id, opened.prompt.branch


def _without_text(opened: Opened) -> Opened:
    # A draft that was kept is no news: showing all again would be felt between two keys.
    return replace(opened, content=Content(), prompt=opened.prompt._replace(changed_at=""))


class WorkingCopy(QObject):
    """What the user writes. `edit` takes it; the store has it within half a second, also when the app is killed then."""

    opened = Signal()
    """Another prompt, or the same one with other text than what was typed here."""
    renewed = Signal()
    """Name, versions, labels or samples of the open prompt were read again; the text is as it was."""
    edited = Signal()
    """The content changed, by the user or by `opened`."""
    replaced = Signal(object, object)
    """What was typed here, and is in no version, gave way to what somebody wrote elsewhere: where it was opened, and the content."""
    studied = Signal()
    """`facts` are those of the content of a moment ago."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._at: Opened | None = None
        self._wanted: int | None = None
        self._content = Content()
        self._pending = False
        self._edits = 0
        self._is_mine = False
        """True while the content was typed in this window."""
        self._in_flight = 0
        self._serials: dict[tuple[int, str], int] = {}
        self._known: dict[tuple[int, str], str] = {}
        """Of each branch of a prompt: the mark of the draft that was last read or written here; other text that stands there is kept."""
        self._unkept: dict[tuple[int, str], tuple[Any, ...]] = {}
        """Of each branch of a prompt that is not open any more: the call that could not write what was typed in it."""
        self._lock = threading.Lock()
        self._studying = False
        self._study_again = False
        self.facts: Facts | None = None
        self._save_timer = self._timer(SAVE_MS, self.flush)
        self._study_timer = self._timer(STUDY_MS, self._study)

    def _timer(self, ms: int, verb: Callable[[], object]) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(ms)
        made.timeout.connect(verb)
        return made

    # -- what is open ------------------------------------------------------------------------------------------

    @property
    def at(self) -> Opened | None:
        """The open prompt as it was last read; None if none is open."""
        return self._at

    @property
    def prompt_id(self) -> int | None:
        """The open prompt, or the one that is being opened."""
        return self._wanted

    @property
    def content(self) -> Content:
        """The content as typed."""
        return self._content

    @property
    def read_only(self) -> bool:
        """True where nothing may be typed: an archived prompt, a workspace that cannot be written."""
        workspace = self._context.workspace  # None for a moment at the end, while the theme may still switch
        return self._at is None or self._at.prompt.archived or workspace is None or workspace.read_only

    @property
    def keeping(self) -> bool:
        """True while a draft is on its way to the store: what is told of drafts then is no news."""
        return self._in_flight > 0

    @property
    def unsaved(self) -> bool:
        """True if the content is not that of a saved version."""
        return self._at is not None and (self._at.base_content is None or self._content != self._at.base_content)

    @property
    def next_number(self) -> int:
        """The number that the next version will have."""
        return (self._at.versions[0].number if self._at is not None and self._at.versions else 0) + 1

    def open(self, prompt_id: int) -> None:
        """Show a prompt; what was typed in the last one is kept."""
        self.flush()
        self._wanted = prompt_id
        self._read(prompt_id)

    def close(self) -> None:
        """Show none."""
        self.flush()
        self._wanted, self._at, self._content, self.facts = None, None, Content(), None
        self.opened.emit()

    def renew(self) -> None:
        """Read the open prompt again: the store has changed."""
        if self._wanted is not None and self._context.workspace is not None:
            self._read(self._wanted)

    def _read(self, prompt_id: int) -> None:
        # Text that was typed since, or is not on disk yet, is newer than what is about to be read.
        mark = (self._edits, self._pending or self._in_flight > 0)
        self._context.bridge.read(
            open_prompt,
            self._context.ws,
            prompt_id,
            self._at,
            then=lambda found: self._show(found, mark),
            failed=self._gone,
            owner=self,
            key=("library.open", id(self)),
        )

    def _gone(self, problem: BaseException) -> None:
        if self._at is not None and self._at.prompt.id == self._wanted and not isinstance(problem, NotFound):
            self._context.failed(problem)  # what is typed stays: the disk may answer again
            return
        if self._at is not None and self._at.prompt.id != self._wanted:
            self.flush()
        self._wanted, self._at, self._content, self.facts = None, None, Content(), None
        self.opened.emit()
        self._context.failed(problem)

    def _show(self, found: Opened, mark: tuple[int, bool]) -> None:
        before = self._at
        same = before is not None and _text_of(before) == _text_of(found)
        typed = same and (mark[0] != self._edits or mark[1])
        if not same:
            self.flush()  # what was typed in the last one until now
        self._at = found
        if not typed:
            self._known[_text_of(found)] = found.draft
        if typed or (same and found.content == self._content):
            if before is None or _without_text(found) != _without_text(before):
                self.renewed.emit()
            if before is not None and before.base_content != found.base_content:
                self._study_timer.start(pause(STUDY_MS, self._content))
            return
        mine = self._content
        lost = before is not None and same and self._is_mine and mine not in (before.base_content, found.base_content)
        self._content = found.content
        self._pending = self._is_mine = False
        self.facts = None if not same else self.facts
        self.opened.emit()
        self.edited.emit()
        self._study()
        if lost:
            self.replaced.emit(found, mine)

    # -- writing -----------------------------------------------------------------------------------------------

    def edit(self, content: Content) -> None:
        """Take what the user typed."""
        if content == self._content or self.read_only:
            return
        self._content = content
        self._edits += 1
        self._pending = self._is_mine = True
        if not self._save_timer.isActive():  # somebody who types on is saved too
            self._save_timer.start(pause(SAVE_MS, content))
        self._study_timer.start(pause(STUDY_MS, content))
        self.edited.emit()

    def flush(self) -> None:
        """Keep what was typed, now and in the background."""
        self._save_timer.stop()
        if not self._pending or self._at is None or self._context.workspace is None:
            return
        self._pending = False
        self._send(self._keep_call())

    def _send(self, call: tuple[Any, ...]) -> None:
        self._in_flight += 1
        self._context.bridge.call(*call, then=self._kept, failed=partial(self._not_kept, call=call), owner=self)

    def flush_now(self) -> None:
        """Keep what was typed before returning. Raises a Problem where it cannot be kept."""
        self._save_timer.stop()
        for key, (verb, *arguments) in list(self._unkept.items()):
            verb(*arguments)
            del self._unkept[key]
        if self._pending and self._at is not None:
            verb, *arguments = self._keep_call()
            verb(*arguments)
            self._pending = False

    def _keep_call(self) -> tuple[Any, ...]:
        assert self._at is not None
        of = _text_of(self._at)
        serial = self._serials[of] = self._serials.get(of, 0) + 1
        return self._keep, self._context.ws, of, self._content, self._at.base.id if self._at.base else None, serial

    def _keep(self, ws: Workspace, of: tuple[int, str], content: Content, base: int | None, serial: int) -> None:
        # An older text must never come after a newer one, whichever threads they are written on.
        with self._lock:
            if self._serials.get(of) == serial:
                self._known[of] = ws.versions.save_draft(of[0], content, base, of[1], self._known.get(of))

    def _keep_beside(
        self, ws: Workspace, of: tuple[int, str], content: Content, base: int | None, serial: int, stood: Content | None
    ) -> None:
        """As `_keep`, after what stood there; not all of that may be on disk yet."""
        with self._lock:
            if self._serials.get(of) != serial:
                return
            if stood is not None:
                ws.versions.save_draft(of[0], stood, base, of[1], self._known.get(of))
            self._known[of] = ""
            self._known[of] = ws.versions.save_draft(of[0], content, base, of[1], "")

    def _kept(self, _nothing: object) -> None:
        self._in_flight -= 1

    def _not_kept(self, problem: BaseException, *, call: tuple[Any, ...]) -> None:
        self._in_flight -= 1
        of: tuple[int, str] = call[2]
        if self._at is not None and _text_of(self._at) == of:
            self._pending = True
            self._context.failed(problem, self.flush)
        else:  # another prompt is open by now, or another branch
            self._unkept[of] = call
            self._context.failed(problem, lambda: self._send_again(of))

    def _send_again(self, of: tuple[int, str]) -> None:
        call = self._unkept.pop(of, None)
        if call is not None:
            self._send(call)

    def save_version(self, note: str, then: Callable[[VersionRow], object]) -> None:
        """Make a version of what is typed."""
        if self._at is None:
            return
        self._save_timer.stop()
        call = self._keep_call()
        _, ws, of, content, base, serial = call
        self._pending = False
        self._in_flight += 1

        edits = self._edits

        def saved(row: VersionRow) -> None:
            self._in_flight -= 1
            if edits == self._edits:
                self._is_mine = False  # a version has it
            else:
                self._pending = True  # what was typed meanwhile: its draft may have gone with the one that was saved
                self._save_timer.start(SAVE_MS)
            then(row)
            self.renew()

        failed = partial(self._not_kept, call=call)
        self._context.bridge.call(self._save, ws, of, content, base, serial, note, then=saved, failed=failed, owner=self)

    def _save(self, ws: Workspace, of: tuple[int, str], content: Content, base: int | None, serial: int, note: str) -> VersionRow:
        id, branch = of
        with self._lock:
            if self._serials.get(of) == serial:
                # So that the version knows where it came from.
                self._known[of] = ws.versions.save_draft(id, content, base, branch, self._known.get(of))
            row = ws.versions.save(id, content, note, str(self._context.settings.get("author")), branch, self._known.get(of))
            self._known[of] = ""
            return row

    def discard(self, then: Callable[[Content], object]) -> None:
        """Go back to the version that the working copy came from; `then` gets what was thrown away."""
        at = self._at
        if at is None or at.base_content is None:
            return
        self._save_timer.stop()
        lost, base = self._content, at.base_content
        self._pending = False
        of = _text_of(at)
        self._serials[of] = self._serials.get(of, 0) + 1
        self._context.bridge.call(self._discard, self._context.ws, of, then=lambda _none: then(lost), owner=self)
        self._replace(base)

    def _discard(self, ws: Workspace, of: tuple[int, str]) -> None:
        with self._lock:
            ws.versions.discard_draft(*of, self._known.get(of))
            self._known[of] = ""

    def put(self, content: Content, *, beside: bool = False) -> None:
        """Show another content as if the user had typed it all; with `beside`, unsaved text that stands there now is kept as a version."""
        if self.read_only:
            return
        stood, was_typed = self._content, self._pending or self._in_flight > 0
        self._replace(content)
        self._pending = self._is_mine = True
        if not beside:
            self.flush()
            return
        self._save_timer.stop()
        self._pending = False
        _, *rest = self._keep_call()
        self._send((self._keep_beside, *rest, stood if was_typed else None))

    def _replace(self, content: Content) -> None:
        self._content = content
        self._edits += 1
        self._is_mine = False
        self.opened.emit()
        self.edited.emit()
        self._study()

    # -- what is known about it --------------------------------------------------------------------------------

    def study(self) -> None:
        """Find out again, in a moment, what can be said of the content."""
        if self._at is not None:
            self._study_timer.start()

    def _study(self) -> None:
        if self._at is None or self._context.workspace is None:  # a timer can come a moment after the workspace has closed
            return
        if self._studying:
            self._study_again = True
            return
        self._studying = True
        prompt = self._at.prompt
        known = self._at.base_content, prompt.name if prompt.kind == "snippet" else ""
        self._context.bridge.read(facts, self._context.ws, self._content, *known, then=self._learned, failed=self._not_learned, owner=self)

    def _learned(self, found: Facts) -> None:
        self._studying = False
        if self._at is not None and len(found.content.messages) == len(self._content.messages):
            self.facts = found
            self.studied.emit()
        if self._study_again or found.content != self._content:
            self._study_again = False
            self._study_timer.start(pause(STUDY_MS, self._content))

    def _not_learned(self, problem: BaseException) -> None:
        self._studying = False
        self._context.failed(problem)
