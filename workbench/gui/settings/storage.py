"""The rows about the workspace file: its size, its backups, where things lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from workbench.gui.context import Context
from workbench.gui.key_file_dialog import PassphraseDialog
from workbench.gui.settings.row import Row
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.dialog import ask
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.words import counted, day
from workbench.values import Changes


def size_words(size: int) -> str:
    """`812 kB`, `4.2 MB`, `1.3 GB`."""
    for unit, step in (("GB", 1_000_000_000), ("MB", 1_000_000)):
        if size >= step:
            return f"{size / step:.1f} {unit}" if size < 100 * step else f"{size / step:.0f} {unit}"
    return f"{max(1, round(size / 1000))} kB"


class StorageRows:
    """The file and its backups, measured off the Qt thread."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._size = label("", "body", "text", 600)
        self._path = Path(context.ws.path)
        team = button("Open a team's workspace", size="small", on=lambda: context.action("file.server").trigger())
        if context.ws.on_server:
            self.file = Row(
                context.ws.name,
                "Prompts, answers, ratings: all of it lies in this database.",
                [team],
                f"{context.ws.path}. Others see what you save as soon as you save it. Drafts are each person's own.",
            )
        else:
            self.file = Row(
                self._path.name,
                "Prompts, answers, ratings: all of it is this one file.",
                [self._size, button("Show the folder", size="small", on=self._show_folder), team],
                f"It lies in {self._path.parent}. Close the window before you copy it by hand; a backup needs no closing.",
            )
        self._made = ElidedLabel("", "small", "text3")
        back_up = button("Back up now", size="small", on=self.back_up)
        back_up.setEnabled(not context.ws.read_only)
        if context.ws.on_server:
            back_up.setEnabled(False)
            self.backups = Row(
                "A copy of now",
                "The server's own backups keep this workspace.",
                [back_up],
                "Ask who looks after the server how often it is backed up. Export the library to have it as files.",
            )
        else:
            self.backups = Row(
                "A copy of now",
                "One is made each day by itself.",
                [back_up, self._made],
                "A copy that can be opened like any workspace. It is complete even while a run writes.",
            )
        self._keys = label("", "body", wrap=True)
        self._make = button("Keep keys in a file", size="small", on=lambda: self._passphrase(new=True))
        self._open = button("Enter the passphrase", size="small", on=lambda: self._passphrase(new=False))
        self._remove = button("Remove the key file", size="small", on=self._ask_to_remove)
        buttons = (self._make, self._open, self._remove)
        for each in buttons:
            each.hide()
        self.keys = Row(
            "Keys of connections",
            "Never in this file, never in an export.",
            [self._keys, *buttons],
            "The provider's variable in the environment comes first, then the system keychain, then a key file with a passphrase.",
        )

        self._folder = ElidedLabel("", "body")
        self._choose = button("Choose...", size="small", on=context.action("folder.choose").trigger)
        self._now = button("Now", "refresh-cw", size="small", on=context.action("folder.sync").trigger)
        self._forget = button("Stop", size="small", on=self._ask_to_forget)
        self._choose.setEnabled(not context.ws.read_only)
        self.folder = Row(
            "Library folder",
            "The library as small text files.",
            [self._folder, self._choose, self._now, self._forget],
            "For git, a shared drive or any editor. Changes go both ways; where both sides changed the same prompt you choose.",
        )
        context.in_step.changed.connect(self._show_library_folder)
        self._show_library_folder()

    def _show_library_folder(self) -> None:
        state = self._context.in_step
        self._folder.setText(state.sentence() if state.folder else "None")
        self._folder.setToolTip(state.folder)
        self._now.setVisible(bool(state.folder))
        self._forget.setVisible(bool(state.folder))

    def _ask_to_forget(self) -> None:
        state = self._context.in_step
        text = f"The files in {state.folder} and the library here both stay as they are. They are only no longer kept in step."
        ask(self.folder, "Stop keeping in step", text, "Stop", lambda: state.use(""), danger=False)

    def measure(self) -> None:
        """Read sizes and dates again."""
        bridge, workspace = self._context.bridge, self._context.ws
        if not workspace.on_server:
            bridge.read(_measured, workspace, then=self._show, owner=self.file, key="settings.size")
        keys = workspace.keys
        looked = lambda: (keys.place(), keys.offers_file(), keys.file.state())  # noqa: E731
        bridge.read(looked, then=self._show_keys, owner=self.file, key="settings.keys")

    def _show_keys(self, found: tuple[str, bool, str]) -> None:
        place, offers_file, state = found
        self._keys.setText(place)
        self._make.setVisible(offers_file)
        self._open.setVisible(state == "locked")
        self._remove.setVisible(state != "absent")

    def _passphrase(self, *, new: bool) -> None:
        PassphraseDialog(self._context, self.keys, self._keys_changed, new=new).open()

    def _ask_to_remove(self) -> None:
        keys = self._context.ws.keys
        text = f"The keys in {keys.file.path} are then gone from this computer. Connections stay; enter their keys again to use them."

        def remove() -> None:
            self._context.bridge.call(keys.file.remove, then=lambda _none: self._keys_changed(), owner=self.file)

        ask(self.keys, "Remove the key file", text, "Remove it", remove)

    def _keys_changed(self) -> None:
        self.measure()
        self._context.changed.emit(Changes({"connection": frozenset()}))  # cards and status bar say where keys are

    def back_up(self) -> None:
        """Make a copy now and say so."""
        self._context.bridge.call(self._context.ws.back_up, then=self._made_one, owner=self.file)

    def _made_one(self, backup: Any) -> None:
        self._context.notice(f"Backed up to {backup.path.name}.", "Show the folder", lambda: _open(backup.path.parent))
        self.measure()

    def _show(self, measured: tuple[int, list[Any]]) -> None:
        size, copies = measured
        self._size.setText(size_words(size))
        if copies:
            total = sum(copy.size for copy in copies)
            self._made.setText(f"{counted(len(copies), 'copy', 'copies')}, {size_words(total)}, last {day(copies[0].at)}")
        else:
            self._made.setText("No copy yet")

    def _show_folder(self) -> None:
        _open(self._path.parent)


def _open(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _measured(workspace: Any) -> tuple[int, list[Any]]:
    path = Path(workspace.path)
    files = [path, path.with_name(path.name + "-wal")]
    return sum(file.stat().st_size for file in files if file.exists()), workspace.backups()
