"""What one rendering may use: time, memory, and the size of any one value.

A template cannot be stopped from outside while it is inside one long C call, so no call may become long: every place where
a template can make something bigger (operators, filters, methods, literals, loops) asks here first.

Three bounds together give the promise of 2 seconds and 100 MB:

- the clock is read at every step (a turn of a loop, a call, an operator, a filter, an attribute);
- `weight` is the size of a value *written out in full*, so that a list of a thousand references to one long text, or lists
  nested into each other, count as what they would become; no value may weigh more than `VALUE_BYTES`;
- everything that is made counts against `ROOM_BYTES`, whether it is kept or not.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any

SECONDS = 1.0
VALUE_BYTES = 8_000_000
ROOM_BYTES = 32_000_000
ITEMS = 100_000
MACRO_DEPTH = 60

_getsizeof = sys.getsizeof
_SCALARS = frozenset({int, float, bool, type(None)})


class OverBudget(Exception):
    """A template that wants more than it may have. `str()` is a sentence for the user."""


class Budget:
    """The means of one rendering, and the variables that were found missing on the way."""

    __slots__ = ("deadline", "depth", "in_preview", "missing", "room")

    def __init__(self, *, in_preview: bool = False) -> None:
        self.deadline = perf_counter() + SECONDS
        self.room = ROOM_BYTES
        self.depth = 0
        self.in_preview = in_preview
        self.missing: dict[str, None] = {}

    def step(self) -> None:
        """Spend one step. Raises OverBudget when the time is up."""
        if perf_counter() > self.deadline:
            raise OverBudget("The template does not come to an end: it was stopped after 1 second.")

    def take(self, size: int) -> None:
        """Spend memory. Raises OverBudget when it is used up."""
        self.room -= size
        if self.room < 0:
            raise OverBudget("The template builds more text than a prompt can hold, so it was stopped.")

    def fits(self, size: int) -> None:
        """Raises OverBudget if a value of this many bytes would be too big. Asked before it is made."""
        if size > VALUE_BYTES or size > self.room:
            raise OverBudget("The template builds more text than a prompt can hold, so it was stopped.")

    def weigh(self, value: Any) -> int:
        """Bytes of a value written out in full. Raises OverBudget as soon as it is too much."""
        kind = type(value)
        if kind is str or kind in _SCALARS:
            return _getsizeof(value)
        return self._weigh_deep(value)

    def _weigh_deep(self, value: Any) -> int:
        total = 0
        open_ends = [iter((value,))]
        while open_ends:
            for item in open_ends[-1]:
                total += _getsizeof(item) if not isinstance(item, range) else 32 * len(item)
                inner = _inside(item)
                if total > VALUE_BYTES:
                    self.fits(total)
                if inner is not None:
                    open_ends.append(inner)
                    break
            else:
                open_ends.pop()
        return total

    def made(self, value: Any, item_bytes: int = 72) -> Any:
        """The same value, counted; a lazy one comes back as one that counts its steps."""
        kind = type(value)
        if kind is str:
            size = _getsizeof(value)
            self.fits(size)
            self.take(size)
        elif kind in (list, tuple, dict):
            self._weigh_deep(value)
            self.take(64 + item_bytes * len(value))
        elif kind not in _SCALARS and isinstance(value, Iterator):
            return self.each(value)
        return value

    def each(self, value: Iterable[Any]) -> Iterator[Any]:
        """The items of a value, one step each."""
        for item in value:
            self.step()
            yield item


def _inside(item: Any) -> Iterator[Any] | None:
    if isinstance(item, dict):
        return iter([*item.keys(), *item.values()])
    if isinstance(item, (list, tuple, set, frozenset)):
        return iter(item)
    attributes = getattr(item, "_Namespace__attrs", None)  # jinja2's namespace() prints what it holds
    return iter(list(attributes.values())) if isinstance(attributes, dict) else None


class _Active(threading.local):
    budget: Budget | None = None


_active = _Active()


def current() -> Budget:
    """The budget of the rendering that runs in this thread."""
    budget = _active.budget
    if budget is None:
        raise OverBudget("A template was used outside of a rendering.")
    return budget


def activate(budget: Budget | None) -> Budget | None:
    """Make this the thread's budget; the one before it comes back."""
    before, _active.budget = _active.budget, budget
    return before
