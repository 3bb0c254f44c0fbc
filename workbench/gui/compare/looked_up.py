"""What is worked out off the Qt thread for the cells that are painted: asked for in small batches, kept by key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from workbench.gui.context import Context

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
MOST_AT_ONCE = 40
"""Cells in one batch: about a screen of them."""


class LookedUp(QObject, Generic[K, V]):
    """One batch is under way at a time. What was looked at last comes first; what was only scrolled past is asked for when seen again."""

    came = Signal()

    def __init__(self, context: Context, work: Callable[[list[K]], Mapping[K, V]], parent: QObject, kept: int = 3000) -> None:
        super().__init__(parent)
        self._context, self._work, self._kept = context, work, kept
        self._found: OrderedDict[K, V] = OrderedDict()
        self._wanted: OrderedDict[K, None] = OrderedDict()
        self._asked: frozenset[K] = frozenset()
        self._serial = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._ask)

    def of(self, key: K) -> V | None:
        """What is known of a key; None while it is being worked out."""
        found = self._found.get(key)
        if found is None and key not in self._asked:
            self._wanted[key] = None
            self._wanted.move_to_end(key)
            if not self._asked and not self._timer.isActive():
                self._timer.start()
        return found

    def drop(self, keys: Callable[[K], bool]) -> None:
        """Forget what is known of some keys."""
        for key in [key for key in self._found if keys(key)]:
            del self._found[key]

    def clear(self) -> None:
        """Forget all, also what is on its way."""
        self._serial += 1
        self._found.clear()
        self._wanted.clear()
        self._asked = frozenset()

    def _ask(self) -> None:
        wanted = [self._wanted.popitem()[0] for _ in range(min(MOST_AT_ONCE, len(self._wanted)))]
        self._wanted.clear()
        if not wanted or self._context.workspace is None:
            return
        self._asked, serial = frozenset(wanted), self._serial

        def put(found: Mapping[K, V]) -> None:
            if serial == self._serial:
                self._asked = frozenset()
                self._found.update(found)
                while len(self._found) > self._kept:
                    self._found.popitem(last=False)
                self.came.emit()

        def failed(_error: BaseException) -> None:
            if serial == self._serial:
                self._asked = frozenset()

        self._context.bridge.read(self._work, wanted, then=put, failed=failed, owner=self)
