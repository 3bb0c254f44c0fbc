"""How far a long verb is, told to whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

Progress = Callable[[float, float], object]
"""Told how much is done of how much (0 of 0 while nobody knows), on the thread that works. It may raise `Stopped`: the verb ends."""

_EVERY = 500


def part_of(tell: Progress | None, place: int, of: int) -> Progress | None:
    """What a verb tells that is one of several: the one at this place, from 0 on."""
    if tell is None:
        return None

    def tell_part(done: float, total: float) -> None:
        tell(place + (done / total if total else 0), of)

    return tell_part


class Steps:
    """Counts the steps of a verb. Without anybody to tell it costs next to nothing."""

    def __init__(self, tell: Progress | None, total: float = 0) -> None:
        self._tell, self.total, self._done = tell, total, 0.0

    def step(self, by: float = 1) -> None:
        """So much more is done."""
        self._done += by
        self.say()

    def say(self, part: float = 0) -> None:
        """Tell how far it is, with a part of the step that is going on. Raises Stopped where the user wants no more."""
        if self._tell is not None:
            self._tell(self._done + part if self.total else 0, self.total)

    def within(self, items: Iterable[T], expected: int) -> Iterator[T]:
        """The items of one step, telling now and then which part of it they are."""
        for number, item in enumerate(items):
            if number % _EVERY == 0:
                self.say(min(1.0, number / expected) if expected else 0)
            yield item
