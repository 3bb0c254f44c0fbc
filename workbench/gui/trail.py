"""Back and forward between the places a user has been."""

from __future__ import annotations

from typing import Any

LONGEST = 60


class Trail:
    """A list of places with the one shown now, like a browser's."""

    def __init__(self) -> None:
        self._places: list[tuple[str, dict[str, Any]]] = []
        self._at = -1

    def add(self, place: str, at: dict[str, Any]) -> None:
        """Go to a new place: what lay forward is gone. The same place again is one entry."""
        if self._at >= 0 and self._places[self._at] == (place, at):
            return
        del self._places[self._at + 1 :]
        self._places.append((place, at))
        del self._places[:-LONGEST]
        self._at = len(self._places) - 1

    def update(self, at: dict[str, Any]) -> None:
        """The place shown now has moved within its screen."""
        if self._at >= 0 and at:
            self._places[self._at] = (self._places[self._at][0], at)

    def back(self) -> tuple[str, dict[str, Any]] | None:
        """The place before, or None."""
        if self._at <= 0:
            return None
        self._at -= 1
        return self._places[self._at]

    def forward(self) -> tuple[str, dict[str, Any]] | None:
        """The place after, or None."""
        if self._at + 1 >= len(self._places):
            return None
        self._at += 1
        return self._places[self._at]
