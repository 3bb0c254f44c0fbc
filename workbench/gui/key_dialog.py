"""The key of a connection: asked for where one is missing, before anything is sent; kept where this computer keeps keys; tested at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLineEdit, QWidget

from workbench.gui.context import Context
from workbench.gui.key_file_dialog import PassphraseDialog, with_key_file
from workbench.gui.theme import set_kind, set_role
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label, set_tone

if TYPE_CHECKING:
    from workbench.workspace import ConnectionRow, Workspace

Verb = Callable[[], object]


class KeyDialog(Dialog):
    """Asks for a key; it is never shown again, only its last four characters."""

    def __init__(self, window: QWidget, name: str, on: Callable[[str], object], *, text: str = "", main: str = "Save the key") -> None:
        super().__init__(window, f"Key of {name}", width=480)
        if text:
            self.body.addWidget(label(text, "body", "text2", wrap=True))
        self.body.addWidget(label("Key", "small", "text2", 500))
        self._field = QLineEdit()
        self._field.setEchoMode(QLineEdit.EchoMode.Password)
        self._field.setAccessibleName("Key")
        set_role(self._field, "code")
        self.body.addWidget(self._field)
        self.place = label(place_words("", ""), "small", "text3", wrap=True)
        self.body.addWidget(self.place)
        self._on = on
        self.add_cancel()
        self._save = self.add_button(main, self._do, kind="primary")
        self._save.setEnabled(False)
        self._field.textChanged.connect(self._edited)
        self.first = self._field

    def say_place(self, found: tuple[str, str]) -> None:
        """Say where the key will go: kind and sentence as the workspace's keys tell them."""
        self.place.setText(place_words(*found))

    def offer_file(self, context: Context) -> None:
        """Offer to keep keys in a file, where this computer has no key store."""
        keys = context.ws.keys

        def made() -> None:
            link.hide()
            context.bridge.read(lambda: (keys.kind(), keys.place()), then=self.say_place, owner=self)

        link = button("Keep keys in a file", "file-lock", "link", on=lambda: PassphraseDialog(context, self, made, new=True).open())
        self.body.addWidget(link)

    def refuse(self, error: BaseException) -> None:
        """What was entered cannot be kept: say why at the field."""
        set_kind(self._field, state="error")
        self.place.setText(str(error))
        set_tone(self.place, "fail")

    def _edited(self, text: str) -> None:
        self._save.setEnabled(bool(text.strip()))
        set_kind(self._field, state="")

    def _do(self) -> None:
        self._on(self._field.text().strip())


def place_words(kind: str, place: str) -> str:
    """Where a key that is entered now goes, as one or two sentences; before that is known, only where it never goes."""
    never = "never written into the workspace or an export."
    if kind in ("keyring", "file"):
        return f"It goes into the {'system keychain' if kind == 'keyring' else 'key file'} and is {never}"
    return f"{place}. They are {never}" if place else f"A key is {never}"


def typed_words(vendor: Any, kind: str, *, typed: bool) -> str:
    """Where the key of a connection that is being made comes from, or goes to when it is `typed` in."""
    names = ("WORKBENCH_API_KEY", *vendor.key_envs) if vendor is not None and vendor.key_envs else ()
    env = next((name for name in names if os.environ.get(name)), names[-1] if names else "")
    if env and os.environ.get(env):
        rest = "A key typed here counts once it is not set any more." if typed else "Leave the field empty to use it."
        return f"{env} is set in the environment and comes first. {rest}"
    if kind in ("keyring", "file"):
        where = "system keychain" if kind == "keyring" else "key file"
        return f"A working key goes into the {where}, never into the workspace or an export."
    return f"No key store here: a key typed in lasts for this session only. {f'To keep it, set {env}.' if env else ''}".strip()


def kept_words(place: str) -> str:
    """What is said when a key was kept."""
    return "The key is kept " + {"keyring": "in the system keychain.", "file": "in the key file.", "session": "for this session only."}.get(
        place, f"in {place}."
    )


