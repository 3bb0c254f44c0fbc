"""Undo and redo of what was done to a dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, and how to take it back and do it again."""

    text: str
    undo: Callable[[], object]
    redo: Callable[[], object]


class History:
    """Steps of one dataset, newest last."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def add(self, text: str, undo: Callable[[], object], redo: Callable[[], object]) -> None:
        """Remember a step that was just done."""
        self._done.append(Step(text, undo, redo))
        del self._done[:-_LONGEST]
        self._undone.clear()

    def forget(self, text: str) -> None:
        """Forget the last step if it has this name: it came to nothing."""
        if self._done and self._done[-1].text == text:
            self._done.pop()

    def undo(self) -> str:
        """Take the last step back; the answer says which one, empty if there is none."""
        return self._move(self._done, self._undone, "undo")

    def redo(self) -> str:
        """Do the step again that was taken back last."""
        return self._move(self._undone, self._done, "redo")

    def clear(self) -> None:
        """Forget all steps: another dataset is shown."""
        self._done.clear()
        self._undone.clear()

    @staticmethod
    def _move(source: list[Step], target: list[Step], what: str) -> str:
        if not source:
            return ""
        step = source.pop()
        target.append(step)
        (step.undo if what == "undo" else step.redo)()
        return step.text
