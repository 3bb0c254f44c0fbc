"""What every screen shares: news of a write reaches the screens, whichever threads wrote at the same time."""

from __future__ import annotations

import threading
from contextlib import suppress

from pytestqt.qtbot import QtBot

from tests.gui_window import session
from workbench.gui.app import Session
from workbench.values import Changes

__all__ = ["session"]


class _Meeting(list[Changes]):
    """A list in which two threads append before either goes on, if nothing keeps them apart."""

    def __init__(self) -> None:
        super().__init__()
        self.both = threading.Barrier(2)

    def append(self, item: Changes) -> None:
        super().append(item)
        with suppress(threading.BrokenBarrierError):
            self.both.wait(0.3)


def test_no_news_is_lost_where_two_threads_end_a_write_together(session: Session, qtbot: QtBot) -> None:
    heard: set[int] = set()
    context = session.context
    context.changed.connect(lambda changes: heard.update(changes.ids("case")))
    context._pending = _Meeting()
    writers = [threading.Thread(target=context._written, args=(Changes({"case": frozenset({id})}),)) for id in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    qtbot.waitUntil(lambda: heard == {1, 2})
    context._written(Changes({"case": frozenset({3})}))
    qtbot.waitUntil(lambda: 3 in heard)
