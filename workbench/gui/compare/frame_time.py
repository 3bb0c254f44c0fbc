"""How long one frame may take for what is seen for the first time: the rest of it follows in the next frames."""

from __future__ import annotations

import time


class FrameTime:
    """A share of each hurried frame: while the grid is scrolled, and as long as the ground of cells is seen that are still to be made.
    What is jumped to fills up within a few frames, and no frame is late."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._hurried, self._until = False, 0.0
        self.is_behind = False
        """True while the ground of something is seen that is still to be painted."""

    def begin(self, *, hurried: bool) -> None:
        """A frame begins. A hurried one has little time, but enough for one picture at least."""
        self._hurried, self._until, self.is_behind = hurried or self.is_behind, 0.0, False

    def leave(self) -> None:
        """Something is on its way, or left for a later frame: that one is hurried too."""
        self.is_behind = True

    def may_make(self) -> bool:
        """True while this frame has time to make one more picture."""
        now = time.perf_counter()
        if not self._until:
            self._until = now + self.seconds
            return True
        if self._hurried and now > self._until:
            self.leave()
            return False
        return True
