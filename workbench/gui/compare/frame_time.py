"""How long one frame may take for what is seen for the first time: the rest of it follows in the next frames."""

from __future__ import annotations

import time

MORE = 3
"""So many times as much where nothing moves: what was opened fills up soon, and keys still come between."""


class FrameTime:
    """A share of each hurried frame: while the grid is scrolled, and as long as the ground of cells is seen that are still to be made.
    What is jumped to fills up within a few frames, and no frame is late. Measured is the work of the window's own thread: by the clock a
    frame would make little where other programs take the processors."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._hurried, self._room, self._until = False, seconds, 0.0
        self.is_behind = False
        """True while the ground of something is seen that is still to be painted."""

    def begin(self, *, hurried: bool) -> None:
        """A frame begins. A hurried one has little time, but enough for one picture at least."""
        self._room = self.seconds if hurried else MORE * self.seconds
        self._hurried, self._until, self.is_behind = hurried or self.is_behind, 0.0, False

    def leave(self) -> None:
        """Something is on its way, or left for a later frame: that one is hurried too."""
        self.is_behind = True

    def may_make(self) -> bool:
        """True while this frame has time to make one more picture."""
        now = time.thread_time()
        if not self._until:
            self._until = now + self._room
            return True
        if self._hurried and now > self._until:
            self.leave()
            return False
        return True
