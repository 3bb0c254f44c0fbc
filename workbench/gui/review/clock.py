"""How long somebody really looked: time in which the screen was hidden or the session paused does not count."""

from __future__ import annotations

from time import monotonic


class Clock:
    """Runs and stands still; two counts of it are taken apart: of the session, and of the item that is shown."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._untold = 0.0
        self._item = 0.0

    @property
    def runs(self) -> bool:
        """True while time counts."""
        return self._since is not None

    def go(self) -> None:
        """Count from now on."""
        if self._since is None:
            self._since = monotonic()

    def stand(self) -> None:
        """Count no longer."""
        self._gather()
        self._since = None

    def next_item(self) -> None:
        """Another item is shown."""
        self._gather()
        self._item = 0.0

    def on_item(self) -> float:
        """Seconds spent with the item that is shown."""
        self._gather()
        return self._item

    def untold(self) -> float:
        """Seconds that passed since they were asked for last."""
        self._gather()
        told, self._untold = self._untold, 0.0
        return told

    def _gather(self) -> None:
        if self._since is not None:
            now = monotonic()
            self._untold += now - self._since
            self._item += now - self._since
            self._since = now
