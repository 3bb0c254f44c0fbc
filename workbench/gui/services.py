"""What the window offers everywhere and needs only after the first paint: palette, key sheet, opening files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.gui.context import Context

if TYPE_CHECKING:
    from workbench.gui.app import Session
    from workbench.gui.window import Window


class WindowServices(QObject):
    """Connects the actions of the table that belong to no screen."""

    def __init__(self, context: Context, window: Window, session: Session) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        verbs = {
            "go.palette": self.palette,
            "help.keys": self.key_sheet,
            "file.open": session.open_other,
            "file.new": session.open_new,
            "file.retry": lambda: session.open(session.path),
            "file.backup": self.back_up,
            "connection.new": lambda: context.go("models", connect=""),
            "file.import": lambda: context.go("datasets" if window.place == "datasets" else "library", start="import"),
            "file.export": lambda: context.go("compare" if window.place == "compare" else "library", start="export"),
            "compare.new": lambda: context.go("compare", new=True),
            "library.new": lambda: context.go("library", start="new"),
            "dataset.new": lambda: context.go("datasets", start="new"),
        }
        for id, verb in verbs.items():
            context.action(id).triggered.connect(lambda _checked=False, verb=verb: verb())
        window.top.search.connect(self.palette)

    def palette(self) -> None:
        """Open the palette."""
        from workbench.gui.palette.dialog import Palette  # first used here

        Palette(self._context, self._window).open()

    def key_sheet(self) -> None:
        """Show the keys of this screen."""
        from workbench.gui.keys_sheet import KeySheet  # first used here

        KeySheet(self._context, self._window, self._window.place).open()

    def back_up(self) -> None:
        """Make a backup of the workspace file now."""
        workspace = self._context.workspace
        if workspace is not None:
            self._context.bridge.call(workspace.back_up, then=lambda path: self._context.notice(f"Backed up to {path}."))