def change_key(
    context: Context,
    parent: QWidget,
    row: ConnectionRow,
    *,
    text: str = "",
    main: str = "Save the key",
    other: tuple[str, Verb] | None = None,
    after: tuple[str, Verb] = ("", lambda: None),
    then: Verb | None = None,
) -> KeyDialog:
    """Ask for the key of a connection, keep it and test it.

    `other`: a second way out; `after`: what the notice offers once the key is kept; `then`: what goes on with the key.
    """
    ws, bridge = context.ws, context.bridge
    keys, connections = ws.keys, ws.connections

    def kept(place: str) -> None:
        dialog.accept()
        context.notice(kept_words(place), after[0], after[1] if after[0] else None)
        bridge.spawn(ws.test_connection, row.id, then=tested, failed=lambda _error: None, owner=parent)
        if then is not None:
            then()

    def tested(report: Any) -> None:
        if not report.ok:
            context.notice(f"{row.name}: {report.sentence}")

    def save(key: str) -> None:
        def keep() -> None:
            bridge.call(connections.set_key, row.id, key, then=kept, failed=dialog.refuse, owner=dialog)

        with_key_file(context, dialog, keep, to_keep=True)

    def offer(possible: bool) -> None:
        if possible:
            dialog.offer_file(context)

    if row.key_variable:
        text = f"{row.key_variable} in the environment comes first: a key entered here counts once it is not set any more. {text}".strip()
    dialog = KeyDialog(parent, row.name, save, text=text, main=main)
    if other is not None:
        words, verb = other

        def leave() -> None:
            dialog.reject()
            verb()

        dialog.foot.insertWidget(0, dialog.add_button(words, leave, kind="link"))
    dialog.open()
    bridge.read(keys.offers_file, then=offer, failed=lambda _error: None, owner=dialog)
    bridge.read(lambda: (keys.kind(), keys.place()), then=dialog.say_place, failed=lambda _error: None, owner=dialog)
    return dialog


def with_keys(
    context: Context,
    parent: QWidget,
    go: Verb,
    *,
    run_id: int | None = None,
    jobs: Sequence[int] | None = None,
    model_uids: Sequence[str] = (),
    left_out: frozenset[int] = frozenset(),
) -> None:
    """Do `go` once every connection that will be called has its key; ask for those that are known nowhere. Cancel starts nothing.

    What will be called: the models `model_uids`, or those of a run, or those of some of its jobs.
    """

    def found(answer: tuple[Sequence[ConnectionRow], int, bool]) -> None:
        lacking, all_, locked = answer
        rows = [row for row in lacking if row.id not in left_out]
        if not rows:
            if locked:
                with_key_file(context, parent, go)
            else:
                go()
            return
        row = rows[0]

        def again(but: frozenset[int] = left_out) -> None:
            with_keys(context, parent, go, run_id=run_id, jobs=jobs, model_uids=model_uids, left_out=but)

        without = ("Start without it", lambda: again(left_out | {row.id})) if all_ > len(lacking) else None
        text = f"{row.name} needs a key, and none is known here now. Nothing was sent yet."
        change_key(context, parent, row, text=text, main="Save and start", other=without, then=again)

    context.bridge.read(_lacking, context.ws, run_id, jobs, model_uids, then=found, owner=parent)


def connection_of(ws: Workspace, run_id: int, column: int) -> ConnectionRow | None:
    """The connection that a column of a run calls; None where it is gone or the run came from a file."""
    uid = ws.runs.plan(run_id).columns[column].model.connection_uid
    return next((row for row in ws.connections.list() if row.uid == uid), None)


def _lacking(
    ws: Workspace, run_id: int | None, jobs: Sequence[int] | None, model_uids: Sequence[str]
) -> tuple[Sequence[ConnectionRow], int, bool]:
    """The connections without a key among those that will be called, how many will be called in all, and whether any key of
    theirs lies in the key file."""
    if run_id is None:
        specs = [ws.connections.spec_by_uid(uid) for uid in model_uids]
        uids = {spec.connection_uid for spec in specs if spec is not None}
    else:
        columns = ws.runs.plan(run_id).columns
        wanted = range(len(columns)) if jobs is None else {ws.runs.cell(job).column for job in jobs}
        uids = {columns[number].model.connection_uid for number in wanted}
    in_file = any(row.key_place == "file" for row in ws.connections.list() if row.uid in uids)
    return ws.connections.without_key(uid for uid in uids if uid), len(uids), in_file
