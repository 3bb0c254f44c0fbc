"""What an import could not carry over: reported line by line, never dropped in silence."""

from __future__ import annotations

from workbench.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class NotCarried:
    """One thing of a foreign file that has no place here, and why."""

    path: str
    what: str
    why: str

    def to_json(self) -> dict[str, str]:
        """The entry of `not_carried` in the command line's contract."""
        return {"path": self.path, "what": self.what, "why": self.why}


class Notes:
    """Collects what one file could not bring along. The same thing twice is one note."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._found: dict[tuple[str, str], None] = {}

    def add(self, what: str, why: str) -> None:
        """Keep a note: what it is, and why it is not here."""
        self._found[(what, why)] = None

    def leftover(self, item: dict[str, object], known: set[str], where: str) -> None:
        """A note for each key of a mapping that nothing here reads."""
        for key in item:
            if key not in known:
                self.add(f"{where}: {key}", "nothing here does this yet")

    def all(self) -> tuple[NotCarried, ...]:
        """The notes in the order in which they came."""
        return tuple(NotCarried(self.path, what, why) for what, why in self._found)
