"""The notice of answers that cannot be saved while runs go on: it stays as long as that is so, on whatever screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject

from workbench.gui.context import Context
from workbench.gui.widgets.notice import Notice


class UnsavedNotice(QObject):
    """One for a window."""

    def __init__(self, context: Context, notice: Notice) -> None:
        super().__init__(notice)
        self._notice = notice
        self._said: dict[int, str] = {}
        """What is said of each run of which answers wait to be saved."""
        context.bridge.run_events.connect(self._events)
        context.bridge.run_ended.connect(lambda run_id, _error: self._over(run_id))

    def _events(self, run_id: int, events: Sequence[Any]) -> None:
        from workbench.workspace import Saved, Unsaved  # loaded already: events come from it

        for event in events:
            if isinstance(event, Unsaved):
                self._said[run_id] = str(event)
                self._notice.fail(str(event))
            elif isinstance(event, Saved) and self._over(run_id):
                self._notice.say(str(event))

    def _over(self, run_id: int) -> bool:
        """Take back what is said of a run. True if it was to be seen and nothing else waits."""
        said = self._said.pop(run_id, None)
        if said is None or not self._notice.take_back(said):
            return False
        for other in self._said.values():
            self._notice.fail(other)
        return not self._said
