"""How many calls at once are borne: "additive increase, multiplicative decrease", with more and more patience where the limit was met."""

from __future__ import annotations

import math
from collections import deque

_SLOWER = 0.7
"""As CUBIC (RFC 9438) does: single refusals that say little about the limit cost less than by halving."""
_SLOWEST = 0.25
"""Where nearly all calls that were under way are refused: they say a lot, but perhaps only of one bad moment."""
_PATIENCE = 2.0
"""Times as many answers as before until one more is tried, where that was too much: each try costs a refusal and its wait."""
_MOST_PATIENT = 16.0
_REMEMBERED = 16
"""Calls that tell whether so many at once are borne."""

Begun = tuple[int, int, int]
"""What a window has seen when a call begins: how often it was narrowed, how many answers, how many calls are in flight with it."""


class Window:
    """Calls at once: as many as the user allows at first, fewer when the provider asks to slow down, one more for each windowful of
    answers."""

    __slots__ = ("_answers", "_fewest", "_most_held", "_outcomes", "_patience", "_refused_at", "_slowed", "held", "in_flight", "size")

    def __init__(self, size: float) -> None:
        self.size = size
        self.in_flight = 0
        self.held = 0
        """Calls in flight, and those that wait because they were told to slow down."""
        self._most_held = 0
        """Of those the most at once since the window was last narrowed: what was not used proves nothing."""
        self._answers = self._slowed = 0
        self._outcomes: deque[tuple[int, bool]] = deque(maxlen=_REMEMBERED)
        """Of the last calls: how many were in flight when it began, and whether it was answered."""
        self._fewest = 1.0
        """To which the calls that were under way when it was last narrowed may narrow it further."""
        self._refused_at = math.inf
        """Calls at once of which one was too much the last time."""
        self._patience = 1.0

    def has_room(self, *, again: bool) -> bool:
        """True if one more call may go. `again`: it counts among those held already."""
        calls = self.in_flight if again else self.held
        return calls < 1 or calls + 1 <= self.size

    def begin(self) -> Begun:
        """A call goes out; the answer is to be given to the verb that tells how it ended."""
        self.in_flight += 1
        self._most_held = max(self._most_held, self.held)
        return self._slowed, self._answers, self.in_flight

    def end(self) -> None:
        """The call is over, however it ended."""
        self.in_flight -= 1

    def answered(self, begun: Begun, most: float) -> None:
        """An answer came: a little more is tried."""
        self._answers += 1
        self._outcomes.append((begun[2], True))
        step = 1 / max(1.0, self.size)
        if self.size + 1 >= self._refused_at:
            step /= self._patience
        self.size = min(most, self.size + step)
        if self.size >= self._refused_at + 1:  # so many calls at once were answered in the meantime
            self._refused_at, self._patience = math.inf, 1.0

    def refused(self, begun: Begun) -> bool:
        """The provider asked to slow down. True if that seems to be for the calls in flight: of those that began beside as many lately,
        two of three were refused."""
        self._outcomes.append((begun[2], False))
        alike = [answered for level, answered in self._outcomes if level >= begun[2]]
        return 2 * alike.count(True) <= alike.count(False)

    def slow_down(self, begun: Begun) -> None:
        """Try fewer, after a refusal.

        Calls that were under way together narrow the window once, and further only as far as they show what is borne: no more calls than
        are still in flight when one is refused, and those that were answered while it was.
        """
        slowed, answers, _ = begun
        if slowed == self._slowed:
            level = min(self.size, float(self._most_held))
            self._patience = min(_MOST_PATIENT, self._patience * _PATIENCE) if int(level) == self._refused_at else _PATIENCE
            self._refused_at = float(int(level))
            self.size = max(1.0, level * _SLOWER)
            self._fewest = max(1.0, level * _SLOWEST)
            self._most_held = self.held
            self._slowed += 1
        if slowed >= self._slowed - 1:
            self.size = max(self._fewest, min(self.size, float(self.in_flight + self._answers - answers)))
